import Type from 'typebox'
import { requireSecret, SecretRequest } from '../accounts/secret.ts'
import type { VaultContext } from '../context.ts'
import { badRequest } from '../errors.ts'
import type { VaultApp } from '../schema.ts'
import { list } from '../wire.ts'
import { disabledResponse, removeFactor } from './change-factor.ts'
import { FACTOR, isFactorType, standingFactors } from './factor-types.ts'
import { offeredTypes } from './required.ts'
import { bothForms, issueVerification, requireVerification, VerifiedRequest } from './verification.ts'

const DisableRequest = Type.Object({
  ...SecretRequest.properties,
  type: Type.Unsafe<string | number>({ type: ['integer', 'string'], pattern: '^\\d{1,3}$' }),
})

/** What concerns second factors of all types. */
export function registerFactors(scope: VaultApp, context: VaultContext): void {
  const { store } = context
  // Also those that are not offered here: their owner shall see that they stand, and can remove them.
  scope.get('/two-factor', async ({ session }) => {
    const factors = standingFactors(await store.twoFactors.ofUser(session.user.id))
    return {
      ...list(factors.map(({ type }) => ({ enabled: true, type, object: 'twoFactorProvider' }))),
      // For our own web vault: others offer what they know, and are refused when it is not offered here.
      offeredTypes: offeredTypes(context),
    }
  })

  scope.post('/two-factor/get-recover', { schema: { body: SecretRequest } }, async ({ session, body }) => {
    await requireSecret(context, session.user, body)
    return { code: session.user.recoveryCode, object: 'twoFactorRecover' }
  })

  scope.route({
    method: ['PUT', 'POST'],
    url: '/two-factor/disable',
    schema: { body: DisableRequest },
    handler: async ({ session, body }) => {
      await requireSecret(context, session.user, body)
      const type = Number(body.type)
      if (!isFactorType(type)) throw badRequest('Invalid two factor provider', 'type')
      await removeFactor(context, session, type)
      return disabledResponse(type)
    },
  })

  // Only another server can have set it up, but its owner can remove it, and clients ask for it before.
  scope.post('/two-factor/get-duo', { schema: { body: SecretRequest } }, async ({ session, body }) => {
    await requireSecret(context, session.user, body, { asksAgain: true })
    const enabled = (await store.twoFactors.find(session.user.id, FACTOR.duo)) !== undefined
    const userVerificationToken = await issueVerification(context, session.user, FACTOR.duo)
    const details = { enabled, host: null, clientId: null, clientSecret: null }
    return { ...bothForms('duo', details), userVerificationToken, object: 'twoFactorDuo' }
  })

  // As the official server has them; Vaultwarden has not.
  for (const [name, type] of [
    ['email', FACTOR.email],
    ['duo', FACTOR.duo],
    ['yubikey', FACTOR.yubikey],
    ['webauthn/all', FACTOR.webAuthn],
  ] as const) {
    scope.delete(`/two-factor/${name}`, { schema: { body: VerifiedRequest } }, async ({ session, body }) => {
      await requireVerification(context, session.user, { type, body })
      await removeFactor(context, session, type)
      return disabledResponse(type)
    })
  }

  // Clients ask, and there is no such thing here: a login from a new device needs no code by mail.
  scope.get('/two-factor/get-device-verification-settings', async () => ({
    isDeviceVerificationSectionEnabled: false,
    unknownDeviceVerificationEnabled: false,
    object: 'deviceVerificationSettings',
  }))
}
