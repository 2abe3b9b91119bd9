import { DEADLINE_MS, within } from './wait.ts'

interface Waiting<T> {
  readonly isWanted: (item: T) => boolean
  readonly take: (item: T) => void
}

/** What comes one by one, in its order: each can be waited for, and is taken once. */
export class Arrivals<T> {
  readonly #what: string
  readonly #all: T[] = []
  readonly #timesMs: number[] = []
  #untaken: T[] = []
  readonly #waiting = new Set<Waiting<T>>()

  /** `what` names one of them, for the message when none comes: `a request`. */
  constructor(what: string) {
    this.#what = what
  }

  /** All that have come, those that were taken included. */
  get all(): readonly T[] {
    return this.#all
  }

  /** When each of `all` came. Milliseconds since the Unix epoch. */
  get timesMs(): readonly number[] {
    return this.#timesMs
  }

  /** Those that nobody has taken. */
  get untaken(): readonly T[] {
    return this.#untaken
  }

  add(item: T): void {
    this.#all.push(item)
    this.#timesMs.push(Date.now())
    for (const waiting of this.#waiting) {
      if (!waiting.isWanted(item)) continue
      this.#waiting.delete(waiting)
      waiting.take(item)
      return
    }
    this.#untaken.push(item)
  }

  /** The first that nobody has taken, waited for if need be. Rejects when none comes within `deadlineMs`. */
  next(deadlineMs = DEADLINE_MS): Promise<T> {
    return this.matching(() => true, this.#what, deadlineMs)
  }

  /** The first of the untaken that `isWanted`; those before it stay. `what` completes "Waited … for". */
  async matching(isWanted: (item: T) => boolean, what = this.#what, deadlineMs = DEADLINE_MS): Promise<T> {
    const index = this.#untaken.findIndex(isWanted)
    if (index >= 0) return this.#untaken.splice(index, 1)[0]!
    const { promise, resolve } = Promise.withResolvers<T>()
    const waiting = { isWanted, take: resolve }
    this.#waiting.add(waiting)
    return within(promise, what, deadlineMs).finally(() => this.#waiting.delete(waiting))
  }

  /** Hands over all that nobody has taken. */
  takeAll(): T[] {
    const taken = this.#untaken
    this.#untaken = []
    return taken
  }
}
