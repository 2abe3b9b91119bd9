import type { Broker, Turn } from '#core'
import type { Clock, Logger } from '#kit'
import type { ClientConnection } from './client-connection.ts'
import type { ProtocolTrace } from './client-log.ts'
import type { CloseReason } from './close-reason.ts'
import type { Congestion } from './congestion.ts'
import type { ConnectionSnapshot } from './connection-snapshot.ts'
import type { DeliveryHeads } from './delivery-heads.ts'
import type { ServerIdentity } from './identity.ts'
import type { PendingLogins } from './pending-logins.ts'

/** What a client may cost. Units in the names; see docs/configuration.md for ranges and defaults. */
export interface NatsLimits {
  readonly maxPayloadBytes: number
  /** What may wait for one client before it is cut off as a slow consumer. */
  readonly maxPendingBytes: number
  readonly maxControlLineBytes: number
  /** 0 refuses all. */
  readonly maxConnections: number
  /** For each connection; 0 means no limit. */
  readonly maxSubscriptions: number
  /** Tokens of the subject of a subscription; 0 means no limit. */
  readonly maxSubscriptionTokens: number
  /** How many closed connections are remembered for monitoring. */
  readonly maxClosedClients: number
  readonly pingIntervalMs: number
  /** PINGs that may stay unanswered. */
  readonly pingMax: number
  readonly writeDeadlineMs: number
  /** What becomes of a client that takes nothing until the write deadline: it is cut off, or goes on having time. */
  readonly writeTimeoutPolicy: 'close' | 'retry'
  readonly supportsHeaders: boolean
  /**
   * Who publishes faster than a receiver reads is slowed down. Otherwise messages for a receiver that has more than
   * three quarters of `maxPendingBytes` waiting are dropped.
   */
  readonly stallsFastProducers: boolean
}

/** Told of who comes and goes, in the midst of it: what it does must not throw. */
export interface DoorObserver {
  /** For each CONNECT, or what stands for one. */
  loggedIn(connection: ConnectionSnapshot): void
  /** Of those who had logged in; with `stopMs` and `reason`. */
  left(connection: ConnectionSnapshot): void
  /**
   * Somebody is not let in, or not any longer. `authorizedUser` is who it claims to be, `reason` of the connection what
   * it is closed for; the other says more, for the log and for whoever is responsible for `calloutAccount`, whose service
   * refused it.
   */
  loginRefused(connection: ConnectionSnapshot, reason: string, calloutAccount?: string): void
}

/** What all client connections of the door share. */
export interface DoorContext {
  /** Exchanged by a reload, so never kept. */
  readonly limits: NatsLimits
  readonly broker: Broker
  readonly identity: ServerIdentity
  readonly turn: Turn
  readonly heads: DeliveryHeads
  readonly congestion: Congestion
  readonly clock: Clock
  /**
   * Milliseconds since the epoch, read once for each read of a socket and at least once a second: what a delivery notes
   * as the time of activity. Asking the clock would cost more than the rest of it.
   */
  recently: number
  readonly logger: Logger
  /**
   * Where it is said who is not let in and what clients are refused, as often as strangers like; default: where
   * everything is.
   */
  readonly refusals?: Logger | undefined
  readonly observer?: DoorObserver | undefined
  readonly pendingLogins: PendingLogins
  readonly trace?: ProtocolTrace | undefined
  readonly random: (below: number) => number
  /** For nonces: that many bytes nobody can guess. */
  readonly randomBytes: (count: number) => Buffer
  /** The connection takes no part any more; what is left of it is its farewell. */
  onLeft(connection: ClientConnection, reason: CloseReason): void
  /** Its transport is gone. */
  onGone(connection: ClientConnection): void
}
