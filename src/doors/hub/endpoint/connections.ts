import type { HubConnection } from '../connection/connection.ts'

/**
 * The connections of one hub. A user has a bounded number of them; with one more the oldest goes, since it is more
 * likely forgotten than the one that was just made.
 */
export class Connections {
  readonly #maxPerUser: number
  /** Each with what counts it out where it was counted in. */
  readonly #all = new Map<HubConnection, () => void>()
  /** Those that have not begun to end, oldest first. No user is listed without a connection. */
  readonly #ofUser = new Map<string, Set<HubConnection>>()
  #onEmpty: (() => void)[] = []

  constructor(maxPerUser: number) {
    this.#maxPerUser = maxPerUser
  }

  /** Those whose transport is not gone yet. */
  get size(): number {
    return this.#all.size
  }

  /** `leave` is called when it is gone. */
  add(connection: HubConnection, leave: () => void): void {
    this.#all.set(connection, leave)
    const { userId } = connection.guest
    if (userId === undefined) return
    const siblings = this.#ofUser.get(userId)
    if (siblings !== undefined && siblings.size >= this.#maxPerUser) {
      const [oldest] = siblings
      oldest?.makeRoom()
    }
    // Looked up again: the oldest may have been the only one.
    const others = this.#ofUser.get(userId)
    if (others === undefined) this.#ofUser.set(userId, new Set([connection]))
    else others.add(connection)
  }

  /** It does not count as one of its user's any more. */
  ending(connection: HubConnection): void {
    const { userId } = connection.guest
    if (userId === undefined) return
    const siblings = this.#ofUser.get(userId)
    siblings?.delete(connection)
    if (siblings?.size === 0) this.#ofUser.delete(userId)
  }

  gone(connection: HubConnection): void {
    const leave = this.#all.get(connection)
    this.#all.delete(connection)
    leave?.()
    if (this.#all.size > 0) return
    const waiting = this.#onEmpty
    this.#onEmpty = []
    for (const resolve of waiting) resolve()
  }

  /** Those of one user that have not begun to end. */
  ofUser(userId: string): Iterable<HubConnection> {
    return this.#ofUser.get(userId) ?? []
  }

  [Symbol.iterator](): Iterator<HubConnection> {
    return this.#all.keys()
  }

  /** Resolves when the last one is gone. */
  async empty(): Promise<void> {
    if (this.#all.size > 0) await new Promise<void>((resolve) => this.#onEmpty.push(resolve))
  }
}
