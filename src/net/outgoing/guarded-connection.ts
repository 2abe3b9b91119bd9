import { isIP, type Socket } from 'node:net'
import type { Clock } from '#kit'
import { type ClientTlsSettings, readClientTls } from './client-tls.ts'
import { dial } from './dial.ts'
import { dnsLookup } from './dns-lookup.ts'
import { isGlobalAddress } from './global-address.ts'
import type { Lookup } from './lookup.ts'
import { startClientTls } from './start-client-tls.ts'

/** Whom a URL that a stranger wrote may lead to. */
export interface GuardRules {
  /** Hosts that match are never asked. */
  readonly blockedHosts: { test(host: string): boolean } | undefined
  /** Whether only hosts of the public internet are asked. */
  readonly blocksNonGlobalAddresses: boolean
  readonly prefersIpv6: boolean
}

/** A host that must not be asked. */
export class BlockedError extends Error {
  override name = 'BlockedError'
}

export interface GuardTools {
  readonly clock: Clock
  /** Default: the name servers of this machine. */
  readonly lookup?: Lookup
  /** Default: as operators' TLS connections, with the authorities of the system. */
  readonly tls?: ClientTlsSettings
  /** Default: a connection to that host and port. */
  readonly connect?: typeof dial
}

export interface GuardedConnectOptions {
  /** When it is aborted the connection is given up. */
  readonly signal: AbortSignal
  /** Milliseconds, for each of connecting and TLS. */
  readonly timeoutMs: number
}

/** Connects to where a URL leads that `checkedHost` lets pass, over TLS for HTTPS. Rejects with a `BlockedError` too. */
export type GuardedConnect = (url: URL, options: GuardedConnectOptions) => Promise<Socket>

/** Ports that stand in no URL. */
const PORTS: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443 }

/**
 * Connects to what strangers name, and to nothing of ours by it: the host held against the rules, and the connection made
 * to the very addresses that were checked.
 */
export function guardedConnection(rules: GuardRules, tools: GuardTools): GuardedConnect {
  const { clock, connect = dial, lookup = dnsLookup(rules) } = tools
  let tls: Promise<ClientTlsSettings> | undefined

  /** Only what may be asked comes out of it. */
  const guardedLookup: Lookup = async (host) => {
    const found = await lookup(host)
    const allowed = rules.blocksNonGlobalAddresses ? found.filter(({ address }) => isGlobalAddress(address)) : found
    if (allowed.length === 0 && found.length > 0) throw new BlockedError(`${host} is not on the public internet`)
    return allowed
  }

  return async (url, { signal, timeoutMs }) => {
    const host = checkedHost(url, rules)
    const port = url.port === '' ? PORTS[url.protocol]! : Number(url.port)
    const socket = await connect({ host, port }, { clock, timeoutMs, signal, lookup: guardedLookup }).catch(
      (error: Error) => {
        throw error.cause instanceof BlockedError ? error.cause : error
      },
    )
    if (url.protocol === 'http:') return socket
    tls ??= tools.tls === undefined ? readClientTls() : Promise.resolve(tools.tls)
    return startClientTls(socket, await tls, { serverName: host, clock, timeoutMs, signal })
  }
}

/**
 * The host to connect to. Throws a `BlockedError` for one that must not be asked, and another error for a URL that is
 * none of HTTP or HTTPS.
 */
export function checkedHost(url: URL, { blockedHosts, blocksNonGlobalAddresses }: GuardRules): string {
  if (!(url.protocol in PORTS)) throw new Error(`${url.protocol} is no protocol to fetch by`)
  // With a dot at its end a name is the same one, and means the same to DNS.
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '')
  if (blockedHosts?.test(host)) throw new BlockedError(`${host} is blocked`)
  if (isIP(host) !== 0 && blocksNonGlobalAddresses && !isGlobalAddress(host)) {
    throw new BlockedError(`${host} is not on the public internet`)
  }
  return host
}

/** Throws unless the URL names its protocol's own port, or none: nothing else belongs to the web. */
export function checkPort({ port }: URL): void {
  // The protocol's own port reads as none.
  if (port !== '') throw new Error(`port ${port} is none of the web's`)
}
