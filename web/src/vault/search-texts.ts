import type { JsonObject } from '../api/json.ts'
import type { SymmetricKey } from '../crypto/symmetric-key.ts'
import { searchTextOf } from '../model/item-search-text.ts'
import { Cell } from '../state/cell.ts'
import type { Records } from './records.ts'
import { normalized } from './search.ts'
import type { ListedItem } from './surroundings.ts'

/** So many are decrypted side by side: the page gets its turn in between. */
const SLICE = 64

/**
 * What items are found by and lists do not show. It is decrypted when somebody begins to search, and kept as new as the
 * items from then on until the vault is locked.
 */
export class SearchTexts {
  /** By item, for `findItems`. Filled bit by bit. */
  readonly texts = new Cell<ReadonlyMap<string, string>>(new Map())
  readonly #items: Records<ListedItem>
  /** What each text was made of. */
  readonly #sources = new Map<string, JsonObject>()
  #key: SymmetricKey | undefined
  #reading: Promise<void> | undefined

  constructor(items: Records<ListedItem>) {
    this.#items = items
    items.shown.listen(() => {
      if (this.#key !== undefined) void this.prepare(this.#key)
    })
  }

  /** Resolves when all is there. */
  prepare(key: SymmetricKey): Promise<void> {
    this.#key = key
    if (this.#reading === undefined) {
      const reading = this.#readAll(key).finally(() => {
        if (this.#reading === reading) this.#reading = undefined
      })
      this.#reading = reading
    }
    return this.#reading
  }

  lock(): void {
    this.#key = undefined
    this.#reading = undefined
    this.#sources.clear()
    this.texts.value = new Map()
  }

  async #readAll(key: SymmetricKey): Promise<void> {
    for (let news = this.#news(); news.length > 0 && this.#key === key; news = this.#news()) {
      const texts = new Map([...this.texts.value].filter(([id]) => this.#items.has(id)))
      // Each time that some are there lists are searched anew: as many more as there are.
      const some = news.slice(0, Math.max(SLICE, texts.size))
      for (let at = 0; at < some.length; at += SLICE) {
        const slice = some.slice(at, at + SLICE)
        const read = await Promise.all(slice.map(async ([id, wire]) => [id, await searchTextOf(wire, key)] as const))
        if (this.#key !== key) return
        for (const [id, text] of read) texts.set(id, normalized(text))
      }
      for (const [id, wire] of some) this.#sources.set(id, wire)
      this.texts.value = texts
    }
  }

  /** Those whose text is not there, or of another copy. */
  #news(): [string, JsonObject][] {
    return this.#items.shown.value.flatMap(({ id }) => {
      const wire = this.#items.wire(id)
      return wire === undefined || wire === this.#sources.get(id) ? [] : [[id, wire]]
    })
  }
}
