import type { IncomingMessage } from 'node:http'
import { BlockList, isIP } from 'node:net'
import { ConfigError } from '#kit'

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
 * else could write what they like into it.
 */
export function clientAddress(rules: ClientAddressRules): ClientAddress {
  const header = rules.header?.toLowerCase()
  if (header === undefined) return peerAddress
  const isTrusted = trustOf(rules.trustedProxies)
  return (request) => {
    const peer = peerAddress(request)
    const value = request.headers[header]
    if (value === undefined || !isTrusted(peer)) return peer
    const first = (Array.isArray(value) ? value[0]! : value).split(',', 1)[0]!.trim()
    return isIP(first) === 0 ? peer : first
  }
}

/** The other end of the socket; an IPv4 address that came in over an IPv6 socket is written as IPv4. */
export function peerAddress(request: IncomingMessage): string {
  const address = request.socket.remoteAddress ?? ''
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice('::ffff:'.length) : address
}

function trustOf(trusted: ClientAddressRules['trustedProxies']): (address: string) => boolean {
  if (trusted === 'all') return () => true
  const ranges = blockList(trusted === 'local' ? NOT_GLOBAL : trusted)
  return (address) => {
    const version = isIP(address)
    return version !== 0 && ranges.check(address, version === 6 ? 'ipv6' : 'ipv4')
  }
}

function blockList(ranges: readonly string[]): BlockList {
  const list = new BlockList()
  for (const range of ranges) {
    const [, address = '', prefix] = /^([^/]*)(?:\/(\d{1,3}))?$/.exec(range) ?? []
    const version = isIP(address)
    const longest = version === 6 ? 128 : 32
    const bits = prefix === undefined ? longest : Number(prefix)
    if (version === 0 || bits > longest) {
      throw new ConfigError(`IP_HEADER_TRUSTED_PROXIES: "${range}" is no address or CIDR range`)
    }
    list.addSubnet(address, bits, version === 6 ? 'ipv6' : 'ipv4')
  }
  return list
}

/** IANA special-purpose ranges that are not globally reachable (RFC 6890 and its updates). */
const NOT_GLOBAL = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '240.0.0.0/4',
  '::/128',
  '::1/128',
  '100::/64',
  '2001:db8::/32',
  'fc00::/7',
  'fe80::/10',
]
