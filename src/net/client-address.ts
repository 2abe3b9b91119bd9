import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'
import { remoteOf } from './remote-address.ts'
import { trustCheck } from './trusted-proxies.ts'

/** The address of the client that sent a request, seen through proxies that are trusted. */
export type ClientAddress = (request: IncomingMessage) => string

export interface ClientAddressRules {
  /** Header that trusted proxies set (`IP_HEADER`); `undefined` when none is believed. */
  readonly header: string | undefined
  /** `local`: peers whose address is not global; `all`; or a list of addresses and CIDR ranges. */
  readonly trustedProxies: 'local' | 'all' | readonly string[]
}

/**
 * `spec/hub.md` §7.1: the first item of the header counts, and only when the peer itself is a trusted proxy: anybody
 * else could write what they like into it. NATS has rules of its own: `forwardedRequest`.
 */
export function clientAddress(rules: ClientAddressRules): ClientAddress {
  const header = rules.header?.toLowerCase()
  if (header === undefined) return peerAddress
  const isTrusted = trustCheck(rules.trustedProxies, 'IP_HEADER_TRUSTED_PROXIES')
  return (request) => {
    const peer = peerAddress(request)
    const value = request.headers[header]
    if (value === undefined || !isTrusted(peer)) return peer
    const first = (Array.isArray(value) ? value[0]! : value).split(',', 1)[0]!.trim()
    return isIP(first) === 0 ? peer : first
  }
}

/** The other end of the connection, before any header is looked at: see `remoteOf`. */
export function peerAddress(request: IncomingMessage): string {
  return remoteOf(request.socket).address
}
