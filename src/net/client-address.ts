import type { IncomingMessage } from 'node:http'
import type { ConcludeClient } from './client-conclusion.ts'
import { itemsFromEnd, parseAddress } from './forwarded.ts'
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
 * Looks through proxies that are trusted, from the one that connected to us: the client is the first address in the
 * header, read from its end, whose owner is not trusted, since most proxies append to what their client sent. An entry
 * that is no address ends the search, and the last good one counts. Where everybody is trusted that is the first
 * entry, which Vaultwarden takes always (`spec/hub.md` §7.1). NATS looks at more headers: `forwardedRequest`.
 */
export function clientAddress(rules: ClientAddressRules): ClientAddress {
  const conclude = concludeClient(rules)
  return (request) => conclude(request).address
}

/** The same, with the reasons. Throws a `ConfigError` for a list of proxies that is none. */
export function concludeClient({ header, trustedProxies }: ClientAddressRules): ConcludeClient {
  if (header === undefined) return (request) => ({ address: peerAddress(request), header: null, why: 'none' })
  const name = header.toLowerCase()
  const isTrusted = trustCheck(trustedProxies, 'IP_HEADER_TRUSTED_PROXIES')
  return (request) => {
    const peer = peerAddress(request)
    const value = request.headers[name]
    if (value === undefined) return { address: peer, header, why: 'absent' }
    if (!isTrusted(peer)) return { address: peer, header, why: 'untrusted' }
    let named: string | undefined
    for (const item of itemsFromEnd([value].flat())) {
      const entry = parseAddress(item)
      if (entry === undefined) break
      named = entry.address
      if (!isTrusted(named)) break
    }
    return named === undefined
      ? { address: peer, header, why: 'malformed' }
      : { address: named, header, why: 'believed' }
  }
}

/** The other end of the connection, before any header is looked at: see `remoteOf`. */
export function peerAddress(request: IncomingMessage): string {
  return remoteOf(request.socket).address
}
