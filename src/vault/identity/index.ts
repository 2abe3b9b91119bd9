import type { VaultContext } from '../context.ts'
import { type VaultApp, within } from '../schema.ts'
import { registerPrelogin } from './prelogin.ts'
import { registerRegistration } from './register.ts'
import { registerToken } from './token.ts'

export { registerPrelogin } from './prelogin.ts'
export { registerSendLoginCode } from './send-login-code.ts'

/** Everything below `/identity`: becoming a user, and becoming one's own session. */
export function registerIdentity(scope: VaultApp, context: VaultContext): void {
  registerPrelogin(scope, context, '/accounts/prelogin')
  // Current clients; the old path is for older ones.
  registerPrelogin(scope, context, '/accounts/prelogin/password')
  registerRegistration(scope, context)
  // In a scope of its own, the only one that reads forms.
  within(scope, '', (forms) => registerToken(forms, context))
}
