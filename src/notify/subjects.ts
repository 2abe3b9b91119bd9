import type { AccountDefinition } from '#core'
import type { NotificationName } from './notification.ts'

/**
 * The account all notifications live in. It exists by itself and nobody else sees it unless the configuration imports it.
 */
export const VAULT_ACCOUNT = 'VAULT'

/** What it offers: who imports `vault.user.>` can audit, bridge or automate. */
export const VAULT_ACCOUNT_DEFINITION: AccountDefinition = {
  name: VAULT_ACCOUNT,
  exports: [{ kind: 'stream', subject: 'vault.user.>', access: { kind: 'public' } }],
  imports: [],
  mappings: [],
  limits: {},
}

// Ids are UUIDs, so they are always a single token. A door that takes one from a client has to check that first.

/** What one user's devices are told. */
export const userSubject = (userId: string, name: NotificationName) => `vault.user.${userId}.${name}`

export const allOfUser = (userId: string) => `vault.user.${userId}.*`
