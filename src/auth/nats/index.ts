export {
  type Authenticator,
  CONNECTION_TYPES,
  type ConnectionType,
  type Expiry,
  type LoginClient,
  type LoginCloseReason,
  type LoginMethod,
  type LoginRequest,
  type LoginResult,
  type Principal,
  type PrincipalDetails,
  type PrincipalLimits,
} from './authenticator.ts'
export * from './jwt/index.ts'
export { isPublicKey, KeyPair, kindOf, type NkeyKind, publicKeyOf, verifySignature } from './nkeys.ts'
export type {
  CalloutOptions,
  OperatorOptions,
  ResolverOptions,
  ResolverTls,
  ServerAuthorization,
  SimpleAuthorization,
} from './options.ts'
export { authenticatorFor, type ListenerAuthorization } from './simple-login.ts'
export type { NkeyUser, PasswordUser } from './users.ts'
