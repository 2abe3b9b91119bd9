/** One server, or several that stand for each other, to connect to. */
export interface SolicitedUrl {
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

/** An HTTP proxy on the way to a WebSocket. */
export interface LeafProxy {
  /** `http://` or `https://`, with a host. */
  readonly url: string
  /** Either both or neither. */
  readonly username?: string | undefined
  readonly password?: string | undefined
  /** To be told that the way is open; `undefined`: as long as a connection may take. */
  readonly timeoutMs?: number | undefined
}

/**
 * One entry of `remotes`: another server, or several that stand for each other, and the account here that is bound to one
 * there. Units in the names; see docs/leaf-nodes.md for ranges and defaults. (spec: nats §5.6)
 */
export interface LeafRemoteOptions {
  /** At least one; either all are WebSocket or none. */
  readonly urls: readonly SolicitedUrl[]
  /** Of this server: by name, with operators by its public key. */
  readonly account: string
  /** Absolute path of a file with a user JWT and its seed. Never with `nkeySeed`. */
  readonly credentialsFile: string | undefined
  /** Seed of a user nkey. */
  readonly nkeySeed: string | undefined
  /** There is a `tls {}` block: no link without TLS. What it says is a `LeafRemoteTools.tls`. */
  readonly tls: object | undefined
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
  readonly proxy: LeafProxy | undefined
  /** `undefined`: as for all clients. */
  readonly writeDeadlineMs: number | undefined
  /** What becomes of a link that takes nothing before the write deadline. */
  readonly writeTimeoutPolicy: 'close' | 'retry'
}
