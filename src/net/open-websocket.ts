import type { Clock } from '#kit'
import type { HeaderList } from '#wire/websocket'
import type { StreamReceiver } from './carrier.ts'
import type { DialedSocket } from './dial.ts'
import type { StreamCompression } from './inflating-reader.ts'
import type { SocketLinkOptions } from './socket-link.ts'
import type { WebSocketAgreement, WebSocketCarrier } from './websocket-carrier.ts'

/** What is asked of a server that is to go on as a WebSocket. */
export interface WebSocketRequest {
  /** `host:port`, as the `Host` header has it: of IPv6 in brackets. */
  readonly host: string
  /** Beginning with a slash, escaped. */
  readonly path: string
  /** Whether compression is offered. */
  readonly compression: boolean
  /** Whether the server is asked to take our frames without masks. */
  readonly noMasking: boolean
  /** Behind the others. */
  readonly headers?: HeaderList | undefined
}

export interface WebSocketUpgradeOptions {
  readonly clock: Clock
  /** For the server's answer. Milliseconds, at least 1. */
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
}

/** A connection that goes on as a WebSocket; whoever takes it does so in the turn in which it is handed over. */
export interface UpgradedSocket {
  readonly socket: DialedSocket
  readonly agreed: WebSocketAgreement
  /** What came behind the server's answer. */
  readonly head: Buffer
}

export interface StreamOpenOptions extends SocketLinkOptions {
  /**
   * Needed where compression was agreed on. nats-server compresses all that waits in one message, so its
   * `maxPayloadBytes` here had better be what a server may have pending than what one message may have.
   */
  readonly compression?: StreamCompression | undefined
  /**
   * What a compressed message that we send may have when inflated: longer ones go out as they are. Asked anew for each.
   * A nats-server takes as much as its own `max_payload`, whatever is in it. Default: 64 KiB.
   */
  maxCompressedBytes?(): number
  /** Called at once; what it answers gets what arrives. */
  receiver(carrier: WebSocketCarrier): StreamReceiver
}
