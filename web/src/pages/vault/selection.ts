/** Which of a list are selected. Each change is a new one. */
export class Selection {
  readonly ids: ReadonlySet<string>
  /** Where a range begins: what was selected or unselected last. */
  readonly #anchor: string | undefined

  constructor(ids: Iterable<string> = [], anchor?: string) {
    this.ids = new Set(ids)
    this.#anchor = anchor
  }

  has(id: string): boolean {
    return this.ids.has(id)
  }

  toggled(id: string): Selection {
    const ids = new Set(this.ids)
    if (!ids.delete(id)) ids.add(id)
    return new Selection(ids, id)
  }

  /** All from where one was last up to this one, as with Shift held. `order`: the ids of the list. */
  extended(id: string, order: readonly string[]): Selection {
    const [from, to] = [order.indexOf(this.#anchor ?? id), order.indexOf(id)]
    if (from === -1 || to === -1) return this.toggled(id)
    return new Selection([...this.ids, ...order.slice(Math.min(from, to), Math.max(from, to) + 1)], id)
  }

  /** Without what is not there any more. The same one when that is nothing. */
  within(order: readonly string[]): Selection {
    const there = new Set(order)
    const kept = [...this.ids].filter((id) => there.has(id))
    return kept.length === this.ids.size ? this : new Selection(kept, this.#anchor)
  }
}
