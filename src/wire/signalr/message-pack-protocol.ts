import { Decoder, Encoder } from '@msgpack/msgpack'
import { checkBounds, MAX_MESSAGE_BYTES } from './bounds.ts'
import { SignalrError } from './errors.ts'
import { invalidMessage, list, name, optionalId, sequenceId, text } from './fields.ts'
import { frame, readFrames } from './framing.ts'
import { type HubMessage, HubMessageType, type Outcome, ResultKind } from './hub-message.ts'
import { checkNesting } from './message-pack-nesting.ts'
import { type HubProtocol, hubProtocol } from './protocol.ts'
import { timestamps } from './timestamp.ts'

/** What a message needs at least, by type; more items than that are let pass, as a later version may add some. */
const MIN_ITEMS: Readonly<Record<HubMessage['type'], number>> = {
  [HubMessageType.Invocation]: 5,
  [HubMessageType.StreamItem]: 4,
  [HubMessageType.Completion]: 4,
  [HubMessageType.StreamInvocation]: 5,
  [HubMessageType.CancelInvocation]: 3,
  [HubMessageType.Ping]: 1,
  [HubMessageType.Close]: 2,
  [HubMessageType.Ack]: 2,
  [HubMessageType.Sequence]: 2,
}

export interface MessagePackWriting {
  /**
   * Whether an Invocation ends with its list of streams, which is empty, as .NET writes it. Vaultwarden does not, nor do
   * Microsoft's JavaScript clients, and all of those read both; but some other clients cannot do without. Default false.
   */
  readonly withStreams?: boolean
}

/**
 * MessagePack, what the Bitwarden apps speak: a list for each message, with its length before it.
 *
 * `maxItems` bounds every list and map in what clients say. It has to be small for an untrusted peer: room for a list is
 * made when its length is read. `maxMessageBytes` bounds each
 * message, without its length. spec: hub §1.4, §1.5
 */
export function messagePackProtocol(
  maxItems: number,
  maxMessageBytes = MAX_MESSAGE_BYTES,
  { withStreams = false }: MessagePackWriting = {},
): HubProtocol {
  const streams = withStreams ? [[]] : []
  const decoder = new Decoder({ extensionCodec: timestamps, maxArrayLength: maxItems, maxMapLength: maxItems })
  return hubProtocol({
    name: 'messagepack',
    isBinary: true,
    encode: (message) => frame(encoder.encodeSharedRef(toItems(message, streams))),
    *read(data) {
      const frames = readFrames(data, maxMessageBytes)
      let next = frames.next()
      for (; !next.done; next = frames.next()) {
        const items = readItems(decoder, next.value)
        checkBounds(items, maxItems)
        const message = toMessage(items)
        if (message !== undefined) yield message
      }
      return next.value
    },
  })
}

const encoder = new Encoder({ extensionCodec: timestamps })

/** An Invocation has five items at least; clients refuse fewer. */
function toItems(message: HubMessage, streams: readonly unknown[]): readonly unknown[] {
  const { type } = message
  switch (type) {
    case HubMessageType.Invocation:
    case HubMessageType.StreamInvocation:
      return [type, {}, message.invocationId, message.target, message.arguments, ...streams]
    case HubMessageType.StreamItem:
      return [type, {}, message.invocationId, message.item]
    case HubMessageType.Completion:
      return [type, {}, message.invocationId, ...outcomeItems(message.outcome)]
    case HubMessageType.CancelInvocation:
      return [type, {}, message.invocationId]
    case HubMessageType.Ping:
      return [type]
    case HubMessageType.Close:
      return message.allowReconnect ? [type, message.error, true] : [type, message.error]
    case HubMessageType.Ack:
    case HubMessageType.Sequence:
      return [type, message.sequenceId]
  }
}

function outcomeItems(outcome: Outcome): readonly unknown[] {
  const { kind } = outcome
  switch (kind) {
    case ResultKind.Error:
      return [kind, outcome.error]
    case ResultKind.Void:
      return [kind]
    case ResultKind.Value:
      return [kind, outcome.result]
  }
}

function readItems(decoder: Decoder, body: Buffer): readonly unknown[] {
  checkNesting(body)
  let items: unknown
  try {
    items = decoder.decode(body)
  } catch (cause) {
    throw new SignalrError('MESSAGE', 'Invalid payload', { cause })
  }
  if (!Array.isArray(items) || items.length === 0) throw new SignalrError('MESSAGE', 'Invalid payload')
  return items
}

function toMessage(items: readonly unknown[]): HubMessage | undefined {
  const type = items[0] as HubMessage['type']
  if (items.length < MIN_ITEMS[type]) throw invalidMessage(type, `too few items`)
  switch (type) {
    case HubMessageType.Invocation:
      return { type, invocationId: optionalId(items[2], type), ...call(items, type) }
    case HubMessageType.StreamInvocation:
      return { type, invocationId: name(items[2], type, 'invocationId'), ...call(items, type) }
    case HubMessageType.StreamItem:
      return { type, invocationId: name(items[2], type, 'invocationId'), item: items[3] }
    case HubMessageType.Completion:
      return { type, invocationId: name(items[2], type, 'invocationId'), outcome: toOutcome(items) }
    case HubMessageType.CancelInvocation:
      return { type, invocationId: name(items[2], type, 'invocationId') }
    case HubMessageType.Ping:
      return { type }
    case HubMessageType.Close:
      return { type, error: typeof items[1] === 'string' ? items[1] : null, allowReconnect: items[2] === true }
    case HubMessageType.Ack:
    case HubMessageType.Sequence:
      return { type, sequenceId: sequenceId(items[1], type) }
    default:
      return undefined
  }
}

function call(items: readonly unknown[], type: HubMessage['type']) {
  return { target: name(items[3], type, 'target'), arguments: list(items[4], type, 'arguments') }
}

function toOutcome(items: readonly unknown[]): Outcome {
  const [, , , kind, value] = items
  if (kind === ResultKind.Void) return { kind }
  if (kind === ResultKind.Error) return { kind, error: text(value, HubMessageType.Completion, 'error') }
  if (kind === ResultKind.Value && items.length >= 5) return { kind, result: value }
  throw invalidMessage(HubMessageType.Completion, 'neither error nor result')
}
