/**
 * What this page is writing. The hub tells a change before the request is answered that made it: told of its own device,
 * a page waits for its own answer, and sees then whether there is anything left to fetch. Another tab has the same name.
 */
export class Writes {
  readonly #underWay = new Map<string, number>()
  #waiting: { readonly isFree: () => boolean; readonly resolve: () => void }[] = []

  /** `places`: what it may change; `ALL` for much at once. */
  async run<T>(places: readonly string[], write: () => Promise<T>): Promise<T> {
    for (const place of places) this.#underWay.set(place, this.#count(place) + 1)
    try {
      return await write()
    } finally {
      for (const place of places) {
        if (this.#count(place) > 1) this.#underWay.set(place, this.#count(place) - 1)
        else this.#underWay.delete(place)
      }
      this.#release()
    }
  }

  /** Resolves when none of them is being written; undefined when none is now. */
  whenFree(places: readonly string[]): Promise<void> | undefined {
    const isFree = () => places.every((place) => !this.#underWay.has(place))
    if (isFree()) return undefined
    return new Promise((resolve) => void this.#waiting.push({ isFree, resolve }))
  }

  #release(): void {
    const free = this.#waiting.filter(({ isFree }) => isFree())
    this.#waiting = this.#waiting.filter((one) => !free.includes(one))
    for (const { resolve } of free) resolve()
  }

  #count(place: string): number {
    return this.#underWay.get(place) ?? 0
  }
}

/** The place of what is told of the account as a whole. */
export const ALL = 'all'
/** The place of what has no id yet, by noun. */
export const NEW = { item: 'new item', folder: 'new folder', send: 'new send' } as const
