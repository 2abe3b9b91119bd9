import type { VaultContext } from '../context.ts'
import type { VaultApp } from '../schema.ts'
import { list } from '../wire.ts'
import { holdsKey } from './copies.ts'

/**
 * For whom a client has to encrypt a new user key. `GET /accounts/key-management/key-rotation-data`, which Vaultwarden has
 * not, is what clients of 2026 ask.
 */
export function registerRotationData(scope: VaultApp, { store }: VaultContext): void {
  scope.get('/accounts/key-management/key-rotation-data', async ({ session }) => {
    const [contacts, organizations] = await Promise.all([
      store.userKeyCopies.emergencyContactsOf(session.user.id),
      store.userKeyCopies.recoveringOrganizationsOf(session.user.id),
    ])
    return {
      organizationPasswordResetKeyData: organizations.map(({ organizationId, name, publicKey }) => ({
        organizationId,
        organizationName: name,
        organizationPublicKey: publicKey,
        object: 'organizationPasswordResetKeyData',
      })),
      emergencyAccessKeyData: contacts.filter(holdsKey).map(({ id, userId, name, email, publicKey }) => ({
        id,
        granteeId: userId,
        granteeName: name,
        granteeEmail: email,
        publicKey,
        object: 'emergencyAccessKeyData',
      })),
      // Logins with passkeys and trusted devices are no part of Vaultwarden's schema.
      trustedDeviceKeyData: [],
      passkeyKeyData: [],
      object: 'keyRotationData',
    }
  })

  // Clients before those ask for all whom the user trusts, and take a 404 for a failure.
  scope.get('/emergency-access/trusted', { config: { stampException: 'get_contacts' } }, async ({ session }) => {
    const contacts = await store.userKeyCopies.emergencyContactsOf(session.user.id)
    return list(
      contacts.map(({ userId, publicKey: _, ...contact }) => ({
        ...contact,
        granteeId: userId,
        object: 'emergencyAccessGranteeDetails',
      })),
    )
  })
}
