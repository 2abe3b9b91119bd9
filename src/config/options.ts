import type { HostAndPort } from './types/address.ts'
import type { LogLevel, NatsAccess } from './types/choices.ts'
import type { TrustedProxies } from './types/lists.ts'
import type { TlsFiles } from './types/tls-files.ts'

/**
 * What the rooms are told: plain frozen data, every default filled in, all paths absolute. Meaning, range and default
 * of each value are in docs/configuration.md, which is made from the schema (`settings/`).
 */
export interface Options {
  readonly nats: NatsOptions
  /** The listener for NATS over WebSocket; `undefined` when it is off. */
  readonly websocket: WebsocketOptions | undefined
  readonly web: WebOptions
  readonly vault: VaultOptions
  /** The notification hub on a port of its own, for old proxy rules; `undefined` when it is off. */
  readonly oldHub: HostAndPort | undefined
  readonly log: LogOptions
}

/** What all NATS clients are measured by, and where they are heard over TCP. */
export interface NatsOptions extends HostAndPort {
  /** `undefined`: the server's id is its name. */
  readonly serverName: string | undefined
  readonly maxPayloadBytes: number
  /** At least `maxPayloadBytes`. */
  readonly maxPendingBytes: number
  readonly maxControlLineBytes: number
  /** 0 refuses all. */
  readonly maxConnections: number
  /** Per connection; 0 means unlimited. */
  readonly maxSubscriptions: number
  readonly pingIntervalMs: number
  readonly pingMax: number
  readonly writeDeadlineMs: number
}

export interface WebsocketOptions extends HostAndPort {
  /** `undefined`: plain `ws://`, which was asked for with `no_tls`. */
  readonly tls: TlsFiles | undefined
  /** 0 means no limit. */
  readonly handshakeTimeoutMs: number
  readonly sameOrigin: boolean
  /** http or https URLs with a host; empty means any origin. */
  readonly allowedOrigins: readonly string[]
}

export interface WebOptions extends HostAndPort {
  /** `undefined`: plain HTTP. */
  readonly tls: TlsFiles | undefined
  /** The listener with a certificate from the local authority; `undefined` when it is off. */
  readonly https: LocalHttpsOptions | undefined
  /** Who may speak NATS at `/nats`. */
  readonly nats: NatsAccess
  readonly servesHub: boolean
  /** The header in which trusted proxies name the client; `undefined`: none is believed. */
  readonly ipHeader: string | undefined
  readonly trustedProxies: TrustedProxies
}

export interface LocalHttpsOptions extends HostAndPort {
  /** Nobody asked for this listener: it is on by default, and a taken address is no reason not to start. */
  readonly isOptional: boolean
}

export interface VaultOptions {
  readonly dataFolder: string
  readonly databaseFile: string
  /** With its `.pem`. */
  readonly rsaKeyFile: string
  /** Where clients reach the server: a URL without trailing slash. `undefined`: wherever each of them came by. */
  readonly domain: string | undefined
  /** Scheme, host and port of `domain`, the issuer of tokens. */
  readonly origin: string
  /** What stands in front of all routes: '' or a path such as `/vault`. */
  readonly basePath: string
  readonly signupsAllowed: boolean
  /** Lower case. When not empty it decides instead of `signupsAllowed`. */
  readonly signupsDomainsWhitelist: readonly string[]
  readonly invitationsAllowed: boolean
  readonly passwordIterations: number
  readonly loginRatelimitSeconds: number
  readonly loginRatelimitMaxBurst: number
  readonly unauthenticatedRatelimitSeconds: number
  readonly unauthenticatedRatelimitMaxBurst: number
  /** Whether an encrypted note may have 100000 characters instead of 10000. */
  readonly increaseNoteSizeLimit: boolean
}

export interface LogOptions {
  readonly level: LogLevel
}
