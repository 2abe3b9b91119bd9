import { Cell } from '../state/cell.ts'

/** What another device has done to an item. */
export type RecentChange = 'created' | 'changed'

/** How long a change counts as one of a moment ago. Milliseconds. */
const MOMENT_MS = 8_000

/** What other devices did a moment ago, for the small sign in the list. */
export class Recent {
  readonly changes = new Cell<ReadonlyMap<string, RecentChange>>(new Map())
  readonly #timers = new Map<string, ReturnType<typeof setTimeout>>()

  note(ids: readonly string[], change: RecentChange): void {
    if (ids.length === 0) return
    const changes = new Map(this.changes.value)
    for (const id of ids) {
      // What was created and then changed in the same moment is new all the same.
      changes.set(id, changes.get(id) === 'created' ? 'created' : change)
      clearTimeout(this.#timers.get(id))
      this.#timers.set(
        id,
        setTimeout(() => this.forget(id), MOMENT_MS),
      )
    }
    this.changes.value = changes
  }

  forget(id: string): void {
    clearTimeout(this.#timers.get(id))
    this.#timers.delete(id)
    if (!this.changes.value.has(id)) return
    const changes = new Map(this.changes.value)
    changes.delete(id)
    this.changes.value = changes
  }

  clear(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer)
    this.#timers.clear()
    this.changes.value = new Map()
  }
}
