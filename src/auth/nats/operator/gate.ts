/** Fetches at a time, and those that may wait for them. */
const MAX_PASSING = 32
const MAX_WAITING = 4_096

/** Lets only so much go on at a time: who shows a JWT of an account of its own making causes a fetch, too. */
export class Gate {
  readonly #waiting: (() => void)[] = []
  #passing = 0

  /** Rejects when too much waits already. */
  async pass<T>(work: () => Promise<T>): Promise<T> {
    if (this.#passing >= MAX_PASSING) {
      if (this.#waiting.length >= MAX_WAITING) throw new Error('too many accounts are being fetched')
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#waiting.push(resolve)
      await promise
    } else {
      this.#passing++
    }
    try {
      return await work()
    } finally {
      // The place goes on to who is next.
      const next = this.#waiting.shift()
      if (next === undefined) this.#passing--
      else next()
    }
  }
}
