import Type, { type Static } from 'typebox'
import { AFTER_PASSWORD_CHANGE, newPassword, stampException } from '#auth'
import type { User } from '#store'
import type { VaultContext } from '../context.ts'
import { badRequest } from '../errors.ts'
import { agreedKdf, isSameKdf, kdfRequestOf, PasswordData, parseKdf } from '../kdf.ts'
import { Maybe, type VaultApp, WrappedKey } from '../schema.ts'
import { endOwnSessions } from '../sessions/index.ts'
import { parsePasswordHint } from './hint.ts'
import { requireSameKey } from './keys.ts'
import { requirePassword, requireSecret, SecretRequest } from './secret.ts'
import { upgradePassword } from './upgrade-password.ts'

const Text = Type.String({ minLength: 1 })

const PasswordProof = Type.Object({ masterPasswordHash: Text })

/** Two generations of one body: clients of 2026 send `authenticationData` and `unlockData` in place of the flat two. */
const PasswordRequest = Type.Object({
  masterPasswordHash: Text,
  newMasterPasswordHash: Maybe.of(Text),
  key: Maybe.of(WrappedKey),
  masterPasswordHint: Maybe.text({ maxLength: 255 }),
  authenticationData: Maybe.of(PasswordData.properties.authenticationData),
  unlockData: Maybe.of(PasswordData.properties.unlockData),
})
type PasswordRequest = Static<typeof PasswordRequest>

const ChangeKdfRequest = Type.Object({ masterPasswordHash: Text, ...PasswordData.properties })

/** The master password: checking it, changing it, and ending every session. */
export function registerPassword(scope: VaultApp, context: VaultContext): void {
  const { clock, settings, store } = context

  scope.post('/accounts/verify-password', { schema: { body: PasswordProof } }, async ({ session, body }) => {
    await requirePassword(session.user, body.masterPasswordHash)
    await upgradePassword(context, session.user, body.masterPasswordHash)
    return { Object: 'masterPasswordPolicy' }
  })

  scope.post('/accounts/password', { schema: { body: PasswordRequest } }, async ({ session, body }, reply) => {
    const passwordHint = parsePasswordHint(settings, body.masterPasswordHint)
    const { clientHash, key } = newSecrets(body, session.user)
    await requireSameKey(store, session.user.id, body.unlockData?.containedKeyId)
    await requirePassword(session.user, body.masterPasswordHash)
    const password = await newPassword(clientHash, settings.passwordIterations)
    await endOwnSessions(context, session, {
      // The acting device finishes what it is doing and logs itself out.
      contextId: session.device.id,
      change: (user) => {
        user.stampException = stampException(user.securityStamp, AFTER_PASSWORD_CHANGE, clock.now())
        Object.assign(user, password, { key, passwordHint })
      },
    })
    return reply.send()
  })

  scope.post('/accounts/kdf', { schema: { body: ChangeKdfRequest } }, async ({ session, body }, reply) => {
    const kdf = parseKdf(agreedKdf(body, session.user))
    const { authenticationData: proof, unlockData: unlock } = body
    await requireSameKey(store, session.user.id, unlock.containedKeyId)
    await requirePassword(session.user, body.masterPasswordHash)
    const password = await newPassword(proof.masterPasswordAuthenticationHash, settings.passwordIterations)
    await endOwnSessions(context, session, {
      contextId: session.device.id,
      change: (user) => void Object.assign(user, password, { kdf, key: unlock.masterKeyWrappedUserKey }),
    })
    return reply.send()
  })

  scope.post('/accounts/security-stamp', { schema: { body: SecretRequest } }, async ({ session, body }, reply) => {
    await requireSecret(context, session.user, body)
    await endOwnSessions(context, session, { change: (user, { devices }) => devices.deleteAllOf(user.id) })
    return reply.send()
  })
}

/** What a change of the password sets. Throws an ApiError when it is missing, or would change the KDF as well. */
function newSecrets(body: PasswordRequest, user: User): { clientHash: string; key: string } {
  const { authenticationData, unlockData, newMasterPasswordHash: clientHash, key } = body
  if (authenticationData && unlockData) {
    if (!isSameKdf(agreedKdf({ authenticationData, unlockData }, user), kdfRequestOf(user.kdf))) {
      throw badRequest('A change of the password does not change the KDF settings', 'unlockData.kdf')
    }
    return { clientHash: authenticationData.masterPasswordAuthenticationHash, key: unlockData.masterKeyWrappedUserKey }
  }
  if (clientHash == null) throw badRequest('newMasterPasswordHash is required', 'newMasterPasswordHash')
  if (key == null) throw badRequest('key is required', 'key')
  return { clientHash, key }
}
