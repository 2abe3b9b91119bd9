import type { VaultContext } from '../context.ts'
import type { VaultApp } from '../schema.ts'

/**
 * `GET /accounts/key-management/key-rotation-data`, which Vaultwarden has not: for which public keys clients of 2026
 * encrypt a new user key. Who has no public key has never had a copy, and cannot get one.
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
      emergencyAccessKeyData: contacts.map(({ id, userId, name, email, publicKey }) => ({
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
}
