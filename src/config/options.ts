import type { ServerAuthorization, SimpleAuthorization } from '#auth'
import type { AccountDefinition } from '#core'
import type { DatabaseOptions } from '#store'
import type { JobSettings, MailSettings, RateLimit, VaultSettings } from '#vault'
import type { AppHubSettings } from './hubs/app-hub.ts'
import type { LeafnodesOptions, LeafRemoteOptions } from './leafnodes/options.ts'
import type { RelayInstallation } from './relay/installations.ts'
import type { HostAndPort } from './types/address.ts'
import type { LoggedRequests, LogLevel, NatsAccess } from './types/choices.ts'
import type { TrustedProxies } from './types/lists.ts'
import type { RoomLevels } from './types/room-levels.ts'
import type { TlsOptions } from './types/tls.ts'
import type { TlsFiles } from './types/tls-files.ts'

/**
 * What the rooms are told: plain frozen data, every default filled in, all paths absolute. Meaning, range and default
 * of each value are in docs/configuration.md, which is made from the schema (`settings/`).
 */
export interface Options extends NatsServerOptions {
  readonly web: WebOptions
  readonly vault: VaultOptions
  readonly hub: HubOptions
  /** SignalR hubs of the operator's own, by name. */
  readonly hubs: Readonly<Record<string, AppHubOptions>>
  /** `undefined`: the users of the hub are our own. */
  readonly identity: IdentityOptions | undefined
  readonly relay: RelayOptions
  readonly push: PushOptions
  readonly metrics: MetricsOptions
  readonly control: ControlOptions
  /** `undefined`: there are no admin pages. */
  readonly admin: AdminOptions | undefined
  /** The notification hub on a port of its own, for old proxy rules; `undefined` when it is off. */
  readonly oldHub: HostAndPort | undefined
}

/** What a server needs that is nothing but a NATS server. */
export interface NatsServerOptions {
  readonly nats: NatsOptions
  /** The listeners for NATS over WebSocket, in the order of the file; empty when there is none. */
  readonly websockets: readonly WebsocketOptions[]
  readonly leafnodes: LeafnodesOptions
  /** `undefined`: nobody is told how the server is doing. */
  readonly monitoring: MonitoringOptions | undefined
  readonly log: LogOptions
  readonly process: ProcessOptions
}

/** What all NATS clients are measured by, and where they are heard over TCP. */
export interface NatsOptions extends HostAndPort {
  /** `undefined`: the server's id is its name. */
  readonly serverName: string | undefined
  readonly serverTags: readonly string[]
  readonly maxPayloadBytes: number
  /** At least `maxPayloadBytes`. */
  readonly maxPendingBytes: number
  readonly maxControlLineBytes: number
  /** 0 refuses all. */
  readonly maxConnections: number
  /** Per connection; 0 means unlimited. */
  readonly maxSubscriptions: number
  /** Tokens of the subject of a subscription; 0 means unlimited. */
  readonly maxSubscriptionTokens: number
  /** How many closed connections monitoring remembers. */
  readonly maxClosedClients: number
  readonly pingIntervalMs: number
  readonly pingMax: number
  readonly writeDeadlineMs: number
  /** What becomes of a client that takes nothing before the write deadline. */
  readonly writeTimeoutPolicy: 'close' | 'retry'
  /** `host` or `host:port`, as clients are to be told it; the port is the listener's when it is missing. */
  readonly clientAdvertise: string | undefined
  readonly supportsHeaders: boolean
  /** Whether who publishes faster than others read is slowed down. */
  readonly stallsFastProducers: boolean
  readonly lameDuckDurationMs: number
  /** Less than `lameDuckDurationMs`. */
  readonly lameDuckGraceMs: number
  /** `undefined`: plain TCP. */
  readonly tls: TlsOptions | undefined
  /** Without users, user, token, `noAuthUser` and operator nobody needs to log in. Never user and token at the top. */
  readonly authorization: ServerAuthorization
  /** Those that have a name in the file; `$G` is among them when it has mappings. */
  readonly accounts: readonly AccountDefinition[]
  /** The name of the account in which the server tells of itself; `undefined`: one of its own, `$SYS`. */
  readonly systemAccount: string | undefined
  /** Whether every connection begins with a PROXY protocol header, if it comes from a trusted proxy. */
  readonly proxyProtocol: boolean
  readonly trustedProxies: TrustedProxies
  /** 0 means unlimited. */
  readonly maxConnectionsPerAddress: number
}

export interface WebsocketOptions extends HostAndPort {
  /** `host` or `host:port`; the port is the listener's when it is missing. */
  readonly advertise: string | undefined
  /** `undefined`: plain `ws://`, which was asked for with `no_tls`. Its `timeoutMs` is not asked. */
  readonly tls: TlsOptions | undefined
  readonly sameOrigin: boolean
  /** Origins as written: URLs whose host may begin with `*.` and whose port may be `*`. Empty means any origin. */
  readonly allowedOrigins: readonly string[]
  readonly compression: boolean
  /** For TLS, request and response; 0 means no limit. */
  readonly handshakeTimeoutMs: number
  /** Names of the cookies that carry credentials. */
  readonly cookies: CookieOptions
  /** Added to the 101 response, in the order of the file. */
  readonly headers: readonly (readonly [name: string, value: string])[]
  /** `undefined`: as for all clients. */
  readonly pingIntervalMs: number | undefined
  /** When it asks for a login or names a `noAuthUser`, it counts here instead of that of `nats`; else only its timeout. */
  readonly authorization: SimpleAuthorization
  /** `/…` without a slash at its end: only upgrades to this path or below are served. `undefined`: all are. */
  readonly path: string | undefined
  /** Whether the doctor is told how its requests arrived. */
  readonly answersProbes: boolean
  readonly proxyProtocol: boolean
  readonly trustedProxies: TrustedProxies
  /** 0 means unlimited. */
  readonly maxConnectionsPerAddress: number
}

export interface CookieOptions {
  readonly jwt: string | undefined
  readonly user: string | undefined
  readonly password: string | undefined
  readonly token: string | undefined
}

/** At least one of `http` and `https`. */
export interface MonitoringOptions {
  readonly http: HostAndPort | undefined
  /** Only with `tls`. */
  readonly https: HostAndPort | undefined
  /** '' or a path such as `/nats`, without a slash at its end. */
  readonly basePath: string
  /** That of the NATS listener, but no certificate is asked of clients. */
  readonly tls: TlsOptions | undefined
}

export interface WebOptions extends HostAndPort {
  /** `undefined`: plain HTTP. */
  readonly tls: TlsFiles | undefined
  /** The listener with a certificate from the local authority; `undefined` when it is off. */
  readonly https: LocalHttpsOptions | undefined
  /** Who may speak NATS at `/nats`. */
  readonly nats: NatsAccess
  /** Whether a user of the vault may open a NATS connection over WebSocket with the access token, and hear of changes. */
  readonly admitsVaultUsers: boolean
  /** Whether the doctor is told how its requests arrived. */
  readonly answersProbes: boolean
  readonly servesHub: boolean
  /** `undefined`: none is served. */
  readonly webVault: WebVaultOptions | undefined
  /** The header in which trusted proxies name the client; `undefined`: none is believed. */
  readonly ipHeader: string | undefined
  readonly trustedProxies: Exclude<TrustedProxies, 'none'>
}

/** How the running server is spoken to, and what it looks after by itself. */
export interface ControlOptions {
  /** `undefined`: there is none. */
  readonly socket: string | undefined
  /** How often certificates are looked at; 0: never. */
  readonly tlsReloadIntervalMs: number
}

export interface WebVaultOptions {
  /** Of the built files; `undefined`: Belfry's own. */
  readonly folder: string | undefined
  /** Source expressions of a Content-Security-Policy, besides our own. */
  readonly iframeAncestors: readonly string[]
  readonly connectSources: readonly string[]
}

export interface LocalHttpsOptions extends HostAndPort {
  /** Nobody asked for this listener: it is on by default, and a taken address is no reason not to start. */
  readonly isOptional: boolean
}

export interface VaultOptions extends Omit<VaultSettings, 'pathPrefix' | 'serverVersion'> {
  readonly dataFolder: string
  readonly database: DatabaseOptions
  /** With its `.pem`. */
  readonly rsaKeyFile: string
  /** What stands in front of all routes: '' or a path such as `/vault`. */
  readonly basePath: string
  /** `undefined`: no mail is sent. */
  readonly mail: MailSettings | undefined
  readonly jobs: JobSettings
  /** The NATS cluster that carries changes to other instances, as a leaf node remote of account `VAULT`. */
  readonly cluster: LeafRemoteOptions | undefined
}

/** What holds for every hub. */
export interface HubOptions {
  readonly maxConnections: number
  readonly maxConnectionsPerUser: number
  /** 0 means unlimited, here and in the next. */
  readonly maxConnectionsPerAddress: number
  readonly maxAnonymousConnectionsPerAddress: number
  readonly maxPendingBytes: number
  readonly handshakeTimeoutMs: number
  readonly keepAliveMs: number
  readonly clientTimeoutMs: number
  readonly drainWindowMs: number
  /** Origins as written: URLs whose host may begin with `*.` and whose port may be `*`. Empty means any origin. */
  readonly allowedOrigins: readonly string[]
  readonly sameOrigin: boolean
}

/** One hub of the operator's own: in an account that is there, with subjects that no other hub has. */
export type AppHubOptions = AppHubSettings

/** The Identity service of an official server, for whose Notifications service this server stands in. */
export interface IdentityOptions {
  /** A URL without trailing slash. */
  readonly authority: string
  /** A UUID in lower case; `undefined`: nothing is said to whole installations. */
  readonly installationId: string | undefined
}

/** Other servers that hand over what devices shall be told. Without any installation and key that is switched off. */
export interface RelayOptions {
  /** Those of different ids, with absolute paths. */
  readonly installations: readonly RelayInstallation[]
  /** Of the services of an official server, for `POST /send`; `undefined`: they may not. */
  readonly internalKey: string | undefined
}

/** How devices are told that are not connected. */
export interface PushOptions {
  /** For phones; `undefined`: they are not told. */
  readonly relay: PushRelayOptions | undefined
  /** Of browsers; `undefined`: they are not told. */
  readonly web: WebPushOptions | undefined
  /** How many may wait. */
  readonly maxQueued: number
}

export interface PushRelayOptions {
  /** In lower case if it is a UUID, as those of Bitwarden are. */
  readonly installationId: string
  readonly installationKey: string
  /** `https:`, or `http:` to this machine; without a slash at its end, as the next. */
  readonly relayUri: string
  readonly identityUri: string
}

export interface WebPushOptions {
  /** A `mailto:` or `https:` URL. (RFC 8292 §2.1) */
  readonly contact: string
  /** A PEM file, which may not be there yet. */
  readonly keyFile: string
}

/** The pages at `/admin`. */
export interface AdminOptions {
  /** Itself or its hash; `undefined`: they are open to whoever reaches them. */
  readonly token: string | undefined
  readonly sessionSeconds: number
  /** Tries of the token by one client address. */
  readonly rateLimit: RateLimit
}

/** For Prometheus. */
export interface MetricsOptions {
  /** `undefined`: no listener of their own. */
  readonly listen: HostAndPort | undefined
  /** `undefined`: they are not on the web listener, and the listener of their own asks for none. */
  readonly token: string | undefined
}

export interface LogOptions {
  /** The more detailed of `log_level` and what `debug` and `trace` ask for. */
  readonly level: LogLevel
  /** By the room whose events they are about, in the place of `level`. */
  readonly roomLevels: RoomLevels
  readonly requests: LoggedRequests
  readonly debug: boolean
  /** Every protocol message; `traceVerbose`: that of internal clients as well; `traceHeaders`: only headers. */
  readonly trace: boolean
  readonly traceVerbose: boolean
  readonly traceHeaders: boolean
  /** Of a traced message; 0: as much as a line may have. */
  readonly maxTracedBytes: number
  /** Whether lines carry the time. */
  readonly time: boolean
  readonly timeUtc: boolean
  /** `undefined`: standard error. */
  readonly file: string | undefined
  /** A longer log file is put aside; 0 means never. */
  readonly fileSizeLimitBytes: number
  /** The current file included; 0 keeps all. */
  readonly maxFiles: number
}

/** Files that tell others about the running process. */
export interface ProcessOptions {
  readonly pidFile: string | undefined
  readonly portsFileFolder: string | undefined
}
