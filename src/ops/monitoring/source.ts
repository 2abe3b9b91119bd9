import type { PrincipalDetails } from '#auth'
import type { AccountDefinition, SublistStats } from '#core'

/**
 * What the monitoring endpoints read. Everything is plain data, taken synchronously at the moment of the request: the
 * doors know nothing of `/varz`, and nothing here keeps what it was given longer than it takes to answer.
 */
export interface MonitoringSource {
  server(): ServerSnapshot
  totals(): TotalsSnapshot
  /**
   * Whoever is connected now. Read to its end at once; cheapest in the order of `cid`. Live views serve as well as copies
   * do, and better: of tens of thousands of connections one request may show ten.
   */
  connections(): Iterable<ConnectionSnapshot>
  /** Those who left most recently, as many as `max_closed_clients` keeps. */
  closedConnections(): Iterable<ClosedConnectionSnapshot>
  /** Links to other servers, the oldest first. As live as connections may be. */
  leafs(): Iterable<LeafSnapshot>
  accounts(): Iterable<AccountSnapshot>
  /** Listeners that should accept connections and do not, by nats-server's names (`server`, `websocket`); none: healthy. */
  unreadyListeners(): readonly string[]
  /** Each way is absent where it is switched off; absent itself where there is no vault. */
  pushes?(): PushesSnapshot
}

export interface PushesSnapshot {
  /** By the relay. */
  readonly phones?: PushSnapshot | undefined
  /** Web Push. */
  readonly browsers?: PushSnapshot | undefined
}

/** Numbers of pushes; all but `waiting` since the start. */
export interface PushSnapshot {
  /** Those under way included. */
  readonly waiting: number
  /** Taken by the push service. */
  readonly sent: number
  /** Attempts that had to be repeated. */
  readonly retried: number
  /** Others that waited for the same addressee said as much or more. */
  readonly superseded: number
  /** Never taken, or of no use any more. */
  readonly dropped: number
  /** Nobody was there any more. */
  readonly gone: number
}

/** How the server is set up. Times are milliseconds since the Unix epoch, durations milliseconds. */
export interface ServerSnapshot {
  readonly id: string
  readonly name: string
  /** As in INFO. */
  readonly version: string
  /** What INFO says in `go`: the runtime. */
  readonly runtime: string
  readonly host: string
  readonly port: number
  readonly isAuthRequired: boolean
  readonly isTlsRequired: boolean
  readonly isTlsVerified: boolean
  readonly connectUrls?: readonly string[] | undefined
  readonly websocketConnectUrls?: readonly string[] | undefined
  readonly maxConnections: number
  /** Per connection; 0: no limit. */
  readonly maxSubscriptions: number
  readonly maxControlLineBytes: number
  readonly maxPayloadBytes: number
  readonly maxPendingBytes: number
  readonly pingIntervalMs: number
  readonly pingMax: number
  readonly authTimeoutMs: number
  readonly tlsTimeoutMs: number
  readonly writeDeadlineMs: number
  /** Where monitoring itself listens; port 0: not there. */
  readonly monitoring: { readonly host: string; readonly httpPort: number; readonly httpsPort: number }
  /** The first of the WebSocket listeners. */
  readonly websocket?: WebsocketSnapshot | undefined
  /** `undefined`: there is nothing about leaf nodes in the configuration. */
  readonly leafnodes?: LeafnodesSnapshot | undefined
  readonly startMs: number
  readonly configLoadedMs: number
  /** `sha256:…` of the configuration file; empty without one. */
  readonly configDigest: string
  readonly tags?: readonly string[] | undefined
  /** JWTs of the operators that are trusted. */
  readonly operatorJwts?: readonly string[] | undefined
  readonly systemAccount?: string | undefined
  /** When the certificate of the TCP listener ends. */
  readonly tlsCertificateEndsMs?: number | undefined
}

export interface WebsocketSnapshot {
  readonly host: string
  readonly port: number
  readonly advertise?: string | undefined
  readonly noAuthUser?: string | undefined
  readonly jwtCookie?: string | undefined
  readonly handshakeTimeoutMs?: number | undefined
  readonly authTimeoutMs?: number | undefined
  readonly isTls: boolean
  /** `verify_and_map`. */
  readonly mapsTlsSubject?: boolean | undefined
  readonly pinnedCerts?: readonly string[] | undefined
  readonly sameOrigin: boolean
  readonly allowedOrigins: readonly string[]
  readonly compression: boolean
  readonly tlsCertificateEndsMs?: number | undefined
}

export interface LeafnodesSnapshot {
  /** `undefined`: no leaf nodes are let in. */
  readonly listener?:
    | {
        readonly host: string
        readonly port: number
        readonly authTimeoutMs: number
        readonly tlsTimeoutMs: number
        readonly isTlsRequired: boolean
        readonly isTlsVerified: boolean
      }
    | undefined
  readonly remotes: readonly {
    readonly account: string
    /** `host:port`, without credentials. */
    readonly addresses: readonly string[]
    readonly tlsTimeoutMs?: number | undefined
    readonly denyImports: readonly string[]
    readonly denyExports: readonly string[]
  }[]
}

/** One link to another server. */
export interface LeafSnapshot
  extends Pick<
    ConnectionSnapshot,
    | 'ip'
    | 'port'
    | 'rttMs'
    | 'account'
    | 'inMsgs'
    | 'outMsgs'
    | 'inBytes'
    | 'outBytes'
    | 'subscriptionCount'
    | 'subscriptions'
  > {
  /** Clients and leaf nodes are numbered together. */
  readonly id: number
  /** Of the other server. */
  readonly name: string
  /** Whether this server is the spoke of the two. */
  readonly isSpoke: boolean
  readonly isIsolated: boolean
}

/** Counted since the start, save for `connections` and `subscriptions`, which are now. */
export interface TotalsSnapshot {
  readonly connections: number
  readonly totalConnections: number
  readonly subscriptions: number
  readonly inMsgs: number
  readonly inBytes: number
  readonly outMsgs: number
  readonly outBytes: number
  readonly slowConsumers: number
  readonly staleConnections: number
  readonly stalledClients: number
  /** Of leaf nodes, which are in none of the others but `subscriptions`. */
  readonly leafs: {
    readonly connections: number
    readonly inMsgs: number
    readonly inBytes: number
    readonly outMsgs: number
    readonly outBytes: number
    readonly slowConsumers: number
    readonly staleConnections: number
  }
}

export interface ConnectionSnapshot {
  readonly cid: number
  readonly kind: string
  readonly type: 'nats' | 'websocket' | 'mqtt'
  /** The address that counts: behind a trusted proxy, the client's. Port 0: unknown. */
  readonly ip: string
  readonly port: number
  readonly startMs: number
  readonly lastActivityMs: number
  /** Fractions count: the answer has microseconds. `undefined` until the first PONG. */
  readonly rttMs?: number | undefined
  readonly pendingBytes: number
  readonly inMsgs: number
  readonly outMsgs: number
  readonly inBytes: number
  readonly outBytes: number
  /** How often this client was held up because it published faster than its subscribers read. */
  readonly stalls?: number | undefined
  readonly subscriptionCount: number
  /**
   * Asked for only when the request wants them, perhaps some turns of the event loop later. Made as they are read, better
   * than before; they are read over many turns, in which some may come and others go.
   */
  subscriptions(): Iterable<SubscriptionSnapshot>
  readonly name?: string | undefined
  readonly lang?: string | undefined
  readonly version?: string | undefined
  /** A user's name or public key; for a token `[REDACTED]`. Never a secret: it is shown to whoever asks. */
  readonly authorizedUser?: string | undefined
  readonly account: string
  /** What people call the account; default: its name. */
  readonly accountTag?: string | undefined
  readonly details?: PrincipalDetails | undefined
  readonly tls?: TlsSnapshot | undefined
  readonly mqttClient?: string | undefined
}

export interface ClosedConnectionSnapshot extends ConnectionSnapshot {
  readonly stopMs: number
  /** nats-server's words: `Client Closed`, `Slow Consumer (Pending Bytes)` … */
  readonly reason: string
}

export interface TlsSnapshot {
  /** `1.3`, or Node's `TLSv1.3`. */
  readonly version: string
  /** The name IANA gave it, which is Go's too. */
  readonly cipherSuite: string
  /** Read only when the request wants them: better a getter than two digests for each connection of each request. */
  readonly peerCertificates: readonly PeerCertificateSnapshot[]
}

export interface PeerCertificateSnapshot {
  /** RFC 2253: `CN=client,O=Example`. */
  readonly subject: string
  /** SHA-256 of the SubjectPublicKeyInfo; lower-case hexadecimal. */
  readonly publicKeySha256: string
  /** SHA-256 of the certificate; lower-case hexadecimal. */
  readonly sha256: string
}

/** Subject, queue and sid are byte strings. */
export interface SubscriptionSnapshot {
  readonly subject: string
  readonly queue?: string | undefined
  readonly sid: string
  readonly msgs: number
  /** The limit that UNSUB set. */
  readonly max?: number | undefined
  readonly cid: number
}

export interface AccountSnapshot {
  readonly name: string
  /** `undefined`: it came into being by its name alone. */
  readonly definition?: AccountDefinition | undefined
  /** What it is defined by, where accounts have JWTs. */
  readonly jwt?: string | undefined
  readonly updatedMs: number
  readonly clients: number
  readonly leafNodes: number
  /** What was published in the account. */
  readonly inMsgs: number
  readonly inBytes: number
  /** What was delivered in the account. */
  readonly outMsgs: number
  readonly outBytes: number
  readonly slowConsumers: number
  /** Asked for only when the request wants it. */
  stats(): SublistStats
}
