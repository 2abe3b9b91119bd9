/**
 * Those who wait, by whom they belong to: addresses take turns, and so do the names behind each address. However many
 * one of them has waiting, the next of another comes after at most one of each.
 */
export class FairQueue<T> {
  readonly #addresses = new Map<string, Map<string, T[]>>()
  #size = 0

  get size(): number {
    return this.#size
  }

  /** How many wait behind this address. */
  sizeOf(address: string): number {
    let size = 0
    for (const items of this.#addresses.get(address)?.values() ?? []) size += items.length
    return size
  }

  push(address: string, name: string, item: T): void {
    const names = this.#addresses.get(address) ?? new Map<string, T[]>()
    const items = names.get(name) ?? []
    items.push(item)
    names.set(name, items)
    this.#addresses.set(address, names)
    this.#size++
  }

  shift(): T | undefined {
    const names = takeFirst(this.#addresses)
    if (names === undefined) return undefined
    const items = takeFirst(names.value)!
    const item = items.value.shift()
    this.#size--
    // Behind all others: a Map keeps its entries in the order in which they came.
    if (items.value.length > 0) names.value.set(items.key, items.value)
    if (names.value.size > 0) this.#addresses.set(names.key, names.value)
    return item
  }
}

function takeFirst<V>(map: Map<string, V>): { readonly key: string; readonly value: V } | undefined {
  for (const [key, value] of map) {
    map.delete(key)
    return { key, value }
  }
  return undefined
}
