import type { Timer } from '#kit'
import type { CloseReason } from '../close-reason.ts'
import { Congestion } from '../congestion.ts'
import type { NatsLimits } from '../context.ts'
import { PendingLogins } from '../pending-logins.ts'
import type { LeafConnection } from './connection.ts'
import type { LeafContext } from './context.ts'
import { type LeafSnapshot, leafSnapshotOf } from './snapshot.ts'

/** How often connections are looked at for signs of life, at most and at least. See `NatsDoor`. */
const LIFE_CHECK_MS = 1_000
const SHORTEST_LIFE_CHECK_MS = 5

export interface LeafDoorOptions
  extends Omit<LeafContext, 'congestion' | 'pendingLogins' | 'recently' | 'onLeft' | 'onGone'> {
  /** Clients and leaf nodes are numbered together. */
  readonly nextId: () => number
}

/** Sums over all leaf node connections since the server was started, `connections` aside, which are those of now. */
export interface LeafTotals {
  /** Links. */
  readonly connections: number
  readonly inMsgs: number
  readonly outMsgs: number
  readonly inBytes: number
  readonly outBytes: number
  readonly slowConsumers: number
  readonly staleConnections: number
}

/** All leaf node connections of a server, those that were let in and those that it made. */
export class LeafDoor {
  /** For whoever makes connections that are then handed to `enter`. */
  readonly context: LeafContext & { limits: NatsLimits }
  /** For a new connection. */
  readonly nextId: () => number
  readonly #connections = new Set<LeafConnection>()
  /** Of the connections that have ended. */
  readonly #sums = { inMsgs: 0, outMsgs: 0, inBytes: 0, outBytes: 0 }
  #slow = 0
  #stale = 0
  #checks: Timer | undefined
  #onEmpty: (() => void)[] = []

  constructor({ nextId, ...options }: LeafDoorOptions) {
    this.nextId = nextId
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

  /** Ends one connection. Whether there was one with this id. */
  end(id: number, reason: CloseReason): boolean {
    const connection = Iterator.from(this.connections()).find((one) => one.id === id)
    connection?.close(reason)
    return connection !== undefined
  }

  // --- For monitoring -------------------------------------------------------------------------------------------

  /** Of the links, the oldest first. */
  *snapshots(): IterableIterator<LeafSnapshot> {
    for (const connection of this.connections()) {
      const snapshot = leafSnapshotOf(connection)
      if (snapshot !== undefined) yield snapshot
    }
  }

  totals(): LeafTotals {
    const sums = { ...this.#sums }
    let connections = 0
    for (const snapshot of this.snapshots()) {
      connections++
      add(sums, snapshot)
    }
    return { connections, ...sums, slowConsumers: this.#slow, staleConnections: this.#stale }
  }

  // --------------------------------------------------------------------------------------------------------------

  #left(connection: LeafConnection, reason: CloseReason): void {
    const last = leafSnapshotOf(connection)
    if (last !== undefined) add(this.#sums, last)
    if (reason === 'Stale Connection') this.#stale++
    else if (reason.startsWith('Slow Consumer')) this.#slow++
  }

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

type Sums = { -readonly [Sum in 'inMsgs' | 'outMsgs' | 'inBytes' | 'outBytes']: number }

function add(sums: Sums, one: Readonly<Sums>): void {
  for (const sum of Object.keys(sums) as (keyof Sums)[]) sums[sum] += one[sum]
}
