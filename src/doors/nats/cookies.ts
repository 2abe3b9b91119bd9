import type { ConnectOptions } from './connect-options.ts'
import type { CookieNames } from './profile.ts'

/** Credentials that came with the upgrade; a client may still bring its own in CONNECT. */
export type CookieCredentials = Partial<Pick<ConnectOptions, 'jwt' | 'user' | 'password' | 'token'>>

/** In the order in which a cookie's name is compared: one that is given twice feeds the first only. */
const KINDS = ['jwt', 'user', 'password', 'token'] as const

/**
 * The credentials in a `Cookie` header (RFC 6265 §4.2.1). Of cookies with the same name the last counts; values lose
 * the quotes around them, as in Go's parser. (`spec/nats.md` §3.5)
 */
export function credentialsIn(header: string | undefined, names: CookieNames | undefined): CookieCredentials {
  const credentials: { -readonly [Kind in keyof CookieCredentials]: CookieCredentials[Kind] } = {}
  if (header === undefined || names === undefined) return credentials
  for (const pair of header.split(';')) {
    const equals = pair.indexOf('=')
    if (equals < 0) continue
    const name = pair.slice(0, equals).trim()
    const kind = KINDS.find((candidate) => name !== '' && names[candidate] === name)
    if (kind !== undefined) credentials[kind] = unquoted(pair.slice(equals + 1).trim())
  }
  return credentials
}

/** What CONNECT says, filled up from cookies. */
export function withCookies<Options extends Required<CookieCredentials>>(
  options: Options,
  cookies: CookieCredentials,
): Options {
  const filled: Record<string, unknown> = { ...options }
  for (const kind of KINDS) if (options[kind] === '') filled[kind] = cookies[kind] ?? ''
  return filled as unknown as Options
}

function unquoted(value: string): string {
  return value.length > 1 && value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value
}
