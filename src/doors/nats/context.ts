import type { Turn } from '#core'
import type { Clock, Logger } from '#kit'
import type { ClientConnection } from './client-connection.ts'
import type { Congestion } from './congestion.ts'
import type { DeliveryHeads } from './delivery-heads.ts'

/** What a client may cost. Units in the names; see docs/configuration.md for ranges and defaults. */
export interface NatsLimits {
  readonly maxPayloadBytes: number
  /** What may wait for one client before it is cut off as a slow consumer. */
  readonly maxPendingBytes: number
  readonly maxControlLineBytes: number
  readonly maxConnections: number
  /** For each connection; 0 means no limit. */
  readonly maxSubscriptions: number
  readonly pingIntervalMs: number
  /** PINGs that may stay unanswered. */
  readonly pingMax: number
  readonly writeDeadlineMs: number
}

/** What all client connections of the door share. */
export interface DoorContext {
  readonly limits: NatsLimits
  readonly turn: Turn
  readonly heads: DeliveryHeads
  readonly congestion: Congestion
  readonly clock: Clock
  readonly logger: Logger
  readonly random: (below: number) => number
  onGone(connection: ClientConnection): void
}
