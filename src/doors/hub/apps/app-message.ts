import { isUtf8 } from 'node:buffer'
import { RECORD_SEPARATOR } from '#wire/signalr'
import { HubEvent } from '../hub-event.ts'

/** A method of clients to be called, as it is published: JSON with these two members and no other. */
export interface AppMessage {
  readonly target: string
  readonly arguments: readonly unknown[]
}

/** Lists and objects within one another, the message included: as .NET's clients take at most. */
const MAX_DEPTH = 64

/** What every client takes for an attack. */
const FORBIDDEN_KEY = '__proto__'

const INVOCATION_HEAD = Buffer.from('{"type":1,')
const RECORD_END = Buffer.from([RECORD_SEPARATOR])

/** The message that was published, or what is wrong with it, as a sentence that repeats nothing of it. */
export function readAppMessage(payload: Buffer): AppMessage | string {
  const value = parsed(payload)
  if (value === undefined) return 'The message must be JSON.'
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'The message must be a JSON object.'
  const { target, arguments: args, ...others } = value as Record<string, unknown>
  if (typeof target !== 'string' || target === '') return '"target" must be the name of a method.'
  if (!Array.isArray(args)) return '"arguments" must be a list.'
  if (Object.keys(others).length > 0) return 'The message must have "target" and "arguments" and nothing else.'
  return problemIn(args, 2) ?? { target, arguments: args }
}

/**
 * What clients hear of it. Those that speak JSON get the text as it was published, so that numbers keep all their
 * digits; `payload` must be what `message` was read from.
 */
export function appEvent(payload: Buffer, message: AppMessage): HubEvent {
  return new HubEvent((protocol) => {
    if (protocol.isBinary) return protocol.encodeInvocation(message.target, message.arguments)
    const members = payload.subarray(payload.indexOf('{') + 1)
    return Buffer.concat([INVOCATION_HEAD, members, RECORD_END])
  })
}

function parsed(payload: Buffer): unknown {
  if (!isUtf8(payload)) return undefined
  try {
    return JSON.parse(payload.toString())
  } catch {
    return undefined
  }
}

function problemIn(value: unknown, depth: number): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  if (depth > MAX_DEPTH) return `The message is nested deeper than ${MAX_DEPTH}.`
  if (Object.hasOwn(value, FORBIDDEN_KEY)) return `No member can be called ${FORBIDDEN_KEY}.`
  for (const item of Array.isArray(value) ? value : Object.values(value)) {
    const problem = problemIn(item, depth + 1)
    if (problem !== undefined) return problem
  }
  return undefined
}
