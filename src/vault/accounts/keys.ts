import Type from 'typebox'
import type { Store } from '#store'
import type { VaultContext } from '../context.ts'
import { ApiError, badRequest } from '../errors.ts'
import { ID, IdParams, KEY_ID, PublicKey, type VaultApp, WrappedKey } from '../schema.ts'
import { inSession } from '../sessions/index.ts'
import { changeUser } from './change-user.ts'

const KeyPairRequest = Type.Object({
  publicKey: PublicKey,
  encryptedPrivateKey: WrappedKey,
})
const KeyIdRequest = Type.Object({ userKeyId: Type.String({ pattern: KEY_ID }) })

/** The user's key pair, and the name that clients give to their user key. */
export function registerKeys(scope: VaultApp, context: VaultContext): void {
  const { store, notifier } = context

  scope.post('/accounts/keys', { schema: { body: KeyPairRequest } }, async ({ session, body }) => {
    const user = await changeUser(context, session, (user) => {
      user.publicKey = body.publicKey
      user.privateKey = body.encryptedPrivateKey
    })
    notifier.account('SyncSettings', user.id, user.updatedAt, session.device.id)
    return { privateKey: user.privateKey, publicKey: user.publicKey, object: 'keys' }
  })

  // Each client derives the same id from the same key, so the others need not be told; the account's revision date
  // stays, or every login would make all devices sync.
  scope.post(
    '/accounts/key-management/user-key-id',
    { schema: { body: KeyIdRequest } },
    async ({ session, body }, reply) => {
      const keyId = body.userKeyId.toLowerCase()
      await inSession(context, session, async ({ users }) => {
        const recorded = await users.keyId(session.user.id)
        if (recorded !== undefined && recorded !== keyId) {
          throw badRequest('Another user key id is already recorded for this account.', 'userKeyId')
        }
        if (recorded === undefined) await users.setKeyId(session.user.id, keyId)
      })
      return reply.send()
    },
  )

  scope.get(
    `/users/${ID}/public-key`,
    { schema: { params: IdParams }, config: { stampException: 'get_public_keys' } },
    async ({ params }) => {
      const user = await store.users.find(params.id)
      if (!user?.publicKey) throw new ApiError('NOT_FOUND', "User doesn't exist or has no public key")
      return { userId: user.id, publicKey: user.publicKey, object: 'userKey' }
    },
  )
}

/**
 * Throws an ApiError when `keyId` names another user key than is recorded for the user: a client that protects an old key
 * with a new password would leave the user without their vault.
 */
export async function requireSameKey({ users }: Store, userId: string, keyId: string | null | undefined) {
  if (keyId == null) return
  const recorded = await users.keyId(userId)
  if (recorded !== undefined && recorded !== keyId.toLowerCase()) {
    throw badRequest('The user key is another one by now. Log in again.', 'unlockData.containedKeyId')
  }
}
