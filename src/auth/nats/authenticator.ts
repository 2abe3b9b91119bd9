import type { X509Certificate } from 'node:crypto'
import type { Permissions } from '#core'
import type { UserClaims } from './jwt/index.ts'

/** How a client came in: what `allowed_connection_types` compares. (`spec/nats.md` §4.7) */
export const CONNECTION_TYPES = [
  'STANDARD',
  'WEBSOCKET',
  'LEAFNODE',
  'LEAFNODE_WS',
  'MQTT',
  'MQTT_WS',
  'IN_PROCESS',
] as const

export type ConnectionType = (typeof CONNECTION_TYPES)[number]

/** What a client shows to prove who it is: CONNECT, filled up from cookies. Empty texts are what it left out. */
export interface LoginRequest {
  readonly user: string
  readonly password: string
  readonly token: string
  readonly jwt: string
  readonly nkey: string
  /** Of the nonce, by the nkey: base64url without padding. */
  readonly signature: string
  /** What INFO gave this client to sign; empty when it gave nothing. */
  readonly nonce: string
  readonly connectionType: ConnectionType
  /** Of the client itself, as far as trusted proxies tell. */
  readonly address: string
  readonly port: number
  /** The client's, when the listener's TLS asked for one and verified it. */
  readonly peerCertificate: X509Certificate | undefined
  readonly client: LoginClient
}

/** What a client says and shows of itself that proves nothing. */
export interface LoginClient {
  readonly id: number
  readonly name: string
  readonly lang: string
  readonly version: string
  readonly protocol: number
  readonly tls:
    | {
        readonly version: string
        readonly cipherSuite: string
        /** DER of the certificates that were shown and verified, the client's first. */
        readonly peerChain: () => readonly Buffer[]
      }
    | undefined
}

/** Who a client turned out to be, and what it may do. */
export interface Principal {
  /** As monitoring shows it (`authorized_user`); empty for a client of which nothing was asked. Never a secret. */
  readonly name: string
  /** The name of the account whose subjects it sees. */
  readonly account: string
  /** `undefined`: everything. */
  readonly permissions?: Permissions | undefined
  /** Beside those of the server and of the account; `undefined`: none. */
  readonly limits?: PrincipalLimits | undefined
  /** When it has to prove anew who it is. */
  readonly expiry?: Expiry | undefined
  /** For monitoring. */
  readonly details?: PrincipalDetails | undefined
  /** The user that a callout answered with: its account may revoke it, or stop to trust who signed it. */
  readonly calloutUser?: UserClaims | undefined
}

export interface PrincipalLimits {
  readonly maxSubscriptions?: number | undefined
  readonly maxPayloadBytes?: number | undefined
}

export interface Expiry {
  /** Milliseconds since the epoch. */
  readonly atMs: number
  /** Whose time is up then: decides what the client is told. */
  readonly of: 'user' | 'account'
}

export interface PrincipalDetails {
  /** The user JWT, without its signature being of use to anybody who reads it here: monitoring shows it on request. */
  readonly jwt?: string | undefined
  /** Public key of who issued it. */
  readonly issuerKey?: string | undefined
  /** What people call the user, where `name` is a key. */
  readonly nameTag?: string | undefined
  readonly tags?: readonly string[] | undefined
}

export type LoginResult =
  | { readonly ok: true; readonly principal: Principal }
  | {
      readonly ok: false
      /** For the log: the client is told the same whatever it is. Never a secret. */
      readonly reason: string
      /** Default: that its authentication failed. */
      readonly closeReason?: LoginCloseReason | undefined
      /** With `Authentication Expired`: whose time was up. Default: that of the user. */
      readonly expired?: Expiry['of'] | undefined
      /** The account of the callout that said so, if one did: whoever is responsible for it may learn the reason. */
      readonly calloutAccount?: string | undefined
    }

export type LoginCloseReason =
  | 'Authentication Failure'
  | 'Credentials Revoked'
  | 'Authentication Expired'
  | 'Missing Account'

/** One way to find out who somebody is. Never rejects. */
export type LoginMethod = (request: LoginRequest) => LoginResult | Promise<LoginResult>

/** Decides who may use a listener. One object serves all its clients; a reload puts another in its place. */
export interface Authenticator {
  /** Whether a client has to send CONNECT, within `timeoutMs`, before anything else. */
  readonly isRequired: boolean
  /** Milliseconds from INFO to CONNECT, and from there to the answer. */
  readonly timeoutMs: number
  /** Whether INFO brings a nonce to sign. */
  readonly usesNonce: boolean
  /** Whether there is a user for those who show nothing (`no_auth_user`): they need not even send CONNECT. */
  readonly hasDefaultUser: boolean
  /** There is one, but nobody configured it: clients are told that they have to log in all the same. */
  readonly isDefaultUserImplied?: boolean | undefined
  /** Whatever the client sends meanwhile waits for the answer. */
  readonly login: LoginMethod
  /**
   * Who somebody is by now who was let in as `principal`, perhaps by another authenticator. Unlike `login` it counts no
   * failure and slows nobody down. Never rejects.
   */
  recheck(request: LoginRequest, principal: Principal): LoginResult | Promise<LoginResult>
}
