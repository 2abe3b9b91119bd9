import type { IncomingHttpHeaders } from 'node:http'
import Type from 'typebox'
import { requireSecret, SecretRequest } from '../accounts/secret.ts'
import { isAtLeast } from '../client-version.ts'
import type { VaultContext } from '../context.ts'
import { parseEmail } from '../email-address.ts'
import { badRequest } from '../errors.ts'
import { takeFrom } from '../limits.ts'
import { deliver } from '../mail/deliver.ts'
import type { VaultApp } from '../schema.ts'
import { inSession } from '../sessions/index.ts'
import { CodeText, putFactor } from './change-factor.ts'
import { newEmailCode, readEmailData, requireEmailCode, requireEmailCodes } from './email-code.ts'
import { CHALLENGE, FACTOR, newRow } from './factor-types.ts'
import { issueVerification, requireVerification, VerifiedRequest } from './verification.ts'

const Address = Type.String({ maxLength: 320 })
const SendRequest = Type.Object({ ...VerifiedRequest.properties, email: Address })
const EnableRequest = Type.Object({ ...VerifiedRequest.properties, email: Address, token: CodeText })

/** Codes that are sent by mail. What is set up stays until the new address has proven that it gets them. */
export function registerEmail(scope: VaultApp, context: VaultContext): void {
  const { store, limits } = context

  scope.post('/two-factor/get-email', { schema: { body: SecretRequest } }, async ({ session, body, headers }) => {
    await requireSecret(context, session.user, body, { asksAgain: true })
    const factor = await store.twoFactors.find(session.user.id, FACTOR.email)
    const userVerificationToken = await issueVerification(context, session.user, FACTOR.email)
    const email = readEmailData(factor?.data)?.email ?? null
    return { ...response(headers, { enabled: factor !== undefined, email }), userVerificationToken }
  })

  scope.post('/two-factor/send-email', { schema: { body: SendRequest } }, async ({ session, body }, reply) => {
    requireEmailCodes(context)
    await requireVerification(context, session.user, { type: FACTOR.email, body, asksAgain: true })
    takeFrom(limits.letters, session.user.id)
    const code = newEmailCode(context, parseEmail(body.email))
    await inSession(context, session, async ({ twoFactors }, user) => {
      await twoFactors.put(newRow(user.id, CHALLENGE.email, code))
    })
    await deliver(context, code.email, 'twofactor_email', { token: code.last_token })
    return reply.send()
  })

  scope.route({
    method: ['PUT', 'POST'],
    url: '/two-factor/email',
    schema: { body: EnableRequest },
    handler: async ({ session, body, headers }) => {
      requireEmailCodes(context)
      await requireVerification(context, session.user, { type: FACTOR.email, body })
      const code = String(body.token)
      await requireEmailCode(context, { user: session.user, type: CHALLENGE.email, code })
      const email = parseEmail(body.email)
      await putFactor(context, session, async ({ twoFactors }, user) => {
        const proven = readEmailData((await twoFactors.find(user.id, CHALLENGE.email))?.data)
        if (proven?.email !== email || proven.last_token !== null) throw badRequest('Token is invalid!', 'token')
        await twoFactors.delete(user.id, CHALLENGE.email)
        return newRow(user.id, FACTOR.email, proven)
      })
      return response(headers, { enabled: true, email })
    },
  })
}

interface EmailDetails {
  readonly enabled: boolean
  readonly email: string | null
}

/** Clients since 2026.8 look for the details under the name that was the address to those before. */
function response(headers: IncomingHttpHeaders, details: EmailDetails) {
  const email = isAtLeast(headers['bitwarden-client-version'], 2026, 8) ? details : details.email
  return { enabled: details.enabled, email, object: 'twoFactorEmail' }
}
