import type { Permissions, SubjectRules } from '#core'
import { fromByteString } from '#kit'
import { NatsProtocolError, parseHeaders } from '#wire/nats'
import { nanoseconds } from '../monitoring/go-format.ts'
import { type JsonObject, unlessEmpty } from '../monitoring/json.ts'

/** What a connection may do, and until when. */
export interface ConnectionRights {
  readonly permissions?: Permissions | undefined
  /** Milliseconds since the epoch. */
  readonly expiry?: { readonly atMs: number } | undefined
}

/** Who asks, as the broker adds it to a request that comes from an account. */
export interface RequestInfo {
  readonly id: number
  readonly acc: string
  readonly user: string
  readonly name_tag: string
}

const REQUEST_INFO = 'Nats-Request-Info'

/** `undefined` when the header block does not say it. */
export function requestInfoOf(block: Buffer): RequestInfo | undefined {
  if (block.length === 0) return undefined
  try {
    const json: unknown = JSON.parse(parseHeaders(block).headers.get(REQUEST_INFO)?.[0] ?? 'null')
    if (typeof json !== 'object' || json === null) return undefined
    const { id, acc, user = '', name_tag = '' } = json as Partial<Record<keyof RequestInfo, unknown>>
    if (typeof id !== 'number' || typeof acc !== 'string') return undefined
    return { id, acc, user: String(user), name_tag: String(name_tag) }
  } catch (error) {
    if (error instanceof NatsProtocolError || error instanceof SyntaxError) return undefined
    throw error
  }
}

/** The answer to `$SYS.REQ.USER.INFO`. */
export function userInfo(
  { acc, user, name_tag }: RequestInfo,
  accountTag: string,
  { permissions, expiry }: ConnectionRights,
  nowMs: number,
): JsonObject {
  return {
    user,
    account: acc,
    account_name: unlessEmpty(accountTag),
    user_name: unlessEmpty(name_tag),
    permissions: permissions && permissionsJson(permissions),
    expires: expiry && unlessEmpty(nanoseconds(Math.trunc((expiry.atMs - nowMs) / 1000) * 1000)),
  }
}

function permissionsJson({ publish, subscribe, responses }: Permissions): JsonObject {
  return {
    publish: rulesJson(publish),
    subscribe: rulesJson(subscribe),
    responses: responses && {
      max: responses.maxMessages,
      ttl: responses.ttlMs < 0 ? responses.ttlMs : nanoseconds(responses.ttlMs),
    },
  }
}

function rulesJson({ allow, deny }: SubjectRules = {}): JsonObject {
  return { allow: unlessEmpty(allow?.map(fromByteString)), deny: unlessEmpty(deny?.map(fromByteString)) }
}
