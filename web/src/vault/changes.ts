import type { Noun } from '../model/notification.ts'
import type { Holdings } from './surroundings.ts'
import type { Sync } from './sync.ts'

/** More than so many at once are fetched with all else. */
const MOST_SINGLY = 8

/** Something that the server has another copy of. */
export interface Change {
  readonly noun: Noun
  readonly id: string
  /** Milliseconds since the Unix epoch. */
  readonly revisionMs: number
  /** Whether this browser did it. */
  readonly isOwn: boolean
}

export interface ChangesOptions {
  readonly holdings: Holdings
  readonly sync: Pick<Sync, 'run' | 'running' | 'failed'>
  readonly fetch: (change: Change) => Promise<void>
}

/**
 * Changes that were heard of. Each is fetched at once, by itself; those that come while others are fetched wait, and when
 * they are many by then, one sync fetches them. What comes during a sync is looked at when that is done.
 */
export class Changes {
  readonly #options: ChangesOptions
  readonly #waiting = new Map<string, Change>()
  #isFetching = false

  constructor(options: ChangesOptions) {
    this.#options = options
  }

  add(change: Change): void {
    const key = `${change.noun} ${change.id}`
    const other = this.#waiting.get(key)
    if (other === undefined || other.revisionMs <= change.revisionMs) this.#waiting.set(key, change)
    if (!this.#isFetching) void this.#fetchAll()
  }

  clear(): void {
    this.#waiting.clear()
  }

  async #fetchAll(): Promise<void> {
    const { holdings, sync, fetch } = this.#options
    this.#isFetching = true
    try {
      while (this.#waiting.size > 0) {
        await sync.running
        const changes = [...this.#waiting.values()]
        this.#waiting.clear()
        const news = changes.filter(({ noun, id, revisionMs }) => holdings[noun].revisionMs(id) < revisionMs)
        if (news.length > MOST_SINGLY) await sync.run()
        else await Promise.all(news.map(fetch))
      }
    } catch (error) {
      sync.failed(error)
    } finally {
      this.#isFetching = false
      if (this.#waiting.size > 0) void this.#fetchAll()
    }
  }
}
