export { type AdminSessionOptions, AdminSessions } from './admin-sessions.ts'
export { equalSecrets } from './compare.ts'
export {
  clientTypeOfDevice,
  type DeviceClientType,
  deviceTypeName,
  isMobile,
  parseDeviceType,
} from './device-types.ts'
export { parsePrivateKey, readKeyFile, writeKeyFile } from './key-file.ts'
export * from './nats/index.ts'
export { hashPassword, newPassword, pretendToVerifyPassword, verifyPassword } from './passwords.ts'
export { type ServiceClaims, type ServiceScope, ServiceTokens } from './service-tokens.ts'
export { type Session, Sessions } from './sessions.ts'
export {
  inspectSigningKey,
  loadSharedSigningKey,
  loadSigningKey,
  type SigningKey,
  type SigningKeyFile,
} from './signing-key.ts'
export { AFTER_PASSWORD_CHANGE, type StampExceptionRoute, stampException } from './stamp-exception.ts'
export { type TicketClaims, type TicketKind, Tickets } from './tickets.ts'
export { type AccessClaims, type IssuedToken, type RefreshClaims, type RegisterClaims, Tokens } from './tokens.ts'
export { LEEWAY_SECONDS, verifyJwt } from './verify-jwt.ts'
