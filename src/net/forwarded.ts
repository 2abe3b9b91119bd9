/** What proxies say of the requests that they pass on, and how far it is believed. */
import type { IncomingMessage } from 'node:http'
import { isIP, isIPv6 } from 'node:net'
import { plainAddress } from '#kit'
import type { RemoteAddress } from './carrier.ts'
import type { ClientConclusion } from './client-conclusion.ts'
import { remoteOf } from './remote-address.ts'
import { requestTarget } from './request-target.ts'
import type { TrustCheck } from './trusted-proxies.ts'

/** A request as its client made it. */
export interface ForwardedRequest {
  /** The client; port 0 where no proxy told it. */
  readonly remote: RemoteAddress
  readonly isTls: boolean
  /** As in a `Host` header: with the port, unless it is the default. */
  readonly host: string
}

/**
 * Looks through proxies that are trusted, from the one that connected to us: the client is the first address in
 * `X-Forwarded-For`, read from its end, whose owner is not trusted. An entry that is no address ends the search, and the
 * last good one counts. Scheme and host are what the proxy said to which that client connected. Where nobody is
 * trusted, all three are the connection's own.
 *
 * `Forwarded` (RFC 7239) counts only where there is no `X-Forwarded-…`: no more than one of the two may be left as the
 * client sent it, and most proxies write the latter only. A proxy that writes `Forwarded` has to remove the others.
 */
export function forwardedRequest(request: IncomingMessage, isTrusted: TrustCheck): ForwardedRequest {
  const peer = remoteOf(request.socket)
  const own = { isTls: 'encrypted' in request.socket, host: requestTarget(request).host }
  if (!isTrusted(peer.address)) return { remote: peer, ...own }

  const hops = hasHeader(request, 'x-forwarded-') ? xForwardedHops(request) : forwardedHops(request)
  let remote = peer
  let hop: Hop = {}
  for (const next of hops) {
    const { isTls = hop.isTls, host = hop.host } = next
    hop = { isTls, host }
    if (next.address === undefined) break
    remote = next.address
    if (!isTrusted(remote.address)) break
  }
  return { remote, isTls: hop.isTls ?? own.isTls, host: hop.host ?? own.host }
}

/** Whom `forwardedRequest` takes for the client, with the reasons. */
export function concludeForwarded(request: IncomingMessage, isTrusted: TrustCheck): ClientConclusion {
  const { address } = forwardedRequest(request, isTrusted).remote
  const hasXForwarded = hasHeader(request, 'x-forwarded-')
  const header = !hasXForwarded && 'forwarded' in request.headers ? 'Forwarded' : 'X-Forwarded-For'
  const peer = remoteOf(request.socket).address
  const value = request.headers[header.toLowerCase()]
  if (value === undefined) return { address, header, why: 'absent' }
  if (!isTrusted(peer)) return { address, header, why: 'untrusted' }
  const [last] = hasXForwarded ? xForwardedHops(request) : forwardedHops(request)
  return { address, header, why: last?.address === undefined ? 'malformed' : 'believed' }
}

/**
 * What nats-server writes before the address in its log when a request was forwarded: `192.0.2.7/`, `[2001:db8::7]/`,
 * or nothing. Anybody can send the header, so that it means nothing else. Only its first line is looked at, and only
 * when that is one address. (`spec/nats.md` §3.3)
 */
export function forwardedLogPrefix(request: Pick<IncomingMessage, 'headersDistinct'>): string {
  const first = request.headersDistinct['x-forwarded-for']?.[0] ?? ''
  // A zone is none of Go's addresses, and could be anything.
  if (isIP(first) === 0 || first.includes('%')) return ''
  return isIPv6(first) ? `[${first}]/` : `${first}/`
}

/** What one proxy said, of whoever connected to it. */
interface Hop {
  /** `undefined` when it is no address. */
  readonly address?: RemoteAddress | undefined
  readonly isTls?: boolean | undefined
  readonly host?: string | undefined
}

/**
 * From the proxy that connected to us backwards. Where a header has fewer entries than there are proxies, the oldest
 * holds for the rest.
 */
function xForwardedHops(request: IncomingMessage): readonly Hop[] {
  const list = (name: string) => itemsFromEnd(request.headersDistinct[name])
  const addresses = list('x-forwarded-for')
  const protocols = list('x-forwarded-proto')
  const hosts = list('x-forwarded-host')
  const ports = list('x-forwarded-port')
  const own = requestTarget(request).host
  const at = (values: readonly string[], i: number) => values[Math.min(i, values.length - 1)]
  return Array.from({ length: Math.max(1, addresses.length) }, (_, i) => ({
    address: parseAddress(addresses[i] ?? ''),
    isTls: isTlsScheme(at(protocols, i)),
    host: withPort(at(hosts, i) ?? own, at(ports, i)),
  }))
}

/** `for=192.0.2.60;proto=https;host=example.com, for="[2001:db8::1]:4711"` */
function forwardedHops(request: IncomingMessage): readonly Hop[] {
  return (request.headersDistinct.forwarded ?? [])
    .toReversed()
    .flatMap((line) => splitFromEnd(line, ','))
    .map((element) => {
      const pairs = new Map<string, string>()
      for (const pair of splitFromEnd(element, ';')) {
        const equals = pair.indexOf('=')
        if (equals > 0) pairs.set(pair.slice(0, equals).trim().toLowerCase(), unquote(pair.slice(equals + 1).trim()))
      }
      return {
        address: parseAddress(pairs.get('for') ?? ''),
        isTls: isTlsScheme(pairs.get('proto')),
        host: pairs.get('host'),
      }
    })
}

function hasHeader({ headers }: IncomingMessage, prefix: string): boolean {
  return Object.keys(headers).some((name) => name.startsWith(prefix))
}

/** The items of all lines of a header, the last first. */
export function itemsFromEnd(lines: readonly string[] = []): string[] {
  return lines.flatMap((line) => line.split(',').map((item) => item.trim())).reverse()
}

/**
 * The items of a line, the last first; separators in quotes do not count. Read from its end, which is what a trusted
 * proxy wrote: a quote that a client opened before must not swallow it.
 */
function splitFromEnd(line: string, separator: ',' | ';'): string[] {
  const items: string[] = []
  let end = line.length
  let isQuoted = false
  for (let i = line.length - 1; i >= 0; i--) {
    if (line[i] === '"' && !(isQuoted && isEscaped(line, i))) isQuoted = !isQuoted
    else if (line[i] === separator && !isQuoted) {
      items.push(line.slice(i + 1, end).trim())
      end = i
    }
  }
  items.push(line.slice(0, end).trim())
  return items
}

function isEscaped(line: string, at: number): boolean {
  let backslashes = 0
  while (line[at - 1 - backslashes] === '\\') backslashes++
  return backslashes % 2 === 1
}

function unquote(text: string): string {
  return text.length >= 2 && text.startsWith('"') && text.endsWith('"')
    ? text.slice(1, -1).replace(/\\(.)/g, '$1')
    : text
}

/** `192.0.2.7`, `192.0.2.7:4711`, `2001:db8::7`, `[2001:db8::7]` or `[2001:db8::7]:4711`. */
export function parseAddress(text: string): RemoteAddress | undefined {
  const [, ipv6, ipv4, port = '0'] = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d{1,5}))?$/.exec(text) ?? []
  const address = ipv6 ?? ipv4 ?? text
  const isAddress = ipv6 === undefined ? isIP(address) !== 0 : isIPv6(address)
  // A zone (`%eth0`) means something on one machine only, and may be any text.
  if (!isAddress || address.includes('%') || Number(port) > 0xffff) return undefined
  return { address: plainAddress(address), port: Number(port) }
}

function isTlsScheme(scheme: string | undefined): boolean | undefined {
  switch (scheme?.toLowerCase()) {
    case 'https':
    case 'wss':
      return true
    case 'http':
    case 'ws':
      return false
    default:
      return undefined
  }
}

function withPort(host: string, port: string | undefined): string {
  const hasPort = host === '' || /:\d*$/.test(host.replace(/^\[[^\]]*\]/, ''))
  return hasPort || port === undefined || !/^\d{1,5}$/.test(port) ? host : `${host}:${port}`
}
