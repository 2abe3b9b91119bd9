export { equalSecrets } from './compare.ts'
export { deviceTypeName, isMobile, UNKNOWN_DEVICE_TYPE } from './device-types.ts'
export {
  type Authenticator,
  authenticatorFor,
  type ConnectionType,
  type ListenerAuthorization,
  type LoginRequest,
  type LoginResult,
  type Principal,
  type SimpleAuthorization,
} from './nats/index.ts'
export { hashPassword, newPassword, pretendToVerifyPassword, verifyPassword } from './passwords.ts'
export { type Session, Sessions } from './sessions.ts'
export { AFTER_PASSWORD_CHANGE, type StampExceptionRoute, stampException } from './stamp-exception.ts'
export { type AccessClaims, type IssuedToken, type RefreshClaims, type RegisterClaims, Tokens } from './tokens.ts'
