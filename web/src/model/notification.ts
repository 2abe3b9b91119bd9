import { isObject, type JsonObject, numberOrNull, textOrNull } from '../api/json.ts'

/** What a vault holds. */
export type Noun = 'item' | 'folder' | 'send'

/** What the hub tells of an account, as far as a web vault has something to do. Spec: hub §3 */
export type Notification = {
  /** The device that did it; null when that is not said. */
  readonly contextId: string | null
} & (
  | {
      readonly kind: 'changed'
      readonly noun: Noun
      readonly id: string
      /** Its new revision date; milliseconds since the Unix epoch, and infinity when none is said. */
      readonly revisionMs: number
    }
  | { readonly kind: 'removed'; readonly noun: Noun; readonly id: string }
  /** So much has changed that it is not said what. */
  | { readonly kind: 'account' }
  /** The same; and who may be told what has changed, which a connection learns when it is made. */
  | { readonly kind: 'organizations' }
  | { readonly kind: 'log-out' }
  /** Another device asks to be let in. */
  | { readonly kind: 'login-request'; readonly id: string }
  /** One of the user's devices has answered it. */
  | { readonly kind: 'login-answer'; readonly id: string }
)

/** By number. */
const CHANGED: Readonly<Record<number, Noun>> = {
  0: 'item',
  1: 'item',
  7: 'folder',
  8: 'folder',
  12: 'send',
  13: 'send',
}
const REMOVED: Readonly<Record<number, Noun>> = { 2: 'item', 3: 'folder', 9: 'item', 14: 'send' }
const ACCOUNT = [4, 5, 10]
const ORGANIZATIONS = [6, 17, 18, 19]
const LOG_OUT = 11
const LOGIN_REQUEST = 15
const LOGIN_ANSWER = 16

/** The argument of the hub's `ReceiveMessage`; undefined where there is nothing to do, or it is for somebody else. */
export function readNotification(argument: unknown, userId: string): Notification | undefined {
  if (!isObject(argument) || !isObject(argument.Payload)) return undefined
  const { Type: type, Payload: payload } = argument
  const addressee = textOrNull(payload.UserId)
  if (addressee !== null && addressee !== userId) return undefined
  const what = readWhat(numberOrNull(type) ?? -1, payload)
  return what && { contextId: textOrNull(argument.ContextId), ...what }
}

type What = Notification extends infer N ? (N extends Notification ? Omit<N, 'contextId'> : never) : never

function readWhat(type: number, payload: JsonObject): What | undefined {
  if (ACCOUNT.includes(type)) return { kind: 'account' }
  if (ORGANIZATIONS.includes(type)) return { kind: 'organizations' }
  // With a reason, what has changed leaves the session as it is.
  if (type === LOG_OUT) return numberOrNull(payload.Reason) === null ? { kind: 'log-out' } : { kind: 'account' }
  const id = textOrNull(payload.Id)
  if (id === null) return undefined
  if (type === LOGIN_REQUEST) return { kind: 'login-request', id }
  if (type === LOGIN_ANSWER) return { kind: 'login-answer', id }
  const changed = CHANGED[type]
  if (changed !== undefined) return { kind: 'changed', noun: changed, id, revisionMs: msOf(payload.RevisionDate) }
  const removed = REMOVED[type]
  return removed && { kind: 'removed', noun: removed, id }
}

/** MessagePack has dates of its own. */
function msOf(date: unknown): number {
  const ms = date instanceof Date ? date.getTime() : Date.parse(textOrNull(date) ?? '')
  return Number.isNaN(ms) ? Number.POSITIVE_INFINITY : ms
}
