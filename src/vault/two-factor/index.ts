import type { VaultContext } from '../context.ts'
import type { VaultApp } from '../schema.ts'
import { registerAuthenticator } from './authenticator.ts'
import { registerEmail } from './email.ts'
import { registerFactors } from './factors.ts'
import { registerWebAuthn } from './webauthn/routes.ts'
import { registerYubikey } from './yubikey.ts'

export { requireEmailCodes, sendLoginCode } from './email-code.ts'
export { passSecondFactor } from './login.ts'
export { registerAppFacets } from './webauthn/app-facets.ts'

/** Two-step login: what the user has set up for it. docs/two-factor.md */
export function registerTwoFactor(scope: VaultApp, context: VaultContext): void {
  registerFactors(scope, context)
  registerAuthenticator(scope, context)
  registerEmail(scope, context)
  registerYubikey(scope, context)
  registerWebAuthn(scope, context)
}
