import type { ConnectionType } from './authenticator.ts'
import type { NkeyUser, PasswordUser } from './users.ts'

/** Somebody else decides who may come in: what a service in one of the accounts answers. (`spec/nats.md` §4.8) */
export interface CalloutOptions {
  /** Public nkey of type A, of the signer of answers. */
  readonly issuer: string
  /** Names and nkeys of users who log in without it: the service's own. */
  readonly authUsers: readonly string[]
  /** Where the service listens. */
  readonly account: string
  /** Public curve nkey of the service, when requests are to be sealed. */
  readonly xkey?: string | undefined
  /** Accounts it may put clients into; empty: all. */
  readonly allowedAccounts: readonly string[]
}

/** Decentralised JWTs. (`spec/nats.md` §4.6) */
export interface OperatorOptions {
  /** Operator JWTs, found good. */
  readonly operators: readonly string[]
  /** Public nkeys of type O that are trusted without a JWT; only without `operators`. */
  readonly trustedKeys: readonly string[]
  /** Public key of the system account. */
  readonly systemAccount: string | undefined
  readonly resolver: ResolverOptions
  /** Account JWTs by public key. */
  readonly preload: Readonly<Record<string, string>>
  /** A user JWT for those who show none. */
  readonly defaultSentinel: string | undefined
  /** The only accounts whose users may come in; empty: all. */
  readonly pinnedAccounts: readonly string[]
}

export type ResolverOptions =
  | { readonly kind: 'memory' }
  | { readonly kind: 'url'; readonly url: string; readonly tls: ResolverTls | undefined }
  | {
      readonly kind: 'directory'
      /** `full`: all account JWTs are here; `cache`: only those asked for lately, for `ttlMs`. */
      readonly mode: 'full' | 'cache'
      /** Absolute. */
      readonly folder: string
      readonly allowsDelete: boolean
      /** Whether a deleted JWT is gone instead of renamed. */
      readonly deletesHard: boolean
      /** JWTs kept; 0: any number. */
      readonly limit: number
      readonly ttlMs: number
      readonly syncIntervalMs: number
      readonly fetchTimeoutMs: number
    }

/** Absolute file names. */
export interface ResolverTls {
  readonly caFile: string | undefined
  readonly certFile: string | undefined
  readonly keyFile: string | undefined
  readonly isInsecure: boolean
}

/** The one user or the one token of a listener, or neither. */
export interface SimpleAuthorization {
  readonly user?: string | undefined
  /** As written: plain, or a hash of bcrypt or argon2. The same for `token`. */
  readonly password?: string | undefined
  /** Goes before the user where there are both. */
  readonly token?: string | undefined
  /** Milliseconds; `undefined`: two seconds, or one more than the TLS handshake may take. */
  readonly timeoutMs?: number | undefined
  /** Name or nkey of the user that those are who show nothing. */
  readonly noAuthUser?: string | undefined
  /** Nobody configured it: it follows from the rest. */
  readonly isNoAuthUserImplied?: boolean | undefined
}

/** Who may come in to a server. */
export interface ServerAuthorization extends SimpleAuthorization {
  readonly users?: readonly PasswordUser[] | undefined
  readonly nkeyUsers?: readonly NkeyUser[] | undefined
  readonly callout?: CalloutOptions | undefined
  readonly operator?: OperatorOptions | undefined
  /** Ways in that the server does not have, by which users of the table would be known by certificates. */
  readonly certificateTypes?: readonly ConnectionType[] | undefined
  /** Milliseconds that a refusal is held back at most; default: 1000, and never more than half of `timeoutMs`. */
  readonly maxFailureDelayMs?: number | undefined
}
