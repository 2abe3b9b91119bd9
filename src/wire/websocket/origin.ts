import { ConfigError } from '#kit'
import type { RequestHeaders } from './handshake.ts'

/** What is compared of an origin: scheme and host in lower case, the port spelt out. */
export interface Origin {
  readonly scheme: string
  readonly host: string
  readonly port: string
}

export interface OriginRules {
  readonly sameOrigin: boolean
  /** What `parseAllowedOrigin` accepts: absolute URLs, whose paths are ignored, and patterns. Empty: any origin. */
  readonly allowedOrigins: readonly string[]
}

/** The origin that a browser names; old ones had a header of their own for it. Undefined for most other clients. */
export function originOf(headers: RequestHeaders): string | undefined {
  return [headers.origin].flat()[0] || [headers['sec-websocket-origin']].flat()[0] || undefined
}

/**
 * Why a request from `origin` is refused, for the log; undefined when it is welcome. `host` and `isTls` are how the
 * client reached this listener: the request's Host header and TLS, or what a trusted proxy says of them. Both rules must
 * hold where both are given. A request without an origin comes from no browser, where nothing would keep it from naming
 * any origin it likes.
 */
export function originAllowed(
  origin: string | undefined,
  host: string,
  isTls: boolean,
  rules: OriginRules,
): string | undefined {
  if (!rules.sameOrigin && rules.allowedOrigins.length === 0) return undefined
  if (!origin) return undefined
  const from = parseOrigin(origin)
  if (typeof from === 'string') return from
  if (rules.sameOrigin) {
    const own = parseOrigin(`${isTls ? 'https' : 'http'}://${host}`)
    if (typeof own === 'string' || !isSame(from, own)) return 'not same origin'
  }
  if (rules.allowedOrigins.length === 0) return undefined
  const isListed = rules.allowedOrigins.some((allowed) => matches(from, parseAllowedOrigin(allowed)))
  return isListed ? undefined : 'not in the allowed list'
}

/** An entry of `allowed_origins`: an origin, or a pattern for many. */
export interface AllowedOrigin extends Origin {
  /** `*`: on any port. */
  readonly port: string
  /** Whether `host` stands for all names below it, and not for itself. */
  readonly isParent: boolean
}

/**
 * Beyond nats-server's origins, `https://*.example.com` is every name below `example.com`, however deep, and
 * `https://example.com:*` every port. Throws a `ConfigError`, in nats-server's words, for what could never match.
 */
export function parseAllowedOrigin(text: string): AllowedOrigin {
  const hasAnyPort = /^[^/]*\/\/[^/?#]*:\*(?:[/?#]|$)/.test(text)
  const origin = parseOrigin(hasAnyPort ? text.replace(':*', '') : text)
  if (typeof origin === 'string') throw new ConfigError(`unable to parse allowed origin: ${origin}`)
  if (origin.scheme !== 'http' && origin.scheme !== 'https') {
    throw new ConfigError(
      `unable to parse allowed origin "${text}": allowed origins must be absolute URLs with http or https scheme`,
    )
  }
  const isParent = origin.host.startsWith('*.')
  const host = isParent ? origin.host.slice('*.'.length) : origin.host
  if (host === '') throw new ConfigError(`unable to parse allowed origin "${text}": host is required`)
  // nats-server takes it for a name, which no browser has.
  if (host.includes('*')) {
    throw new ConfigError(
      `unable to parse allowed origin "${text}": only "*." before a host and ":*" behind it match more`,
    )
  }
  return { ...origin, host, isParent, port: hasAnyPort ? '*' : origin.port }
}

/** The origin, or what is wrong with it in the words of Go's URL parser, which people look up. */
function parseOrigin(text: string): Origin | string {
  const parts = /^(?:([a-z][a-z0-9+.-]*):)?\/(?:\/([^/?#]*))?/i.exec(text)
  if (parts === null) return `parse ${JSON.stringify(text)}: invalid URI for request`
  const scheme = (parts[1] ?? '').toLowerCase()
  const authority = (parts[2] ?? '').toLowerCase()
  const hostAndPort = /^(?:\[([0-9a-f:.%]*)\]|([^:[\]@\s\\]*))(?::(\d*))?$/.exec(authority)
  if (hostAndPort === null) return `parse ${JSON.stringify(text)}: invalid host ${JSON.stringify(authority)}`
  const [, ipv6, name, port] = hostAndPort
  return { scheme, host: ipv6 ?? name ?? '', port: port || (scheme === 'https' ? '443' : '80') }
}

function matches(from: Origin, allowed: AllowedOrigin): boolean {
  const isHost = allowed.isParent
    ? from.host.length > allowed.host.length + 1 && from.host.endsWith(`.${allowed.host}`)
    : from.host === allowed.host
  return isHost && from.scheme === allowed.scheme && (allowed.port === '*' || from.port === allowed.port)
}

function isSame(a: Origin, b: Origin): boolean {
  return a.host === b.host && a.port === b.port && a.scheme === b.scheme
}
