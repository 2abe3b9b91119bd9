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
export { type Callout, type CalloutServer, type CalloutTools, createCallout } from './callout/index.ts'
export type { CalloutJudge, Judge } from './delegated-login.ts'
export { Gate } from './gate.ts'
export * from './jwt/index.ts'
export {
  type AuthenticatorTools,
  authenticatorFor,
  authTimeoutMs,
  type ListenerAuthorization,
} from './listener-authenticator.ts'
export { LoginFailures, slowedDown } from './login-failures.ts'
export { isPublicKey, KeyPair, kindOf, type NkeyKind, publicKeyOf, verifySignature } from './nkeys.ts'
export { type OperatorMode, type OperatorTools, openOperatorMode, signerOf, trustOf } from './operator/index.ts'
export type {
  CalloutOptions,
  OperatorOptions,
  ResolverOptions,
  ResolverTls,
  ServerAuthorization,
  SimpleAuthorization,
} from './options.ts'
export { checkPassword, PasswordChecker } from './passwords/check.ts'
export { argon2Password, bcryptPassword, DEFAULT_ARGON2, DEFAULT_BCRYPT_COST } from './passwords/hash-password.ts'
export { type Argon2Parameters, isPlainSecret, secretProblem } from './passwords/secret.ts'
export type { NkeyUser, PasswordUser } from './users.ts'
