import { checkBounds, MAX_MESSAGE_BYTES } from './bounds.ts'
import { SignalrError } from './errors.ts'
import { invalidMessage, list, name, optionalId, sequenceId, text } from './fields.ts'
import { type HubMessage, HubMessageType, type Outcome, ResultKind } from './hub-message.ts'
import { type HubProtocol, hubProtocol } from './protocol.ts'
import { encodeRecord, parseRecord, RECORD_SEPARATOR } from './records.ts'

/**
 * JSON, what SignalR's own clients speak unless told otherwise: an object for each message, with a separator behind it.
 * `maxItems` bounds every list and object in what clients say, `maxMessageBytes` each message without its separator.
 * spec: hub §1.4, §1.5
 */
export function jsonProtocol(maxItems: number, maxMessageBytes = MAX_MESSAGE_BYTES): HubProtocol {
  return hubProtocol({
    name: 'json',
    isBinary: false,
    encode: (message) => encodeRecord(toRecord(message)),
    *read(data) {
      let at = 0
      while (at < data.length) {
        const end = data.indexOf(RECORD_SEPARATOR, at)
        const length = (end < 0 ? data.length : end) - at
        if (length > maxMessageBytes) throw tooLong(length, maxMessageBytes)
        if (end < 0) return length
        const record = parseRecord(data.subarray(at, end), 'MESSAGE')
        checkBounds(record, maxItems)
        const message = toMessage(record)
        if (message !== undefined) yield message
        at = end + 1
      }
      return 0
    },
  })
}

function tooLong(length: number, maxMessageBytes: number): SignalrError {
  return new SignalrError('FRAMING', `Message of ${length} bytes or more; at most ${maxMessageBytes} are taken`)
}

/** What is undefined in it is not written. */
function toRecord(message: HubMessage): object {
  const { type } = message
  switch (type) {
    case HubMessageType.Invocation:
    case HubMessageType.StreamInvocation: {
      const { invocationId, target } = message
      return { type, invocationId: invocationId ?? undefined, target, arguments: message.arguments }
    }
    case HubMessageType.StreamItem:
      return { type, invocationId: message.invocationId, item: orNull(message.item) }
    case HubMessageType.Completion:
      return { type, invocationId: message.invocationId, ...outcomeFields(message.outcome) }
    case HubMessageType.CancelInvocation:
      return { type, invocationId: message.invocationId }
    case HubMessageType.Ping:
      return { type }
    case HubMessageType.Close:
      return { type, error: message.error ?? undefined, allowReconnect: message.allowReconnect || undefined }
    case HubMessageType.Ack:
    case HubMessageType.Sequence:
      return { type, sequenceId: message.sequenceId }
  }
}

function outcomeFields(outcome: Outcome): object {
  switch (outcome.kind) {
    case ResultKind.Error:
      return { error: outcome.error }
    case ResultKind.Void:
      return {}
    case ResultKind.Value:
      return { result: orNull(outcome.result) }
  }
}

/** A value that is not there is written as null, in MessagePack as well: left out, it would be none. */
function orNull(value: unknown): unknown {
  return value === undefined ? null : value
}

function toMessage(record: Record<string, unknown>): HubMessage | undefined {
  if (typeof record.type !== 'number') throw new SignalrError('MESSAGE', 'Message without a type')
  const type = record.type as HubMessage['type']
  switch (type) {
    case HubMessageType.Invocation:
      return { type, invocationId: optionalId(record.invocationId, type), ...call(record, type) }
    case HubMessageType.StreamInvocation:
      return { type, invocationId: name(record.invocationId, type, 'invocationId'), ...call(record, type) }
    case HubMessageType.StreamItem:
      if (!Object.hasOwn(record, 'item')) throw invalidMessage(type, 'no item')
      return { type, invocationId: name(record.invocationId, type, 'invocationId'), item: record.item }
    case HubMessageType.Completion:
      return { type, invocationId: name(record.invocationId, type, 'invocationId'), outcome: toOutcome(record) }
    case HubMessageType.CancelInvocation:
      return { type, invocationId: name(record.invocationId, type, 'invocationId') }
    case HubMessageType.Ping:
      return { type }
    case HubMessageType.Close: {
      const { error, allowReconnect } = record
      return { type, error: typeof error === 'string' ? error : null, allowReconnect: allowReconnect === true }
    }
    case HubMessageType.Ack:
    case HubMessageType.Sequence:
      return { type, sequenceId: sequenceId(record.sequenceId, type) }
    default:
      return undefined
  }
}

function call(record: Record<string, unknown>, type: HubMessage['type']) {
  return { target: name(record.target, type, 'target'), arguments: list(record.arguments, type, 'arguments') }
}

function toOutcome(record: Record<string, unknown>): Outcome {
  const hasResult = Object.hasOwn(record, 'result')
  const { error = null, result } = record
  if (error === null) return hasResult ? { kind: ResultKind.Value, result } : { kind: ResultKind.Void }
  if (hasResult) throw invalidMessage(HubMessageType.Completion, 'both a result and an error')
  return { kind: ResultKind.Error, error: text(error, HubMessageType.Completion, 'error') }
}
