export { identityAuthenticator, organizationsOf } from './identity-sessions.ts'
export { IdentityTokens, scopesOf } from './identity-tokens.ts'
export { IssuerSource } from './issuer.ts'
