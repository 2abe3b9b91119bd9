import { ProtocolError } from '#kit'

/** Asks all hubs which of these devices have heard what was told before: subject `CONTROL_WHO_HEARS`. */
export interface HearingQuestion {
  /** A name for it, which its answers repeat. */
  readonly question: string
  readonly userId: string
  /** At most `MAX_ASKED_DEVICES`. */
  readonly deviceIds: readonly string[]
}

/** Of one device, from a hub that it is connected to: subject `CONTROL_HEARS`. */
export interface HearingAnswer {
  readonly question: string
  readonly deviceId: string
  /** False: it is connected and has been asked, so that another answer may follow. True: all has reached it, by its own word. */
  readonly hasHeard: boolean
  /** For how long, at least, it has been connected: what was told before that it has not heard. Milliseconds. */
  readonly openForMs: number
}

/** Devices that one question can be about. */
export const MAX_ASKED_DEVICES = 64
const MAX_BYTES = 64 * 1024

/** JSON, UTF-8: `{"Question":"…","UserId":"…","DeviceIds":["…"]}`. */
export function encodeHearingQuestion({ question, userId, deviceIds }: HearingQuestion): Buffer {
  return Buffer.from(JSON.stringify({ Question: question, UserId: userId, DeviceIds: deviceIds }))
}

/** JSON, UTF-8: `{"Question":"…","DeviceId":"…","Heard":true,"OpenFor":15000}`. */
export function encodeHearingAnswer({ question, deviceId, hasHeard, openForMs }: HearingAnswer): Buffer {
  const answer = { Question: question, DeviceId: deviceId, Heard: hasHeard, OpenFor: openForMs }
  return Buffer.from(JSON.stringify(answer))
}

/** Throws a `ProtocolError` when the bytes are no such question. */
export function parseHearingQuestion(bytes: Buffer): HearingQuestion {
  const { Question, UserId, DeviceIds } = membersOf(bytes)
  if (!isText(Question) || !isText(UserId)) throw invalid('question lacks a name or a user')
  if (!Array.isArray(DeviceIds) || DeviceIds.length > MAX_ASKED_DEVICES || !DeviceIds.every(isText)) {
    throw invalid(`question has DeviceIds that are no list of at most ${MAX_ASKED_DEVICES} texts`)
  }
  return { question: Question, userId: UserId, deviceIds: DeviceIds }
}

/** Throws a `ProtocolError` when the bytes are no such answer. */
export function parseHearingAnswer(bytes: Buffer): HearingAnswer {
  const { Question, DeviceId, Heard, OpenFor } = membersOf(bytes)
  if (!isText(Question) || !isText(DeviceId) || typeof Heard !== 'boolean' || !isDuration(OpenFor)) {
    throw invalid('answer lacks a field, or has one of another type')
  }
  return { question: Question, deviceId: DeviceId, hasHeard: Heard, openForMs: OpenFor }
}

function membersOf(bytes: Buffer): Record<string, unknown> {
  if (bytes.length > MAX_BYTES) throw invalid('message is too long')
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'))
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch (cause) {
    throw invalid('message is not JSON', { cause })
  }
}

const isText = (value: unknown): value is string => typeof value === 'string' && value.length <= 255

const isDuration = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0

function invalid(what: string, options?: ErrorOptions): ProtocolError<'INVALID_HEARING'> {
  return new ProtocolError('INVALID_HEARING', `Hearing ${what}`, options)
}
