import type { User } from '#store'
import { equalSecrets } from './compare.ts'

const TTL_SECONDS = 120

/**
 * After a change of the password the client finishes its work with the token it has. For two minutes the old security
 * stamp therefore still opens a few named routes. Both the form and the names (of Vaultwarden's handlers) are stored,
 * so they are as Vaultwarden has them (spec/vault.md §4.1).
 */
export type StampExceptionRoute = 'post_rotatekey' | 'get_contacts' | 'get_public_keys' | 'get_api_webauthn'

export const AFTER_PASSWORD_CHANGE: readonly StampExceptionRoute[] = [
  'post_rotatekey',
  'get_contacts',
  'get_public_keys',
  'get_api_webauthn',
]

/** The text for `users.stamp_exception` that keeps `securityStamp` good for `routes`. */
export function stampException(securityStamp: string, routes: readonly StampExceptionRoute[], nowMs: number): string {
  return JSON.stringify({ routes, security_stamp: securityStamp, expire: Math.floor(nowMs / 1000) + TTL_SECONDS })
}

/** Whether the user's exception lets a token with `stamp` through to `route`. */
export function isExcepted(user: User, stamp: string, route: StampExceptionRoute, nowMs: number): boolean {
  const exception = parse(user.stampException)
  return (
    exception !== undefined &&
    Math.floor(nowMs / 1000) <= exception.expire &&
    exception.routes.includes(route) &&
    equalSecrets(exception.security_stamp, stamp)
  )
}

function parse(text: string | null): { routes: unknown[]; security_stamp: string; expire: number } | undefined {
  if (text === null) return undefined
  try {
    const { routes, security_stamp, expire } = JSON.parse(text)
    const isWhole = Array.isArray(routes) && typeof security_stamp === 'string' && typeof expire === 'number'
    return isWhole ? { routes, security_stamp, expire } : undefined
  } catch {
    return undefined
  }
}
