export type { Authenticator, ConnectionType, LoginRequest, LoginResult, Principal } from './authenticator.ts'
export { authenticatorFor, type ListenerAuthorization, type SimpleAuthorization } from './simple-login.ts'
