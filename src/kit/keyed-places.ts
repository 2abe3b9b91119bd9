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

  get isFull(): boolean {
    return this.#count >= this.#options.max
  }

  hasRoomFor(key: string): boolean {
    return !this.isFull && (this.#taken.get(key) ?? 0) < this.#options.maxPerKey
  }

  /** `undefined`: no place is left. What is answered gives the place back, and is to be called once. */
  enter(key: string): (() => void) | undefined {
    if (!this.hasRoomFor(key)) return undefined
    this.#count++
    this.#taken.set(key, (this.#taken.get(key) ?? 0) + 1)
    return () => this.#leave(key)
  }

  #leave(key: string): void {
    this.#count--
    const left = (this.#taken.get(key) ?? 1) - 1
    if (left === 0) this.#taken.delete(key)
    else this.#taken.set(key, left)
  }
}
