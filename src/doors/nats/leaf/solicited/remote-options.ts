/** One server, or several that stand for each other, to connect to. */
export interface SolicitedUrl {
  /** `tls` and `wss`: no link without TLS. */
  readonly scheme: 'nats' | 'tls' | 'ws' | 'wss'
  /** A name or an address, of IPv6 without brackets. */
  readonly host: string
  readonly port: number
  /** Of a WebSocket: '' or `/…` without a slash at its end. */
  readonly path: string
  readonly user: string | undefined
  readonly password: string | undefined
}

/** One entry of `remotes`. Units in the names; see docs/leaf-nodes.md for ranges and defaults. (spec: nats §5.6) */
export interface LeafRemoteOptions {
  /** At least one; either all are WebSocket or none. */
  readonly urls: readonly SolicitedUrl[]
  /** Of this server. */
  readonly account: string
  readonly credentialsFile: string | undefined
  /** Seed of a user nkey. */
  readonly nkeySeed: string | undefined
  /** There is a `tls {}` block: no link without TLS. What it says is a `LeafRemoteTools.tls`. */
  readonly tls: object | undefined
  /** Whether this side is the hub, although it connects. */
  readonly isHub: boolean
  readonly denyImports: readonly string[]
  readonly denyExports: readonly string[]
  readonly randomizes: boolean
  readonly wsCompression: boolean
  readonly wsNoMasking: boolean
  readonly firstInfoTimeoutMs: number
  readonly dialTimeoutMs: number
  readonly ignoresDiscoveredServers: boolean
  readonly isolates: boolean
  readonly requestsIsolation: boolean
  readonly proxy:
    | {
        readonly url: string
        readonly username?: string | undefined
        readonly password?: string | undefined
        readonly timeoutMs?: number | undefined
      }
    | undefined
  /** `undefined`: as for all clients. */
  readonly writeDeadlineMs: number | undefined
  readonly writeTimeoutPolicy: 'close' | 'retry'
}
