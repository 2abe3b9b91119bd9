/**
 * What the JWTs of nats-io say, in our words. (`spec/nats.md` §4.6; the forms are those of the library
 * github.com/nats-io/jwt/v2.) Texts are as they were written; times are Unix seconds, 0 where there is none; a
 * negative limit is none.
 */
export type Claims =
  | OperatorClaims
  | AccountClaims
  | UserClaims
  | ActivationClaims
  | AuthorizationRequestClaims
  | AuthorizationResponseClaims

export type ClaimsType = Claims['type']

export interface StandardClaims {
  /** Version of the form: those of 1 were translated. */
  readonly version: number
  readonly id: string
  /** Public nkey of who signed it. */
  readonly issuer: string
  readonly subject: string
  readonly audience: string
  readonly name: string
  readonly issuedAt: number
  readonly expiresAt: number
  readonly notBefore: number
  readonly tags: readonly string[]
}

export interface OperatorClaims extends StandardClaims {
  readonly type: 'operator'
  readonly signingKeys: readonly string[]
  readonly accountServerUrl: string
  readonly systemAccount: string
  readonly assertServerVersion: string
  /** Whether only signing keys may sign accounts. */
  readonly usesSigningKeysOnly: boolean
}

export interface AccountClaims extends StandardClaims {
  readonly type: 'account'
  readonly exports: readonly (ExportClaim | undefined)[]
  readonly imports: readonly (ImportClaim | undefined)[]
  readonly limits: AccountLimitClaims
  /** By public key; `undefined` for those without a scope. */
  readonly signingKeys: ReadonlyMap<string, ScopeClaim | undefined>
  readonly revocations: Revocations
  readonly defaultPermissions: PermissionClaims
  readonly mappings: ReadonlyMap<string, readonly MappingClaim[]>
  /** Who asks somebody else about its users. */
  readonly authorization: AuthorizationClaims
  readonly description: string
  readonly infoUrl: string
}

/** JWTs for the key that were issued at that time or before are void; `*` stands for all keys. */
export type Revocations = ReadonlyMap<string, number>

export interface AccountLimitClaims {
  readonly subscriptions: number
  readonly data: number
  readonly payload: number
  readonly imports: number
  readonly exports: number
  readonly allowsWildcardExports: boolean
  readonly disallowsBearer: boolean
  readonly connections: number
  readonly leafNodes: number
}

/** `unknown` where the JWT names neither. */
export type TransferKind = 'stream' | 'service' | 'unknown'

export interface ExportClaim {
  readonly kind: TransferKind
  readonly subject: string
  readonly requiresToken: boolean
  readonly revocations: Revocations
  readonly responseType: string
  readonly responseThresholdNs: number
  readonly latency: { readonly sampling: number; readonly results: string } | undefined
  readonly accountTokenPosition: number
  readonly allowsTrace: boolean
  readonly description: string
  readonly infoUrl: string
}

export interface ImportClaim {
  readonly kind: TransferKind
  readonly subject: string
  /** Public key of the exporter. */
  readonly account: string
  /** An activation JWT. */
  readonly token: string
  /** Of streams a prefix, of services the exporter's subject. Outdated by `localSubject`. */
  readonly to: string
  readonly localSubject: string
  readonly shares: boolean
  readonly allowsTrace: boolean
}

/** A signing key whose users all have the same rights. */
export interface ScopeClaim {
  readonly key: string
  readonly role: string
  readonly template: UserRights
}

export interface MappingClaim {
  readonly subject: string
  /** Percent; 0 stands for 100. */
  readonly weight: number
  readonly cluster: string
}

export interface AuthorizationClaims {
  readonly authUsers: readonly string[]
  readonly allowedAccounts: readonly string[]
  readonly xkey: string
}

export interface PermissionClaims {
  readonly publish: SubjectClaims
  readonly subscribe: SubjectClaims
  readonly responses: { readonly maxMessages: number; readonly ttlNs: number } | undefined
}

export interface SubjectClaims {
  readonly allow: readonly string[]
  readonly deny: readonly string[]
}

export interface UserRights {
  readonly permissions: PermissionClaims
  /** CIDR. */
  readonly networks: readonly string[]
  readonly times: readonly TimeRange[]
  /** IANA name of a time zone; empty: that of the server. */
  readonly timesLocation: string
  readonly subscriptions: number
  readonly data: number
  readonly payload: number
  readonly isBearer: boolean
  readonly requiresProxy: boolean
  readonly connectionTypes: readonly string[]
}

/** `15:04:05` in both; over midnight when the end is before the start. */
export interface TimeRange {
  readonly start: string
  readonly end: string
}

export interface UserClaims extends StandardClaims {
  readonly type: 'user'
  /** Public key of the account when one of its signing keys signed. */
  readonly issuerAccount: string
  readonly rights: UserRights
}

export interface ActivationClaims extends StandardClaims {
  readonly type: 'activation'
  readonly importSubject: string
  readonly importKind: TransferKind
  readonly issuerAccount: string
}

export interface AuthorizationRequestClaims extends StandardClaims {
  readonly type: 'authorization_request'
  readonly userNkey: string
}

export interface AuthorizationResponseClaims extends StandardClaims {
  readonly type: 'authorization_response'
  /** A user JWT. */
  readonly jwt: string
  readonly error: string
  readonly issuerAccount: string
}
