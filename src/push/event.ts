import type { Message } from '#core'
import {
  type ClientType,
  CONTROL_REVOKE,
  clientTypeOf,
  NotificationType,
  parseNotification,
  parseRevocation,
} from '#notify'

/** What was published on a subject of a user or an organization. */
export interface PushedEvent {
  readonly audience: 'user' | 'organization'
  /** Of the user or the organization. */
  readonly id: string
  /** Only clients of that type are told; undefined: all. */
  readonly clientType: ClientType | undefined
  /** Only these devices are told; undefined: all. */
  readonly deviceIds?: readonly string[] | undefined
  readonly type: number
  readonly payload: Readonly<Record<string, unknown>>
  readonly contextId: string | null
  /** When it was told. Milliseconds since the Unix epoch. */
  readonly atMs: number
  /** The request to this instance that caused it, for the log. */
  readonly requestId?: string | undefined
}

/**
 * Characters of a payload that is pushed as it is. Apple, Google and Web Push take 4,096 bytes in all, and what is around it
 * differs. A longer one becomes a hint to sync.
 */
const MAX_PAYLOAD_CHARACTERS = 2_500

const MINUTE_MS = 60_000

/** A login is approved within this time or not at all, and somebody who was logged out may have logged in again since. */
const URGENT_TTL_MS = 15 * MINUTE_MS
/** A phone that was off for longer syncs when it is on. */
const HINT_TTL_MS = 7 * 24 * 60 * MINUTE_MS

const URGENT = new Set<number>([
  NotificationType.LogOut,
  NotificationType.AuthRequest,
  NotificationType.AuthRequestResponse,
])

/** How long an event of that `NotificationType` is of use. */
export const ttlMs = (type: number) => (URGENT.has(type) ? URGENT_TTL_MS : HINT_TTL_MS)

export type Audience = Pick<PushedEvent, 'audience' | 'id'>

/**
 * Of `vault.user.<id>.<name>`, `vault.org.<id>.<name>`, and of the end of sessions. Throws a `ProtocolError` for one that
 * names nobody.
 */
export function audienceOf({ subject, payload }: Message): Audience {
  if (subject === CONTROL_REVOKE) return { audience: 'user', id: parseRevocation(payload).userId }
  const [, kind, id = ''] = subject.split('.', 3)
  return { audience: kind === 'org' ? 'organization' : 'user', id }
}

/** Throws a `ProtocolError` when the bytes are not a notification, or no end of sessions. */
export function eventFrom(message: Message, atMs: number): PushedEvent {
  if (message.subject === CONTROL_REVOKE) return revocationEvent(message, atMs)
  const { ContextId, Type, Payload } = parseNotification(message.payload)
  const audience = audienceOf(message)
  const event = {
    ...audience,
    clientType: clientTypeOf(message.subject) as ClientType | undefined,
    type: Type,
    payload: Payload,
    contextId: ContextId,
    atMs,
  }
  if (audience.audience === 'user' && JSON.stringify(Payload).length > MAX_PAYLOAD_CHARACTERS) {
    return { ...syncEvent(audience.id, atMs), contextId: ContextId }
  }
  return event
}

/** The hubs tell devices the same of it. */
function revocationEvent({ payload }: Message, atMs: number): PushedEvent {
  const { userId, deviceIds, contextId } = parseRevocation(payload)
  return {
    ...syncEvent(userId, atMs),
    type: NotificationType.LogOut,
    deviceIds: deviceIds ?? undefined,
    contextId,
  }
}

/** Something in the account has changed. */
export function syncEvent(userId: string, atMs: number): PushedEvent {
  return {
    audience: 'user',
    id: userId,
    clientType: undefined,
    type: NotificationType.SyncVault,
    payload: { UserId: userId, Date: new Date(atMs).toISOString() },
    contextId: null,
    atMs,
  }
}
