import { isObject, type JsonObject, textOrNull } from '../api/json.ts'
import type { SymmetricKey } from '../crypto/symmetric-key.ts'
import { Cell } from '../state/cell.ts'

/** So many are decrypted side by side: the page gets its turn in between. */
const SLICE = 64

type Decode<T> = (wire: JsonObject, userKey: SymmetricKey) => Promise<T>

/** What a snapshot of the server brought that was not there, or was not as it is. */
export interface Differences {
  readonly created: readonly string[]
  readonly changed: readonly string[]
}

/**
 * All that the server has of one noun: encrypted, as it came, and decrypted while there is a key. Answers overtake each
 * other, so each says by a `mark()` when it was asked for: the later date wins, what was removed after that stays removed,
 * and nothing gets into the vault of whoever is logged in next.
 */
export class Records<T> {
  /** What can be shown. */
  readonly shown = new Cell<readonly T[]>([])
  readonly #decode: Decode<T>
  readonly #wires = new Map<string, JsonObject>()
  readonly #decoded = new Map<string, T>()
  /** When each was put or removed here last, in the time of `mark()`. */
  readonly #touched = new Map<string, number>()
  #time = 0
  #clearedAt = 0
  #key: SymmetricKey | undefined

  constructor(decode: Decode<T>) {
    this.#decode = decode
  }

  get size(): number {
    return this.#wires.size
  }

  /** To be taken before the server is asked. */
  mark(): number {
    return ++this.#time
  }

  wire(id: string): JsonObject | undefined {
    return this.#wires.get(id)
  }

  get wires(): Iterable<JsonObject> {
    return this.#wires.values()
  }

  has(id: string): boolean {
    return this.#wires.has(id)
  }

  /** Milliseconds since the Unix epoch; minus infinity for what is not there. */
  revisionMs(id: string): number {
    const wire = this.#wires.get(id)
    return wire === undefined ? Number.NEGATIVE_INFINITY : revisionOf(wire)
  }

  /** From now on what there is can be read. Resolves when it is shown. */
  async open(key: SymmetricKey): Promise<void> {
    this.#key = key
    await this.#show([...this.#wires.values()])
  }

  /** Forgets the key and all that was decrypted. */
  lock(): void {
    this.#key = undefined
    this.#decoded.clear()
    this.shown.value = []
  }

  clear(): void {
    this.#wires.clear()
    this.#touched.clear()
    this.#clearedAt = this.mark()
    this.lock()
  }

  /** What the server has. Resolves when it is shown; with the ids of those that were news. */
  async put(wires: readonly JsonObject[], askedAt: number): Promise<readonly string[]> {
    const taken = wires.filter((wire) => this.#isNewer(wire, askedAt))
    const news = taken.filter((wire) => !isSame(wire, this.#wires.get(idOf(wire)!)))
    for (const wire of taken) {
      this.#wires.set(idOf(wire)!, wire)
      this.#touched.set(idOf(wire)!, this.mark())
    }
    await this.#show(taken)
    return news.map((wire) => idOf(wire)!)
  }

  /** Changes what is known of some in the way that the server has done it, but did not answer. */
  async amend(ids: readonly string[], change: JsonObject): Promise<void> {
    const amended = ids.flatMap((id) => {
      const wire = this.#wires.get(id)
      return wire === undefined ? [] : [{ ...wire, ...change, id }]
    })
    for (const wire of amended) {
      this.#wires.set(wire.id, wire)
      this.#touched.set(wire.id, this.mark())
    }
    await this.#show(amended)
  }

  remove(...ids: readonly string[]): void {
    for (const id of ids) {
      this.#wires.delete(id)
      this.#decoded.delete(id)
      this.#touched.set(id, this.mark())
    }
    this.#publish()
  }

  /** All that the server has. What is as it was is not decrypted again. Resolves when it is shown. */
  async replace(wires: readonly JsonObject[], askedAt: number): Promise<Differences> {
    if (askedAt < this.#clearedAt) return { created: [], changed: [] }
    const next = new Map<string, JsonObject>()
    for (const wire of wires) {
      const id = idOf(wire)
      if (id === undefined) continue
      const own = this.#wires.get(id)
      if (this.#touchedAt(id) <= askedAt) next.set(id, own !== undefined && isSame(wire, own) ? own : wire)
      // Put since then, or removed.
      else if (own !== undefined) next.set(id, revisionOf(wire) > revisionOf(own) ? wire : own)
    }
    for (const [id, wire] of this.#wires) if (!next.has(id) && this.#touchedAt(id) > askedAt) next.set(id, wire)

    const others = [...next].filter(([id, wire]) => this.#wires.get(id) !== wire)
    const created = others.filter(([id]) => !this.#wires.has(id)).map(([id]) => id)
    const changed = others.filter(([id]) => this.#wires.has(id)).map(([id]) => id)
    this.#wires.clear()
    for (const [id, wire] of next) this.#wires.set(id, wire)
    for (const id of this.#decoded.keys()) if (!next.has(id)) this.#decoded.delete(id)
    await this.#show(others.map(([, wire]) => wire))
    return { created, changed }
  }

  /** Decrypts them, and shows them all at once: those that are still what there is then. */
  async #show(wires: readonly JsonObject[]): Promise<void> {
    const key = this.#key
    if (key === undefined) return
    const decoded: [JsonObject, T][] = []
    for (let at = 0; at < wires.length && this.#key === key; at += SLICE) {
      const slice = wires.slice(at, at + SLICE)
      decoded.push(
        ...(await Promise.all(
          slice.map(async (wire): Promise<[JsonObject, T]> => [wire, await this.#decode(wire, key)]),
        )),
      )
    }
    if (this.#key !== key) return
    for (const [wire, one] of decoded) {
      const id = idOf(wire)!
      if (this.#wires.get(id) === wire) this.#decoded.set(id, one)
    }
    this.#publish()
  }

  /** Than what is here, which may have been put or removed after it was asked for. */
  #isNewer(wire: JsonObject, askedAt: number): boolean {
    const id = idOf(wire)
    if (id === undefined || askedAt < this.#clearedAt) return false
    const own = this.#wires.get(id)
    const isTouched = this.#touchedAt(id) > askedAt
    if (own === undefined) return !isTouched
    // Of one date: what was asked for before is the older one.
    return isTouched ? revisionOf(wire) > revisionOf(own) : revisionOf(wire) >= revisionOf(own)
  }

  #publish(): void {
    if (this.#key !== undefined) this.shown.value = [...this.#decoded.values()]
  }

  #touchedAt(id: string): number {
    return this.#touched.get(id) ?? 0
  }
}

/** Of an object of the server. Milliseconds since the Unix epoch. */
export function revisionOf({ revisionDate }: JsonObject): number {
  const ms = Date.parse(textOrNull(revisionDate) ?? '')
  return Number.isNaN(ms) ? 0 : ms
}

function idOf({ id }: JsonObject): string | undefined {
  return textOrNull(id) ?? undefined
}

/** Whether they are the same in all that JSON says; members in another order would only be decrypted once more. */
function isSame(a: JsonObject, b: JsonObject | undefined): boolean {
  return isObject(b) && JSON.stringify(a) === JSON.stringify(b)
}
