import type { OutboxSink } from '#core'

/** Where the other end of a connection is: the client's, where a proxy that is believed said whose connection it is. */
export interface RemoteAddress {
  readonly address: string
  /** 0 where it is not known: the headers that proxies add to a request seldom tell. */
  readonly port: number
}

/**
 * How a door's bytes travel: one TCP, TLS or WebSocket connection. Reading pushes into a receiver; writing goes
 * through an `Outbox` whose sink the carrier is.
 */
export interface Carrier extends OutboxSink {
  readonly remote: RemoteAddress
  /**
   * Ends the connection: what was written before still goes out, then the transport's own farewell. `code` and
   * `reason` are for transports that can carry them (a WebSocket close frame). Repeating it does nothing.
   */
  close(code: number, reason: string): void
  /** Ends the connection at once; what was not sent is lost. */
  destroy(): void
  /** Stops (true) or resumes reading, for a peer that makes more work than it may. */
  pause(isPaused: boolean): void
  /** What is written from now on, what waits in an outbox included, is text. For transports that tell it from bytes. */
  sendText?(): void
  /** Asks the peer to say when it has read what was written up to now: `onTaken`. For transports that can ask. */
  askTaken?(): void
}

/** What a carrier tells its door. */
export interface CarrierReceiver {
  /**
   * The peer said farewell, or broke the transport's rules (`error`, a `WebSocketError` where it was frames), and the
   * carrier is about to answer and end: the last chance to write what waits in an outbox. What is written later is lost.
   * Who calls `close` in here ends the connection in their own words, code and reason, instead of the carrier's.
   */
  onClosing?(error: Error | undefined): void
  /** The transport is gone, whoever ended it; called exactly once, last. `error` when it broke. */
  onClosed(error: Error | undefined): void
  /** The peer takes nothing: no write got through for the carrier's write deadline. The door decides what to do. */
  onStalled(): void
  /**
   * The peer has read what was written before it was asked last. It may be said inside `askTaken`, where that is known
   * already, and without having been asked.
   */
  onTaken?(): void
}

/** A receiver of a byte stream; the pieces are views that are never reused. */
export interface StreamReceiver extends CarrierReceiver {
  /** The peer has yet to say who it is, where it must: it may cost less than others until then. Default false. */
  readonly isStranger?: boolean
  onBytes(bytes: Buffer): void
}

/** A receiver of whole WebSocket messages. */
export interface MessageReceiver extends CarrierReceiver {
  /** `isText` is undefined where the transport does not tell text from other bytes. */
  onMessage(data: Buffer, isText: boolean | undefined): void
}
