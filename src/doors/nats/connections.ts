import type { ClientConnection } from './client-connection.ts'
import type { CloseReason } from './close-reason.ts'
import type { ConnectionSnapshot, DoorTotals, SubscriptionSnapshot } from './connection-snapshot.ts'

/**
 * What is remembered of the subscriptions of a connection that has ended: so many, and of subjects, queues and sids so
 * many characters. Each line may have 4 KiB of those, and ten thousand connections are remembered.
 */
const MAX_CLOSED_SUBSCRIPTIONS = 100
const MAX_CLOSED_SUBSCRIPTION_LENGTH = 8192

type Sums = { -readonly [Sum in 'inMsgs' | 'outMsgs' | 'inBytes' | 'outBytes' | 'stalls']: number }

/** The connections of the door: those that are, what is remembered of those that were, and their sums. */
export class Connections {
  /** By id, the oldest first. */
  readonly #open = new Map<number, ClientConnection>()
  /** Oldest first, from `#oldest` on and then from the beginning. */
  #closed: ConnectionSnapshot[] = []
  #oldest = 0
  #maxClosed: number
  #total = 0
  /** Of the connections that have ended. */
  readonly #sums: Sums = { inMsgs: 0, outMsgs: 0, inBytes: 0, outBytes: 0, stalls: 0 }
  #slow = 0
  /** By account. */
  readonly #slowIn = new Map<string, number>()
  #stale = 0
  #onEmpty: (() => void)[] = []

  constructor(maxClosed: number) {
    this.#maxClosed = maxClosed
  }

  /** Those whose transport is not gone yet. */
  get size(): number {
    return this.#open.size
  }

  [Symbol.iterator](): MapIterator<ClientConnection> {
    return this.#open.values()
  }

  /** Of a new connection, whether or not it may stay. */
  count(): void {
    this.#total++
  }

  add(connection: ClientConnection): void {
    this.#open.set(connection.id, connection)
  }

  gone(connection: ClientConnection): void {
    if (!this.#open.delete(connection.id) || this.#open.size > 0) return
    const waiting = this.#onEmpty
    this.#onEmpty = []
    for (const resolve of waiting) resolve()
  }

  /** One that takes part. */
  byId(cid: number): ClientConnection | undefined {
    const connection = this.#open.get(cid)
    return connection?.hasLeft ? undefined : connection
  }

  /** Resolves when the last one is gone. */
  async empty(): Promise<void> {
    if (this.#open.size > 0) await new Promise<void>((resolve) => this.#onEmpty.push(resolve))
  }

  /** It has ended, though it may still be saying goodbye. */
  remember(connection: ClientConnection, reason: CloseReason, now: number): void {
    const last = connection.snapshot()
    for (const sum of Object.keys(this.#sums) as (keyof Sums)[]) this.#sums[sum] += last[sum]
    if (reason === 'Stale Connection') this.#stale++
    else if (reason.startsWith('Slow Consumer')) {
      this.#slow++
      this.#slowIn.set(last.account, this.slowConsumersIn(last.account) + 1)
    }
    if (this.#maxClosed === 0) return
    const subscriptions = worthRemembering(last.subscriptions())
    const closed = { ...last, pendingBytes: 0, stopMs: now, reason, subscriptions: () => subscriptions }
    if (this.#closed.length < this.#maxClosed) this.#closed.push(closed)
    else {
      this.#closed[this.#oldest] = closed
      this.#oldest = (this.#oldest + 1) % this.#maxClosed
    }
  }

  set maxClosed(count: number) {
    const kept = count === 0 ? [] : [...this.closed()].slice(-count)
    this.#closed = kept
    this.#oldest = 0
    this.#maxClosed = count
  }

  /** Oldest first. */
  *closed(): IterableIterator<ConnectionSnapshot> {
    const { length } = this.#closed
    for (let i = 0; i < length; i++) yield this.#closed[(this.#oldest + i) % length]!
  }

  /** Since the beginning. */
  slowConsumersIn(account: string): number {
    return this.#slowIn.get(account) ?? 0
  }

  totals(): DoorTotals {
    const sums = { ...this.#sums }
    for (const connection of this.#open.values()) {
      if (connection.hasLeft) continue
      const snapshot = connection.snapshot()
      for (const sum of Object.keys(sums) as (keyof Sums)[]) sums[sum] += snapshot[sum]
    }
    return {
      connections: this.#open.size,
      totalConnections: this.#total,
      ...sums,
      slowConsumers: { clients: this.#slow },
      staleConnections: { clients: this.#stale },
    }
  }
}

/** The first ones, as far as there is room for them. */
function worthRemembering(subscriptions: Iterable<SubscriptionSnapshot>): SubscriptionSnapshot[] {
  const first: SubscriptionSnapshot[] = []
  let room = MAX_CLOSED_SUBSCRIPTION_LENGTH
  for (const subscription of subscriptions) {
    const { subject, queue, sid } = subscription
    room -= subject.length + queue.length + sid.length
    if (room < 0 || first.length === MAX_CLOSED_SUBSCRIPTIONS) break
    first.push(subscription)
  }
  return first
}
