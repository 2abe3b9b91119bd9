import type { VaultContext } from '../context.ts'
import type { VaultApp } from '../schema.ts'
import { registerApiKey } from './api-key.ts'
import { registerDeletion } from './deletion.ts'
import { registerKeys } from './keys.ts'
import { registerPassword } from './password.ts'
import { registerProfile } from './profile.ts'
import { registerTwoFactor } from './two-factor.ts'

export { profileResponse } from './profile.ts'
export { upgradePassword } from './upgrade-password.ts'

/** The user's own account. */
export function registerAccounts(scope: VaultApp, context: VaultContext): void {
  registerProfile(scope, context)
  registerKeys(scope, context)
  registerPassword(scope, context)
  registerApiKey(scope, context)
  registerTwoFactor(scope, context)
  registerDeletion(scope, context)
}
