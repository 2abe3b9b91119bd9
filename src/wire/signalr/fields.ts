import { SignalrError } from './errors.ts'
import { type HubMessage, HubMessageType } from './hub-message.ts'

// What both protocols ask of the parts of a message. Each throws a `SignalrError` that names message and part.

const NAMES = new Map<unknown, keyof typeof HubMessageType>(
  Object.entries(HubMessageType).map(([name, type]) => [type, name as keyof typeof HubMessageType]),
)

export function invalidMessage(type: HubMessage['type'], objection: string): SignalrError {
  return new SignalrError('MESSAGE', `Invalid payload for ${NAMES.get(type)} message: ${objection}`)
}

/** A target or an id, which is never empty. */
export function name(value: unknown, type: HubMessage['type'], field: string): string {
  if (typeof value === 'string' && value !== '') return value
  throw invalidMessage(type, `${field} is no text, or empty`)
}

/** The id of an Invocation, which none or an empty one makes one that wants no answer. */
export function optionalId(value: unknown, type: HubMessage['type']): string | null {
  return value === null || value === undefined || value === '' ? null : name(value, type, 'invocationId')
}

export function list(value: unknown, type: HubMessage['type'], field: string): readonly unknown[] {
  if (Array.isArray(value)) return value
  throw invalidMessage(type, `${field} is no list`)
}

export function text(value: unknown, type: HubMessage['type'], field: string): string {
  if (typeof value === 'string') return value
  throw invalidMessage(type, `${field} is no text`)
}

export function sequenceId(value: unknown, type: HubMessage['type']): number {
  if (Number.isSafeInteger(value) && (value as number) >= 0) return value as number
  throw invalidMessage(type, 'sequenceId is no whole number, or too large')
}
