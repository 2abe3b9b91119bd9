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
  /** Absolute URLs that `parseAllowedOrigin` accepts; their paths are ignored. Empty: any origin. */
  readonly allowedOrigins: readonly string[]
}

/** The origin that a browser names; old ones had a header of their own for it. Undefined for most other clients. */
export function originOf(headers: RequestHeaders): string | undefined {
  return [headers.origin].flat()[0] || [headers['sec-websocket-origin']].flat()[0] || undefined
}

/**
 * Why a request from `origin` is refused, for the log; undefined when it is welcome. `host` is the request's Host
 * header, `isTls` whether this listener itself ends the TLS connection. Both rules must hold where both are given. A
 * request without an origin comes from no browser, where nothing would keep it from naming any origin it likes.
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
  const isListed = rules.allowedOrigins.some((allowed) => isSame(from, parseAllowedOrigin(allowed)))
  return isListed ? undefined : 'not in the allowed list'
}

/** An entry of `allowed_origins`. Throws a `ConfigError`, in nats-server's words, when it could never match. */
export function parseAllowedOrigin(text: string): Origin {
  const origin = parseOrigin(text)
  if (typeof origin === 'string') throw new ConfigError(`unable to parse allowed origin: ${origin}`)
  if (origin.scheme !== 'http' && origin.scheme !== 'https') {
    throw new ConfigError(
      `unable to parse allowed origin "${text}": allowed origins must be absolute URLs with http or https scheme`,
    )
  }
  if (origin.host === '') throw new ConfigError(`unable to parse allowed origin "${text}": host is required`)
  return origin
}

/** The origin, or what is wrong with it in the words of Go's URL parser, which people look up. */
function parseOrigin(text: string): Origin | string {
  const parts = /^(?:([a-z][a-z0-9+.-]*):)?\/(?:\/([^/?#]*))?/i.exec(text)
  if (parts === null) return `parse ${JSON.stringify(text)}: invalid URI for request`
  const scheme = (parts[1] ?? '').toLowerCase()
  const authority = (parts[2] ?? '').toLowerCase()
  const hostAndPort = /^(?:\[([0-9a-f:.%]*)\]|([^:[\]@\s]*))(?::(\d*))?$/.exec(authority)
  if (hostAndPort === null) return `parse ${JSON.stringify(text)}: invalid host ${JSON.stringify(authority)}`
  const [, ipv6, name, port] = hostAndPort
  return { scheme, host: ipv6 ?? name ?? '', port: port || (scheme === 'https' ? '443' : '80') }
}

function isSame(a: Origin, b: Origin): boolean {
  return a.host === b.host && a.port === b.port && a.scheme === b.scheme
}
