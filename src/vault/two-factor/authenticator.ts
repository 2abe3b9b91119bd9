import { Secret, TOTP } from 'otpauth'
import Type from 'typebox'
import type { User } from '#store'
import { requireSecret, SecretRequest } from '../accounts/secret.ts'
import type { VaultContext } from '../context.ts'
import { badRequest } from '../errors.ts'
import type { VaultApp } from '../schema.ts'
import { CodeText, disabledResponse, putFactor, removeFactor } from './change-factor.ts'
import { FACTOR, newRow } from './factor-types.ts'
import { bothForms, issueVerification, requireVerification, VerifiedRequest } from './verification.ts'

const TYPE = FACTOR.authenticator

const KEY_BYTES = 20
/** Base32 of 20 bytes, which needs no padding. */
const KEY = /^[A-Z2-7]{32}$/
const CODE = /^\d{6}$/
const STEP_SECONDS = 30

const WRONG_CODE = 'Invalid TOTP code! Check the time of both devices and try again.'

const EnableRequest = Type.Object({
  ...VerifiedRequest.properties,
  key: Type.String({ maxLength: 100 }),
  token: CodeText,
})
const DisableRequest = Type.Object({ ...VerifiedRequest.properties, key: Type.String({ maxLength: 100 }) })

/** Codes of an authenticator app: TOTP (RFC 6238) with SHA-1, six digits and steps of 30 s. */
export function registerAuthenticator(scope: VaultApp, context: VaultContext): void {
  const { store } = context
  scope.post('/two-factor/get-authenticator', { schema: { body: SecretRequest } }, async ({ session, body }) => {
    await requireSecret(context, session.user, body, { asksAgain: true })
    const factor = await store.twoFactors.find(session.user.id, TYPE)
    const userVerificationToken = await issueVerification(context, session.user, TYPE)
    const key = factor?.data ?? new Secret({ size: KEY_BYTES }).base32
    return { ...response(factor !== undefined, key), userVerificationToken }
  })

  scope.route({
    method: ['PUT', 'POST'],
    url: '/two-factor/authenticator',
    schema: { body: EnableRequest },
    handler: async ({ session, body }) => {
      await requireVerification(context, session.user, { type: TYPE, body })
      const key = body.key.toUpperCase()
      if (!KEY.test(key)) throw badRequest('Invalid totp secret', 'key')
      const step = matchingStep(context, key, String(body.token))
      if (step === undefined) throw badRequest(WRONG_CODE, 'token')
      await putFactor(context, session, async ({ twoFactors }, user) => {
        const former = await twoFactors.find(user.id, TYPE)
        if (former?.data === key && former.lastUsed >= step) throw badRequest(WRONG_CODE, 'token')
        return newRow(user.id, TYPE, key, step)
      })
      return response(true, key)
    },
  })

  scope.delete('/two-factor/authenticator', { schema: { body: DisableRequest } }, async ({ session, body }) => {
    await requireVerification(context, session.user, { type: TYPE, body })
    await removeFactor(context, session, TYPE, ({ data }) => {
      if (data !== body.key) throw badRequest('The key is not the one of the authenticator that is set up.', 'key')
    })
    return disabledResponse(TYPE)
  })
}

const response = (enabled: boolean, key: string) => ({
  ...bothForms('authenticator', { enabled, key }),
  object: 'twoFactorAuthenticator',
})

/** Throws an ApiError unless `code` is one of the authenticator that is good now and has not been used. */
export async function requireAuthenticatorCode(context: VaultContext, user: User, key: string, code: string) {
  const step = matchingStep(context, key, code)
  // Of two logins with one code at once, one changes the row.
  if (step === undefined || !(await context.store.twoFactors.useStep(user.id, TYPE, step))) throw badRequest(WRONG_CODE)
}

/** The step that `code` is of; undefined when it is none of now. */
function matchingStep({ clock, settings }: VaultContext, key: string, code: string): number | undefined {
  // An empty key would make codes that anybody can.
  if (!CODE.test(code) || !KEY.test(key)) return undefined
  const timestamp = clock.now()
  const totp = new TOTP({ secret: Secret.fromBase32(key), algorithm: 'SHA1', digits: 6, period: STEP_SECONDS })
  const delta = totp.validate({ token: code, timestamp, window: settings.twoFactor.allowsTimeDrift ? 1 : 0 })
  return delta === null ? undefined : TOTP.counter({ period: STEP_SECONDS, timestamp }) + delta
}
