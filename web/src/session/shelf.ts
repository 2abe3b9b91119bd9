/** Where a browser keeps texts for a site: `localStorage`, or what stands in for it in tests. */
export type PageStorage = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>

/**
 * What is kept in the browser between two visits, as JSON. It never throws: where the storage is full or forbidden,
 * things are kept for as long as the page is open, and rubbish is nothing.
 */
export class Shelf {
  readonly #storage: PageStorage | undefined
  readonly #prefix: string
  /** What the storage has not taken; undefined for what it has not given up. */
  readonly #untaken = new Map<string, string | undefined>()

  /**
   * `open` may throw, as `localStorage` does where a site may keep nothing. `scope` tells vaults apart that share an
   * origin: the path that they lie below.
   */
  constructor(open: () => PageStorage, scope = '/') {
    this.#prefix = `belfry:${scope}:`
    try {
      this.#storage = open()
    } catch {
      this.#storage = undefined
    }
  }

  /** Undefined for what is not there, and for what is no JSON. */
  read(name: string): unknown {
    try {
      return JSON.parse(this.#text(name) ?? 'null') ?? undefined
    } catch {
      return undefined
    }
  }

  write(name: string, value: unknown): void {
    const text = JSON.stringify(value)
    // What was there before must not come back when the new value does not fit.
    this.remove(name)
    this.#untaken.set(name, text)
    try {
      if (this.#storage === undefined) return
      this.#storage.setItem(this.#prefix + name, text)
      this.#untaken.delete(name)
    } catch {
      // It stays in `untaken`.
    }
  }

  remove(name: string): void {
    this.#untaken.set(name, undefined)
    try {
      this.#storage?.removeItem(this.#prefix + name)
      this.#untaken.delete(name)
    } catch {
      // As above.
    }
  }

  #text(name: string): string | null | undefined {
    return this.#untaken.has(name) ? this.#untaken.get(name) : this.#storage?.getItem(this.#prefix + name)
  }
}
