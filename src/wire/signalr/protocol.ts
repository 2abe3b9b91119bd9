import type { HubMessage, Outcome } from './hub-message.ts'

export interface CloseOptions {
  /** Shown to the user of the client. Default: none. */
  readonly error?: string | undefined
  /** Whether a client that reconnects by itself may do so. Default false. */
  readonly allowReconnect?: boolean | undefined
}

/**
 * One of SignalR's ways to write hub messages. Each `encode…` returns whole messages, framed: one or several of them
 * are one WebSocket message. Arguments and results are plain data; dates in them are `Timestamp`s.
 */
export interface HubProtocol {
  /** As clients name it in their handshake. */
  readonly name: 'json' | 'messagepack'
  /** Whether a transport has to carry binary messages for it. */
  readonly isBinary: boolean
  readonly ping: Buffer
  encodeInvocation(target: string, args: readonly unknown[]): Buffer
  encodeCompletion(invocationId: string, outcome: Outcome): Buffer
  encodeClose(options?: CloseOptions): Buffer
  encodeAck(sequenceId: number): Buffer
  encodeSequence(sequenceId: number): Buffer
  /**
   * The messages in `data`, those of types that nobody knows yet left out. Returns how many bytes at its end begin a
   * message that is not complete: they are to be put in front of what comes next. Throws a `SignalrError` when it gets
   * to something broken; the messages before it were yielded.
   */
  read(data: Buffer): Generator<HubMessage, number, undefined>
}
