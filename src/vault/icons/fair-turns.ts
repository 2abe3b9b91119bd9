interface Waiting {
  readonly key: string
  readonly begin: () => void
}

/** Turns of which a few run at a time. Who waits under the key that has the fewest comes next. */
export class FairTurns {
  #free: number
  readonly #running = new Map<string, number>()
  readonly #waiting: Waiting[] = []

  constructor(atOnce: number) {
    this.#free = atOnce
  }

  /** Does `work` when it is its turn. */
  async run<T>(key: string, work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) {
      this.#free--
      this.#count(key, 1)
    } else {
      await new Promise<void>((begin) => this.#waiting.push({ key, begin }))
    }
    try {
      return await work()
    } finally {
      this.#end(key)
    }
  }

  #end(key: string): void {
    this.#count(key, -1)
    const next = this.#next()
    if (next === undefined) {
      this.#free++
      return
    }
    this.#count(next.key, 1)
    next.begin()
  }

  #next(): Waiting | undefined {
    let best: Waiting | undefined
    for (const one of this.#waiting) {
      if (best === undefined || this.#runningOf(one) < this.#runningOf(best)) best = one
    }
    if (best !== undefined) this.#waiting.splice(this.#waiting.indexOf(best), 1)
    return best
  }

  #runningOf = ({ key }: Waiting) => this.#running.get(key) ?? 0

  #count(key: string, change: number): void {
    const count = (this.#running.get(key) ?? 0) + change
    if (count === 0) this.#running.delete(key)
    else this.#running.set(key, count)
  }
}
