import type { X509Certificate } from 'node:crypto'
import type { DetailedPeerCertificate, TLSSocket } from 'node:tls'
import type { Expiry, PrincipalDetails } from '#auth'
import type { Permissions } from '#core'

/** One connection as monitoring shows it, at one moment. Times are milliseconds since the epoch. */
export interface ConnectionSnapshot {
  readonly cid: number
  /** Default: `Client`. */
  readonly kind?: 'Client' | 'Leafnode'
  readonly type: 'nats' | 'websocket' | 'mqtt'
  readonly ip: string
  readonly port: number
  readonly startMs: number
  /** Of the last message either way, and of the last change of subscriptions. */
  readonly lastActivityMs: number
  /** Only when it has ended. */
  readonly stopMs?: number
  readonly reason?: string
  readonly rttMs: number | undefined
  readonly pendingBytes: number
  readonly inMsgs: number
  readonly outMsgs: number
  /** Headers and payloads, without control lines; as is `outBytes`. */
  readonly inBytes: number
  readonly outBytes: number
  /** How often it was held up because it published faster than others read. */
  readonly stalls: number
  readonly subscriptionCount: number
  /**
   * As they are when they are read: there may be more than anybody wants to have in a list. Of a connection that has
   * ended, no more than the first hundred, and fewer where they are long.
   */
  subscriptions(): Iterable<SubscriptionSnapshot>
  readonly name: string
  readonly lang: string
  readonly version: string
  readonly authorizedUser: string | undefined
  readonly account: string
  /** The next four are of whom was let in. */
  readonly details?: PrincipalDetails | undefined
  readonly nkey?: string | undefined
  readonly permissions?: Permissions | undefined
  readonly expiry?: Expiry | undefined
  readonly tls: TlsSnapshot | undefined
}

export interface SubscriptionSnapshot {
  readonly subject: string
  /** Empty for a plain subscription. */
  readonly queue: string
  readonly sid: string
  readonly msgs: number
  /** It ends with this many messages; 0 means never. */
  readonly max: number
}

export interface TlsSnapshot {
  /** `1.2` or `1.3`. */
  readonly version: string
  /** The name of IANA's registry, which is Go's too. */
  readonly cipherSuite: string
  readonly peerCertificate: X509Certificate | undefined
  /** DER of it and of those that vouch for it, up to an authority that is known. Takes a while; empty once TLS is over. */
  readonly peerChain: () => readonly Buffer[]
}

/** Longest chain of certificates that is told. */
const MAX_CHAIN = 10

/** Sums over all connections since the server was started. */
export interface DoorTotals {
  /** Open ones, those in their TLS handshake included. */
  readonly connections: number
  /** All that ever were. */
  readonly totalConnections: number
  readonly inMsgs: number
  readonly outMsgs: number
  readonly inBytes: number
  readonly outBytes: number
  readonly stalls: number
  readonly slowConsumers: { readonly clients: number }
  readonly staleConnections: { readonly clients: number }
}

/** What of TLS is worth showing; `undefined` for a plain connection. To be asked after the handshake. */
export function tlsSnapshotOf(socket: object): TlsSnapshot | undefined {
  if (!('encrypted' in socket)) return undefined
  const { getProtocol, getCipher, getPeerX509Certificate } = socket as TLSSocket
  return {
    version: (getProtocol.call(socket) ?? '').replace(/^TLSv/, ''),
    cipherSuite: getCipher.call(socket)?.standardName ?? '',
    peerCertificate: getPeerX509Certificate.call(socket),
    peerChain: () => chainOf((socket as TLSSocket).getPeerCertificate(true)),
  }
}

function chainOf(certificate: DetailedPeerCertificate | null): readonly Buffer[] {
  const chain: Buffer[] = []
  let next = certificate
  while (next?.raw !== undefined && chain.length < MAX_CHAIN) {
    chain.push(next.raw)
    // A root vouches for itself.
    next = next.issuerCertificate === next ? null : next.issuerCertificate
  }
  return chain
}
