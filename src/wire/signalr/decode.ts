import { Decoder } from '@msgpack/msgpack'
import { SignalrError } from './errors.ts'
import { readFrames } from './framing.ts'
import { type HubMessage, HubMessageType, type Outcome, ResultKind } from './hub-message.ts'
import { timestamps } from './timestamp.ts'

/** What a message needs at least, by type; more items than that are let pass, as a later version may add some. */
const NAMES_AND_ITEMS: ReadonlyMap<unknown, readonly [name: string, minItems: number]> = new Map([
  [HubMessageType.Invocation, ['Invocation', 5]],
  [HubMessageType.StreamItem, ['StreamItem', 4]],
  [HubMessageType.Completion, ['Completion', 4]],
  [HubMessageType.StreamInvocation, ['StreamInvocation', 5]],
  [HubMessageType.CancelInvocation, ['CancelInvocation', 3]],
  [HubMessageType.Ping, ['Ping', 1]],
  [HubMessageType.Close, ['Close', 2]],
  [HubMessageType.Ack, ['Ack', 2]],
  [HubMessageType.Sequence, ['Sequence', 2]],
])

/** Reads the hub messages of MessagePack frames. */
export class HubDecoder {
  readonly #decoder: Decoder

  /**
   * `maxItems` bounds every list and map. It has to be small for an untrusted peer: room for a list is made when its
   * length is read, and a message may open another list every three bytes.
   */
  constructor(maxItems: number) {
    this.#decoder = new Decoder({ extensionCodec: timestamps, maxArrayLength: maxItems, maxMapLength: maxItems })
  }

  /**
   * The messages in one binary WebSocket message; those of types nobody knows yet are left out. Throws a
   * `SignalrError` when it gets to a broken one.
   */
  *read(data: Buffer): Generator<HubMessage, void, undefined> {
    for (const body of readFrames(data)) {
      const message = toMessage(this.#readItems(body))
      if (message !== undefined) yield message
    }
  }

  #readItems(body: Buffer): readonly unknown[] {
    let items: unknown
    try {
      items = this.#decoder.decode(body)
    } catch (cause) {
      throw new SignalrError('MESSAGE', 'Invalid payload', { cause })
    }
    if (!Array.isArray(items) || items.length === 0) throw new SignalrError('MESSAGE', 'Invalid payload')
    return items
  }
}

function toMessage(items: readonly unknown[]): HubMessage | undefined {
  const [name, minItems] = NAMES_AND_ITEMS.get(items[0]) ?? ['', 0]
  if (items.length < minItems) throw invalid(name)
  const type = items[0] as HubMessage['type']
  switch (type) {
    case HubMessageType.Invocation:
    case HubMessageType.StreamInvocation:
      return {
        type,
        invocationId: idOrNull(items[2], name),
        target: text(items[3], name),
        arguments: list(items[4], name),
      }
    case HubMessageType.StreamItem:
      return { type, invocationId: text(items[2], name), item: items[3] }
    case HubMessageType.Completion:
      return { type, invocationId: text(items[2], name), outcome: toOutcome(items) }
    case HubMessageType.CancelInvocation:
      return { type, invocationId: text(items[2], name) }
    case HubMessageType.Ping:
      return { type }
    case HubMessageType.Close:
      return { type, error: typeof items[1] === 'string' ? items[1] : null, allowReconnect: items[2] === true }
    case HubMessageType.Ack:
    case HubMessageType.Sequence:
      return { type, sequenceId: wholeNumber(items[1], name) }
    default:
      return undefined
  }
}

function toOutcome(items: readonly unknown[]): Outcome {
  const [, , , kind, value] = items
  if (kind === ResultKind.Error) return { kind, error: text(value, 'Completion') }
  if (kind === ResultKind.Void) return { kind }
  if (kind === ResultKind.Value && items.length >= 5) return { kind, result: value }
  throw invalid('Completion')
}

function text(value: unknown, name: string): string {
  if (typeof value === 'string') return value
  throw invalid(name)
}

function idOrNull(value: unknown, name: string): string | null {
  return value === null ? null : text(value, name)
}

function list(value: unknown, name: string): readonly unknown[] {
  if (Array.isArray(value)) return value
  throw invalid(name)
}

function wholeNumber(value: unknown, name: string): number {
  if (Number.isSafeInteger(value)) return value as number
  throw invalid(name)
}

function invalid(name: string): SignalrError {
  return new SignalrError('MESSAGE', `Invalid payload for ${name} message`)
}
