export interface KeyedPlacesOptions {
  readonly max: number
  /** Of them, for one key. */
  readonly maxPerKey: number
}

/** Bounds how many are inside at a time, and how many of those under one key. */
export class KeyedPlaces {
  readonly #options: KeyedPlacesOptions
  readonly #taken = new Map<string, number>()
  #count = 0

  constructor(options: KeyedPlacesOptions) {
    this.#options = options
  }

  /** `undefined`: no place is left. What is answered gives the place back, and is to be called once. */
  enter(key: string): (() => void) | undefined {
    const { max, maxPerKey } = this.#options
    const before = this.#taken.get(key) ?? 0
    if (this.#count >= max || before >= maxPerKey) return undefined
    this.#count++
    this.#taken.set(key, before + 1)
    return () => this.#leave(key)
  }

  #leave(key: string): void {
    this.#count--
    const left = (this.#taken.get(key) ?? 1) - 1
    if (left === 0) this.#taken.delete(key)
    else this.#taken.set(key, left)
  }
}
