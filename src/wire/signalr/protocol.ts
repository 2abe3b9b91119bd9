import { SignalrError } from './errors.ts'
import { type HubMessage, HubMessageType, type Outcome } from './hub-message.ts'

export interface CloseOptions {
  /** Shown to the user of the client. Default: none. */
  readonly error?: string | undefined
  /** Whether a client that reconnects by itself may do so. Default false. */
  readonly allowReconnect?: boolean | undefined
}

/**
 * One of SignalR's ways to write hub messages. Each `encode…` returns whole messages, framed: one or several of them
 * are one WebSocket message. Arguments, items and results are plain data; dates in them are `Timestamp`s.
 */
export interface HubProtocol {
  /** As clients name it in their handshake. */
  readonly name: 'json' | 'messagepack'
  /** Whether a transport has to carry binary messages for it. */
  readonly isBinary: boolean
  readonly ping: Buffer
  /** Any message; the others are shorthands for what servers say most. */
  encode(message: HubMessage): Buffer
  /** A call that wants no answer. */
  encodeInvocation(target: string, args: readonly unknown[]): Buffer
  encodeCompletion(invocationId: string, outcome: Outcome): Buffer
  encodeClose(options?: CloseOptions): Buffer
  /** Book-keeping of stateful reconnect: what was received last. */
  encodeAck(sequenceId: number): Buffer
  /** Book-keeping of stateful reconnect: what follows next. */
  encodeSequence(sequenceId: number): Buffer
  /**
   * The messages in `data`, those of types that nobody knows yet left out. Returns how many bytes at its end begin a
   * message that is not complete: they are to be put in front of what comes next. They are never more than the longest
   * message with its frame, as a longer one is refused as soon as that can be seen. Throws a `SignalrError` when it
   * gets to something broken; the messages before it were yielded.
   */
  read(data: Buffer): Generator<HubMessage, number, undefined>
}

/** A protocol out of what sets it apart. */
export function hubProtocol(codec: Pick<HubProtocol, 'name' | 'isBinary' | 'encode' | 'read'>): HubProtocol {
  const { encode } = codec
  return {
    ...codec,
    ping: encode({ type: HubMessageType.Ping }),
    encodeInvocation: (target, args) =>
      encode({ type: HubMessageType.Invocation, invocationId: null, target, arguments: args }),
    encodeCompletion: (invocationId, outcome) => encode({ type: HubMessageType.Completion, invocationId, outcome }),
    encodeClose: ({ error = null, allowReconnect = false } = {}) =>
      encode({ type: HubMessageType.Close, error, allowReconnect }),
    encodeAck: (sequenceId) => encode({ type: HubMessageType.Ack, sequenceId }),
    encodeSequence: (sequenceId) => encode({ type: HubMessageType.Sequence, sequenceId }),
  }
}

/**
 * The messages in `data`, which has to end with the last of them. That is how clients read: they take a message that is
 * spread over two WebSocket messages for broken. spec: hub §0
 */
export function* readWhole(protocol: HubProtocol, data: Buffer): Generator<HubMessage, void, undefined> {
  const unfinishedBytes = yield* protocol.read(data)
  if (unfinishedBytes > 0) throw new SignalrError('FRAMING', `Incomplete message: ${unfinishedBytes} bytes at the end`)
}
