/**
 * A bounded map that forgets what was set longest ago, half of it at a time: a `Map` that loses its first entry again and
 * again has to step over the gaps of all that were first before, which grows with its size.
 */
export class Generations<Value> {
  readonly #maxPerGeneration: number
  #recent = new Map<string, Value>()
  #older = new Map<string, Value>()

  /** Of the entries at least so many are kept, and at most twice as many. */
  constructor(maxPerGeneration: number) {
    this.#maxPerGeneration = maxPerGeneration
  }

  get size(): number {
    return this.#recent.size + this.#older.size
  }

  get(key: string): Value | undefined {
    return this.#recent.get(key) ?? this.#older.get(key)
  }

  /** From now on among the most recent, whether it was there before or not. */
  set(key: string, value: Value): void {
    this.delete(key)
    if (this.#recent.size >= this.#maxPerGeneration) {
      this.#older = this.#recent
      this.#recent = new Map()
    }
    this.#recent.set(key, value)
  }

  delete(key: string): void {
    if (!this.#recent.delete(key)) this.#older.delete(key)
  }

  clear(): void {
    this.#recent.clear()
    this.#older.clear()
  }

  /** Entries may be deleted meanwhile. */
  *[Symbol.iterator](): IterableIterator<[string, Value]> {
    yield* this.#older
    yield* this.#recent
  }
}
