import type { VaultContext } from '../context.ts'
import type { VaultApp } from '../schema.ts'
import { registerApiKey } from './api-key.ts'
import { registerDeletion, registerDeletionLink } from './deletion.ts'
import { registerEmailChange } from './email.ts'
import { registerPasswordHint } from './hint.ts'
import { registerKeys } from './keys.ts'
import { registerPassword } from './password.ts'
import { registerProfile } from './profile.ts'
import { registerProtectedAction } from './protected-action.ts'
import { registerVerification, registerVerificationLink } from './verification.ts'

export { changeUser } from './change-user.ts'
export { profileResponse } from './profile.ts'
export { requireSecret, SecretRequest } from './secret.ts'
export { upgradePassword } from './upgrade-password.ts'

/** The user's own account. */
export function registerAccounts(scope: VaultApp, context: VaultContext): void {
  registerProfile(scope, context)
  registerKeys(scope, context)
  registerPassword(scope, context)
  registerApiKey(scope, context)
  registerEmailChange(scope, context)
  registerVerification(scope, context)
  registerProtectedAction(scope, context)
  registerDeletion(scope, context)
}

/** What those ask for an account who are not logged in to it, mostly since they cannot be. */
export function registerAccountHelp(scope: VaultApp, context: VaultContext): void {
  registerPasswordHint(scope, context)
  registerVerificationLink(scope, context)
  registerDeletionLink(scope, context)
}
