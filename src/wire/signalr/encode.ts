import { Encoder } from '@msgpack/msgpack'
import { frame } from './framing.ts'
import { HubMessageType, type Outcome, ResultKind } from './hub-message.ts'
import type { CloseOptions } from './protocol.ts'
import { timestamps } from './timestamp.ts'

// Each function returns the whole frame, length included: one or more of them are one binary WebSocket message.

const encoder = new Encoder({ extensionCodec: timestamps })

/** Five items, without the list of streams, as Vaultwarden writes it; fewer are refused by the clients. */
export function encodeInvocation(target: string, args: readonly unknown[]): Buffer {
  return encode([HubMessageType.Invocation, {}, null, target, args])
}

export function encodeCompletion(invocationId: string, outcome: Outcome): Buffer {
  const head = [HubMessageType.Completion, {}, invocationId, outcome.kind]
  switch (outcome.kind) {
    case ResultKind.Error:
      return encode([...head, outcome.error])
    case ResultKind.Void:
      return encode(head)
    case ResultKind.Value:
      return encode([...head, outcome.result])
  }
}

export function encodeClose(options: CloseOptions = {}): Buffer {
  const { error = null, allowReconnect = false } = options
  return encode(allowReconnect ? [HubMessageType.Close, error, true] : [HubMessageType.Close, error])
}

/** Book-keeping of stateful reconnect: what was received last. */
export function encodeAck(sequenceId: number): Buffer {
  return encode([HubMessageType.Ack, sequenceId])
}

/** Book-keeping of stateful reconnect: what follows next. */
export function encodeSequence(sequenceId: number): Buffer {
  return encode([HubMessageType.Sequence, sequenceId])
}

/** Always the same three bytes. */
export const PING: Buffer = encode([HubMessageType.Ping])

function encode(message: readonly unknown[]): Buffer {
  return frame(encoder.encodeSharedRef(message))
}
