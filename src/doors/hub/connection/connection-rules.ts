import type { Turn } from '#core'
import type { Clock } from '#kit'
import type { HubProtocol, TransportAbilities } from '#wire/signalr'
import type { Hub, HubTransport } from '../hub.ts'
import type { HubConnection } from './connection.ts'

/** All times of connections are counted in heartbeats, the door's single timer. spec: hub §1.7 */
export const HEARTBEAT_MS = 1_000

/** How long a hub waits for what. */
export interface HubTimes {
  readonly handshakeTimeoutMs: number
  /** Silence from us after which we ping: clients give up after 30 s without data, WebSocket pings not counted. */
  readonly keepAliveMs: number
  /** Silence from the client after which it counts as gone. */
  readonly clientTimeoutMs: number
}

/** The same for all connections of a hub. The times may change while they are open. */
export interface ConnectionRules extends HubTimes {
  readonly protocols: readonly HubProtocol[]
  readonly turn: Turn
  readonly clock: Clock
  /** Bytes that may wait for the client before it counts as behind. */
  readonly maxPendingBytes: number
}

/** What is special about a connection. One object for all that are alike. */
export interface ConnectionOptions extends TransportAbilities {
  /** Default `WebSockets`. */
  readonly transport?: HubTransport
  /** It may go on over another transport, if the client knows how to. Default false. spec: hub §1.9 */
  readonly isStateful?: boolean
  /** The transport sees for itself whether the client is there: nobody is pinged. Default false. */
  readonly keepsAlive?: boolean
}

/** Whose connections they are: the endpoint of a hub. */
export interface ConnectionOwner {
  readonly hub: Hub
  readonly rules: ConnectionRules
  onOpen(connection: HubConnection): void
  /** It ends and takes no more events; called once, before `onClosed`. */
  onEnding(connection: HubConnection, why: string): void
  /** It was behind, and is told what stands for all that it has missed. */
  onCoalesced?(): void
  /** The transport is gone, and no other will come; called once. */
  onClosed(connection: HubConnection, error: Error | undefined): void
}
