import Type from 'typebox'
import type { User } from '#store'
import type { VaultContext } from '../context.ts'
import { isAddressProven } from '../email-address.ts'
import { Maybe, type VaultApp } from '../schema.ts'
import { formatDate } from '../wire.ts'
import { changeUser } from './change-user.ts'

const NameRequest = Type.Object({ name: Type.String({ maxLength: 50 }) })
/** Only the six-digit form shows a colour in every client. */
const AvatarRequest = Type.Object({ avatarColor: Maybe.text({ minLength: 7, maxLength: 7 }) })

/** The user as their clients show them. */
export function registerProfile(scope: VaultApp, context: VaultContext): void {
  const { notifier, store } = context
  const profile = async (user: User) => profileResponse(context, user, await store.users.secondFactors(user.id))

  scope.get('/accounts/profile', async ({ session }) => profile(session.user))

  scope.route({
    method: ['PUT', 'POST'],
    url: '/accounts/profile',
    schema: { body: NameRequest },
    handler: async ({ session, body }) => {
      const user = await changeUser(context, session, (user) => {
        user.name = body.name
      })
      notifier.account('SyncSettings', user.id, user.updatedAt, session.device.id)
      return profile(user)
    },
  })

  scope.put('/accounts/avatar', { schema: { body: AvatarRequest } }, async ({ session, body }) => {
    const user = await changeUser(context, session, (user) => {
      user.avatarColor = body.avatarColor ?? null
    })
    notifier.account('SyncSettings', user.id, user.updatedAt, session.device.id)
    return profile(user)
  })

  scope.get('/accounts/revision-date', async ({ session }, reply) =>
    reply.type('application/json; charset=utf-8').send(String(session.user.updatedAt.getTime())),
  )
}

/** `GET /accounts/profile`, and part of the sync. */
export function profileResponse(context: VaultContext, user: User, secondFactors: readonly number[]) {
  return {
    _status: user.passwordHash.length > 0 ? 0 : 1,
    id: user.id,
    name: user.name,
    email: user.email,
    emailVerified: isAddressProven(context, user),
    premium: true,
    premiumFromOrganization: false,
    culture: 'en-US',
    twoFactorEnabled: secondFactors.length > 0,
    key: user.key,
    privateKey: user.privateKey,
    accountKeys:
      user.privateKey === null
        ? null
        : {
            publicKeyEncryptionKeyPair: {
              wrappedPrivateKey: user.privateKey,
              publicKey: user.publicKey,
              signedPublicKey: null,
              object: 'publicKeyEncryptionKeyPair',
            },
            // Clients want both of these or neither.
            securityState: null,
            signatureKeyPair: null,
            object: 'privateKeys',
          },
    securityStamp: user.securityStamp,
    organizations: [],
    providers: [],
    providerOrganizations: [],
    forcePasswordReset: false,
    avatarColor: user.avatarColor,
    usesKeyConnector: false,
    creationDate: formatDate(user.createdAt),
    object: 'profile',
  }
}
