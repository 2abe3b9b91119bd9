export { type IdentitySession, identityAuthenticator } from './identity-sessions.ts'
export { IdentityTokens } from './identity-tokens.ts'
export { IssuerSource } from './issuer.ts'
