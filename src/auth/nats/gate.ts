export interface GateOptions {
  readonly maxPassing: number
  /** How many may wait, and what those are told who come on top; no bound unless it is given. */
  readonly waiting?: { readonly max: number; readonly refusal: string }
}

/** Lets only so much go on at a time. What waits comes in the order in which it arrived. */
export class Gate {
  readonly #options: GateOptions
  readonly #waiting: (() => void)[] = []
  #passing = 0

  constructor(options: GateOptions) {
    this.#options = options
  }

  /** Rejects when too much waits already. */
  async pass<T>(work: () => Promise<T>): Promise<T> {
    const { maxPassing, waiting } = this.#options
    if (this.#passing < maxPassing) {
      this.#passing++
    } else {
      if (waiting !== undefined && this.#waiting.length >= waiting.max) throw new Error(waiting.refusal)
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#waiting.push(resolve)
      await promise
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
