import type { IncomingMessage } from 'node:http'
import { type ClientAddressRules, clientAddress, peerAddress } from './client-address.ts'
import { trustCheck } from './trusted-proxies.ts'

/** Whom a listener takes the sender of a request for, and why: for who looks for the reason. */
export interface ClientConclusion {
  /** The address. */
  readonly address: string
  /** The header that would be believed; `null`: none is. */
  readonly header: string | null
  /**
   * `believed`: the header named the client. Else the peer is taken for it, because no header is configured (`none`),
   * the request has none (`absent`), the peer may not speak for others (`untrusted`), or what the header says is no
   * address (`malformed`).
   */
  readonly why: 'believed' | 'none' | 'absent' | 'untrusted' | 'malformed'
}

export type ConcludeClient = (request: IncomingMessage) => ClientConclusion

/** As `clientAddress`, with the reasons. Throws a `ConfigError` for a list of proxies that is none. */
export function concludeClient(rules: ClientAddressRules): ConcludeClient {
  const { header } = rules
  const addressOf = clientAddress(rules)
  if (header === undefined) return (request) => ({ address: addressOf(request), header: null, why: 'none' })
  const isTrusted = trustCheck(rules.trustedProxies, 'IP_HEADER_TRUSTED_PROXIES')
  return (request) => {
    const [peer, address] = [peerAddress(request), addressOf(request)]
    const value = [request.headers[header.toLowerCase()] ?? []].flat().join(',')
    if (value === '') return { address, header, why: 'absent' }
    if (!isTrusted(peer)) return { address, header, why: 'untrusted' }
    // A proxy may name itself, as one that runs on the client's machine does.
    const isNamed = address !== peer || value.includes(peer)
    return { address, header, why: isNamed ? 'believed' : 'malformed' }
  }
}
