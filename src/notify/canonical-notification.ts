import { normalGuid, ProtocolError } from '#kit'
import { caselessMembers } from './caseless-members.ts'
import { canonicalDate } from './dates.ts'
import { type Notification, type NotificationName, notificationName } from './notification.ts'
import { type MemberKind, type Members, PAYLOADS, type Payload } from './payloads.ts'
import type { Audience } from './subjects.ts'

/** What another server wants said, as it came: nothing of it was checked. */
export interface ForeignNotification {
  readonly type: unknown
  /** An object, or one as JSON. Its members may be written in any case. */
  readonly payload: unknown
  readonly contextId: unknown
}

export interface CanonicalNotification {
  readonly notification: Notification
  readonly name: NotificationName
  /** By its type and what it says. */
  readonly audience: Audience
}

/**
 * What another server says, as we would say it: members by their names and in their order on the wire, ids in lower
 * case, null for what is missing and may be, and nothing of what no client knows. Undefined for a type that nobody
 * knows; throws a `ProtocolError` that names the member when something is missing or is not what it should be, and never
 * shows its value.
 */
export function canonicalNotification(foreign: ForeignNotification): CanonicalNotification | undefined {
  const type = foreign.type
  if (typeof type !== 'number' || !Number.isInteger(type)) refuse('Type', 'a whole number')
  const name = notificationName(type)
  if (name === undefined) return undefined
  const contextId = foreign.contextId ?? null
  if (contextId !== null && typeof contextId !== 'string') refuse('ContextId', 'a text or null')
  const { members, audience } = PAYLOADS[name]
  const payload = objectIn(parsed(foreign.payload), 'Payload', members)
  return { notification: { ContextId: contextId, Type: type, Payload: payload }, name, audience: audience(payload) }
}

function parsed(payload: unknown): unknown {
  if (typeof payload !== 'string') return payload
  try {
    return JSON.parse(payload)
  } catch {
    refuse('Payload', 'JSON')
  }
}

/** `path` is where `value` stands, for complaints. */
function objectIn(value: unknown, path: string, members: Members): Payload & Notification['Payload'] {
  const given = caselessMembers(value)
  if (given === undefined) refuse(path, 'an object')
  return Object.fromEntries(
    Object.entries(members).map(([name, kind]) => [name, memberIn(given(name) ?? null, `${path}.${name}`, kind)]),
  )
}

function memberIn(value: unknown, path: string, kind: MemberKind): unknown {
  if (value === null && typeof kind === 'string' && kind.endsWith('?')) return null
  if (value === null) throw new ProtocolError('INVALID_NOTIFICATION', `Notification has no ${path}`)
  if (typeof kind === 'object') return objectIn(value, path, kind)
  switch (kind) {
    case 'id':
    case 'id?':
      return idIn(value, path)
    case 'ids?':
      if (!Array.isArray(value)) refuse(path, 'a list of GUIDs')
      return value.map((id) => idIn(id, path))
    case 'date':
    case 'date?':
      return (typeof value === 'string' ? canonicalDate(value) : undefined) ?? refuse(path, 'a date of RFC 3339')
    case 'byte':
    case 'byte?':
      return isByte(value) ? value : refuse(path, 'a whole number from 0 to 255')
    case 'boolean':
    case 'boolean?':
      return typeof value === 'boolean' ? value : refuse(path, 'true or false')
    case 'text?':
      return typeof value === 'string' ? value : refuse(path, 'a text')
  }
}

/** What is no id must not become a part of a subject. */
function idIn(value: unknown, path: string): string {
  return normalGuid(value) ?? refuse(path, 'a GUID')
}

const isByte = (value: unknown) => Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 255

function refuse(path: string, wanted: string): never {
  throw new ProtocolError('INVALID_NOTIFICATION', `Notification has a ${path} that is not ${wanted}`)
}
