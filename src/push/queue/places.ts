export interface PlacesOptions {
  readonly max: number
  /** Of them, for one owner. */
  readonly maxPerOwner: number
}

/**
 * Bounds how many requests are under way at a time to push services that strangers name, and how many of those for one
 * user: each is a socket, and may hang until its deadline. Who finds no place is woken when there is one, owners in turns.
 */
export class Places {
  readonly #options: PlacesOptions
  readonly #taken = new Map<string, number>()
  /** By owner, those whose turn was longest ago first. */
  readonly #waiting = new Map<string, Set<() => void>>()
  #count = 0

  constructor(options: PlacesOptions) {
    this.#options = options
  }

  /**
   * What is answered gives the place back, and is to be called once. Undefined: there is none for that owner. `wake` is
   * called once when there is one, and may leave it to others.
   */
  enter(owner: string, wake: () => void): (() => void) | undefined {
    if (!this.#hasRoomFor(owner)) {
      const waiting = this.#waiting.get(owner)
      if (waiting === undefined) this.#waiting.set(owner, new Set([wake]))
      else waiting.add(wake)
      return undefined
    }
    this.#count++
    this.#taken.set(owner, this.#takenBy(owner) + 1)
    return () => this.#leave(owner)
  }

  #takenBy(owner: string): number {
    return this.#taken.get(owner) ?? 0
  }

  #hasRoomFor(owner: string): boolean {
    const { max, maxPerOwner } = this.#options
    return this.#count < max && this.#takenBy(owner) < maxPerOwner
  }

  #leave(owner: string): void {
    this.#count--
    const left = this.#takenBy(owner) - 1
    if (left === 0) this.#taken.delete(owner)
    else this.#taken.set(owner, left)
    // Whoever is woken enters, or waits no more: so it ends.
    for (const [next, waiting] of this.#waiting) {
      if (this.#count >= this.#options.max) return
      if (this.#hasRoomFor(next)) this.#wakeOne(next, waiting)
    }
  }

  #wakeOne(owner: string, waiting: Set<() => void>): void {
    const [wake] = waiting
    waiting.delete(wake!)
    // To the end: the others are next.
    this.#waiting.delete(owner)
    if (waiting.size > 0) this.#waiting.set(owner, waiting)
    wake!()
  }
}
