import type { Timer } from '#kit'
import type { CloseReason } from '../close-reason.ts'
import { Congestion } from '../congestion.ts'
import type { NatsLimits } from '../context.ts'
import { PendingLogins } from '../pending-logins.ts'
import type { LeafConnection } from './connection.ts'
import type { LeafContext } from './context.ts'

/** How often connections are looked at for signs of life, at most and at least. See `NatsDoor`. */
const LIFE_CHECK_MS = 1_000
const SHORTEST_LIFE_CHECK_MS = 5

export type LeafDoorOptions = Omit<LeafContext, 'congestion' | 'pendingLogins' | 'recently' | 'onLeft' | 'onGone'>

/** All leaf node connections of a server, those that were let in and those that it made. */
export class LeafDoor {
  /** For whoever makes connections that are then handed to `enter`. */
  readonly context: LeafContext & { limits: NatsLimits }
  readonly #connections = new Set<LeafConnection>()
  #lastId = 0
  #checks: Timer | undefined
  #onEmpty: (() => void)[] = []

  constructor(options: LeafDoorOptions) {
    this.context = {
      ...options,
      congestion: new Congestion(),
      pendingLogins: new PendingLogins(),
      recently: options.clock.now(),
      onLeft: (connection, reason) => this.#left(connection, reason),
      onGone: (connection) => this.#gone(connection),
    }
  }

  /** Those that take part, the oldest first. */
  *connections(): IterableIterator<LeafConnection> {
    for (const connection of this.#connections) if (!connection.hasLeft) yield connection
  }

  /** For a new connection. */
  nextId(): number {
    return ++this.#lastId
  }

  enter(connection: LeafConnection): void {
    this.#connections.add(connection)
    this.#checks ??= this.#startChecks()
  }

  reconfigure({ limits }: { readonly limits: NatsLimits }): void {
    this.context.limits = limits
    for (const connection of this.connections()) connection.limitsChanged()
    this.#checks?.cancel()
    this.#checks = this.#connections.size > 0 ? this.#startChecks() : undefined
  }

  /** Ends every connection. Resolves when the last is gone. */
  async close(): Promise<void> {
    for (const connection of this.connections()) connection.close('Server Shutdown')
    if (this.#connections.size > 0) await new Promise<void>((resolve) => this.#onEmpty.push(resolve))
  }

  #left(_connection: LeafConnection, _reason: CloseReason): void {}

  #gone(connection: LeafConnection): void {
    if (!this.#connections.delete(connection) || this.#connections.size > 0) return
    this.#checks?.cancel()
    this.#checks = undefined
    for (const resolve of this.#onEmpty.splice(0)) resolve()
  }

  #startChecks(): Timer {
    const { clock, limits } = this.context
    const everyMs = Math.max(SHORTEST_LIFE_CHECK_MS, Math.min(LIFE_CHECK_MS, limits.pingIntervalMs / 2))
    return clock.every(everyMs, () => {
      const now = clock.now()
      this.context.recently = now
      for (const connection of this.connections()) connection.checkLife(now)
    })
  }
}
