import type { X509Certificate } from 'node:crypto'
import type { Authenticator, ConnectionType } from '#auth'
import type { CloseReason } from './close-reason.ts'
import type { TcpTls } from './tcp-entrance.ts'

/** What a listener tells its clients in INFO: where it is reached, and how. */
export interface ListenerFacts {
  readonly host: string
  readonly port: number
  readonly isTls: boolean
  /** A client certificate is asked for. */
  readonly verifiesClients?: boolean
  /** With `isTls`: those who do not want TLS are served too. */
  readonly allowsPlain?: boolean
}

/** What a listener means for those who come in by it. Never changed; a reload puts another in its place. */
export interface ListenerProfile {
  readonly facts: ListenerFacts
  readonly connectionType: ConnectionType
  readonly authenticator: Authenticator
  /** Instead of the one for all clients. */
  readonly pingIntervalMs?: number | undefined
  /** `host` or `host:port` that INFO names instead of the listener's own. */
  readonly clientAdvertise?: string | undefined
  /** Of a TCP listener: TLS begins behind INFO, or before. */
  readonly tls?: TcpTls | undefined
  /** Of a WebSocket listener: the names of the cookies that carry credentials. */
  readonly cookies?: CookieNames | undefined
  /** Why who came in this way may not be here, if so. Asked of those who are in, when the rules have changed. */
  readonly objection?: ((entry: Entry) => CloseReason | undefined) | undefined
}

/** How a client came in, in what the rules of listeners are about. */
export interface Entry {
  /** Over WebSocket. */
  readonly upgrade?: UpgradeEntry | undefined
  /** The client's, where one was asked for and verified. */
  readonly peerCertificate?: X509Certificate | undefined
}

/** A request as the client made it, behind whatever proxies are trusted. */
export interface UpgradeEntry {
  /** Without the query. */
  readonly path: string
  readonly origin: string | undefined
  /** As in a `Host` header. */
  readonly host: string
  readonly isTls: boolean
}

export interface CookieNames {
  readonly jwt?: string | undefined
  readonly user?: string | undefined
  readonly password?: string | undefined
  readonly token?: string | undefined
}

/**
 * Where a listener's profile is kept. A connection keeps the profile it came in with; how often it is asked for signs
 * of life is looked up in `current`.
 */
export interface ProfileHolder {
  current: ListenerProfile
}

/** What a listener is, or is supposed to be. */
export type ProfileOf = (listener: ProfileHolder) => ListenerProfile
