import { KeyedPlaces, type KeyedPlacesOptions } from '#kit'

/**
 * Bounds how many requests are under way at a time to push services that strangers name, and how many of those for one
 * user: each is a socket, and may hang until its deadline. Who finds no place is woken when there is one, owners in turns.
 */
export class Places {
  readonly #places: KeyedPlaces
  /** By owner, those whose turn was longest ago first. */
  readonly #waiting = new Map<string, Set<() => void>>()

  /** By owner. */
  constructor(options: KeyedPlacesOptions) {
    this.#places = new KeyedPlaces(options)
  }

  /**
   * What is answered gives the place back, and is to be called once. Undefined: there is none for that owner. `wake` is
   * called once when there is one, and may leave it to others.
   */
  enter(owner: string, wake: () => void): (() => void) | undefined {
    const leave = this.#places.enter(owner)
    if (leave === undefined) {
      const waiting = this.#waiting.get(owner)
      if (waiting === undefined) this.#waiting.set(owner, new Set([wake]))
      else waiting.add(wake)
      return undefined
    }
    return () => {
      leave()
      this.#wakeOthers()
    }
  }

  #wakeOthers(): void {
    // Whoever is woken enters, or waits no more: so it ends.
    for (const [next, waiting] of this.#waiting) {
      if (this.#places.isFull) return
      if (this.#places.hasRoomFor(next)) this.#wakeOne(next, waiting)
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
