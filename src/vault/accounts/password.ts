import Type from 'typebox'
import { AFTER_PASSWORD_CHANGE, newPassword, stampException } from '#auth'
import type { VaultContext } from '../context.ts'
import { badRequest } from '../errors.ts'
import { isSameKdf, KdfRequest, parseKdf } from '../kdf.ts'
import { Maybe, type VaultApp } from '../schema.ts'
import { endOwnSessions } from '../sessions/index.ts'
import { parsePasswordHint } from './hint.ts'
import { requirePassword, requireSecret, SecretRequest } from './secret.ts'
import { upgradePassword } from './upgrade-password.ts'

const Text = Type.String({ minLength: 1 })

const PasswordProof = Type.Object({ masterPasswordHash: Text })

const PasswordRequest = Type.Object({
  masterPasswordHash: Text,
  newMasterPasswordHash: Text,
  masterPasswordHint: Maybe.text({ maxLength: 255 }),
  key: Text,
})

const ChangeKdfRequest = Type.Object({
  masterPasswordHash: Text,
  authenticationData: Type.Object({ salt: Text, kdf: KdfRequest, masterPasswordAuthenticationHash: Text }),
  unlockData: Type.Object({ salt: Text, kdf: KdfRequest, masterKeyWrappedUserKey: Text }),
})

/** The master password: checking it, changing it, and ending every session. */
export function registerPassword(scope: VaultApp, context: VaultContext): void {
  const { clock, settings } = context

  scope.post('/accounts/verify-password', { schema: { body: PasswordProof } }, async ({ session, body }) => {
    await requirePassword(session.user, body.masterPasswordHash)
    await upgradePassword(context, session.user, body.masterPasswordHash)
    return { Object: 'masterPasswordPolicy' }
  })

  scope.post('/accounts/password', { schema: { body: PasswordRequest } }, async ({ session, body }, reply) => {
    const passwordHint = parsePasswordHint(settings, body.masterPasswordHint)
    await requirePassword(session.user, body.masterPasswordHash)
    const password = await newPassword(body.newMasterPasswordHash, settings.passwordIterations)
    await endOwnSessions(context, session, {
      // The acting device finishes what it is doing and logs itself out.
      contextId: session.device.id,
      change: (user) => {
        user.stampException = stampException(user.securityStamp, AFTER_PASSWORD_CHANGE, clock.now())
        Object.assign(user, password, { key: body.key, passwordHint })
      },
    })
    return reply.send()
  })

  scope.post('/accounts/kdf', { schema: { body: ChangeKdfRequest } }, async ({ session, body }, reply) => {
    const { authenticationData: proof, unlockData: unlock } = body
    if (!isSameKdf(proof.kdf, unlock.kdf)) {
      throw badRequest('KDF settings must be equal for authentication and unlock', 'unlockData.kdf')
    }
    if (proof.salt !== session.user.email || unlock.salt !== session.user.email) {
      throw badRequest('Invalid master password salt', 'unlockData.salt')
    }
    const kdf = parseKdf(unlock.kdf)
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
