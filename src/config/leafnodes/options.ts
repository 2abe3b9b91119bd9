import type { HostAndPort } from '../types/address.ts'
import type { ClientTlsOptions, TlsOptions } from '../types/tls.ts'

/** `leafnodes {}`. (spec: nats §5.6) */
export interface LeafnodesOptions {
  /** Where other servers come in over TCP, and by what rules, also over WebSocket; `undefined`: none is let in. */
  readonly listener: LeafListenerOptions | undefined
  /** Servers that this one connects to, in the order of the file; those that are `disabled` are left out. */
  readonly remotes: readonly LeafRemoteOptions[]
  /** How long after the end of a link it is made anew; at least 1. */
  readonly reconnectMs: number
}

/** What holds for links in either direction. */
export interface LeafLinkOptions {
  /** `undefined`: as for all clients. */
  readonly writeDeadlineMs: number | undefined
  /** What becomes of a link that takes nothing before the write deadline. */
  readonly writeTimeoutPolicy: 'close' | 'retry'
}

export interface LeafListenerOptions extends HostAndPort, LeafLinkOptions {
  /** `host` or `host:port`, as other servers are to be told it; the port is the listener's when it is missing. */
  readonly advertise: string | undefined
  /** `undefined`: plain TCP. */
  readonly tls: TlsOptions | undefined
  readonly authorization: LeafAuthorization
  /** The oldest version of a server that is let in: `MAJOR.MINOR.PATCH`, at least 2.8.0. `undefined`: any. */
  readonly minVersion: string | undefined
  /** Whether those who come in hear nothing of each other's subscriptions. */
  readonly isolatesInterest: boolean
}

/**
 * Who may come in as a leaf node. With a `user`, an `nkey` or `users`, of which only one is there, only those count.
 * Without, users, nkeys and JWTs of the server decide; and where nobody needs to log in, all are in `account`.
 */
export interface LeafAuthorization {
  readonly user?: string | undefined
  /** As written: plain, or a hash. */
  readonly password?: string | undefined
  /** Public nkey of a user. */
  readonly nkey?: string | undefined
  /** Of `user` and `nkey`; `undefined`: `$G`. */
  readonly account?: string | undefined
  /** `undefined`: two seconds, or one more than the TLS handshake may take. */
  readonly timeoutMs?: number | undefined
  /** With names of their own, at least one. */
  readonly users?: readonly LeafUser[] | undefined
}

export interface LeafUser {
  readonly user: string
  /** As written: plain, or a hash. */
  readonly password: string
  /** Of this server. */
  readonly account: string
}

/** Another server, or several that stand for each other, and the account here that is bound to one there. */
export interface LeafRemoteOptions extends LeafLinkOptions {
  /** At least one; either all are WebSocket or none. */
  readonly urls: readonly LeafUrl[]
  /** Of this server: by name, with operators by its public key. */
  readonly account: string
  /** Absolute path of a file with a user JWT and its seed. Never with `nkeySeed`. */
  readonly credentialsFile: string | undefined
  /** Seed of a user nkey. */
  readonly nkeySeed: string | undefined
  /** `undefined`: TLS with its defaults, where the URL or the other server asks for it. */
  readonly tls: ClientTlsOptions | undefined
  /** Whether this side is the hub, although it connects. */
  readonly isHub: boolean
  /** Subjects that are not subscribed to there, and those of which nothing is published there. */
  readonly denyImports: readonly string[]
  readonly denyExports: readonly string[]
  /** Whether the URLs are tried in any order. */
  readonly randomizes: boolean
  /** Of WebSocket: whether compression is asked for, and whether the other side is asked to take frames unmasked. */
  readonly wsCompression: boolean
  readonly wsNoMasking: boolean
  /** How long the other server may take to say who it is, at least 1; and to accept the connection. */
  readonly firstInfoTimeoutMs: number
  readonly dialTimeoutMs: number
  /** Whether only `urls` are tried, and no servers that the other one tells of. */
  readonly ignoresDiscoveredServers: boolean
  /** Whether the other side hears nothing of what other links subscribe to, and whether it is asked to do the same. */
  readonly isolates: boolean
  readonly requestsIsolation: boolean
  /** An HTTP proxy on the way to a WebSocket. */
  readonly proxy: LeafProxy | undefined
}

export interface LeafProxy {
  /** `http://` or `https://`, with a host. */
  readonly url: string
  /** Either both or neither. */
  readonly username?: string | undefined
  readonly password?: string | undefined
  /** To be told that the way is open; `undefined`: as long as a connection may take. */
  readonly timeoutMs?: number | undefined
}

export interface LeafUrl {
  /** `tls` and `wss`: no link without TLS. */
  readonly scheme: 'nats' | 'tls' | 'ws' | 'wss'
  /** A name or an address, of IPv6 without brackets. */
  readonly host: string
  readonly port: number
  /** Of a WebSocket: '' or `/…` without a slash at its end. */
  readonly path: string
  /** Decoded. A user alone is sent as `user` and as `auth_token`. */
  readonly user: string | undefined
  readonly password: string | undefined
}
