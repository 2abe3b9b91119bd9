import type { ConnectionSnapshot, SubscriptionSnapshot } from '../connection-snapshot.ts'
import type { LeafConnection } from './connection.ts'

/** One link as monitoring shows it, at one moment. Times are milliseconds since the epoch. (nats-server: `LeafInfo`) */
export interface LeafSnapshot
  extends Pick<ConnectionSnapshot, 'ip' | 'port' | 'startMs' | 'lastActivityMs' | 'rttMs' | 'pendingBytes'> {
  /** The `client_id` of INFO, from the same numbers as those of clients. */
  readonly id: number
  /** Of the server at the other end. */
  readonly name: string
  readonly isWebSocket: boolean
  /** Whether this server is the spoke of the two. */
  readonly isSpoke: boolean
  readonly isIsolated: boolean
  /** The account here. */
  readonly account: string
  readonly inMsgs: number
  readonly outMsgs: number
  readonly inBytes: number
  readonly outBytes: number
  /** What is wanted at the other end: subjects, and queue groups. */
  readonly subscriptionCount: number
  /** As they are when they are read. */
  subscriptions(): Iterable<SubscriptionSnapshot>
}

/** `undefined` for a connection that is no link yet: it is in no account. */
export function leafSnapshotOf(connection: LeafConnection): LeafSnapshot | undefined {
  const { link, id, isWebSocket, carrier, outbox, startMs, lastActivityMs, life } = connection
  if (link === undefined) return undefined
  const { address, port } = carrier.remote
  return {
    id,
    name: link.otherSide.name,
    isWebSocket,
    isSpoke: !link.isHub,
    isIsolated: link.isIsolated,
    account: link.account.name,
    ip: address,
    port,
    startMs,
    lastActivityMs,
    rttMs: life.roundTripMs,
    pendingBytes: outbox.pendingBytes,
    inMsgs: link.inMsgs,
    outMsgs: outbox.messages,
    inBytes: link.inBytes,
    outBytes: outbox.messageBytes,
    subscriptionCount: link.wantedCount,
    *subscriptions() {
      for (const { subject, queue, delivered } of link.wanted()) {
        yield { subject, queue, sid: queue === '' ? subject : `${subject} ${queue}`, msgs: delivered, max: 0 }
      }
    },
  }
}
