import Type from 'typebox'
import type { VaultContext } from '../context.ts'
import { badRequest } from '../errors.ts'
import { Maybe, type VaultApp } from '../schema.ts'
import { requireEmailCodes, sendLoginCode } from '../two-factor/index.ts'
import { authenticate, type Proof } from './authenticate.ts'

const text = Maybe.text({ maxLength: 1000 })
/** Some clients write the names with a capital. */
const SendRequest = Type.Object({
  email: text,
  Email: text,
  masterPasswordHash: text,
  MasterPasswordHash: text,
  deviceIdentifier: text,
  DeviceIdentifier: text,
  authRequestId: text,
  authRequestAccessCode: text,
})

/** Sends a code to whoever is about to log in and has proven the rest: as a login, and counted as one. */
export function registerSendLoginCode(scope: VaultApp, context: VaultContext): void {
  const { limits, clientAddress } = context
  scope.post('/two-factor/send-email-login', { schema: { body: SendRequest } }, async ({ body, raw }, reply) => {
    requireEmailCodes(context)
    const address = clientAddress(raw)
    await limits.logins.run(address, async () => {
      const email = body.email ?? body.Email ?? ''
      const proof = proofOf(body)
      if (proof === undefined) throw badRequest('No password hash has been submitted.')
      await sendLoginCode(context, await authenticate(context, { email, proof, address }))
    })
    return reply.send()
  })
}

function proofOf(body: Type.Static<typeof SendRequest>): Proof | undefined {
  const password = body.masterPasswordHash ?? body.MasterPasswordHash
  if (password) return { password }
  const { authRequestId: requestId, authRequestAccessCode: accessCode } = body
  const deviceId = body.deviceIdentifier ?? body.DeviceIdentifier
  return requestId && accessCode && deviceId ? { requestId, accessCode, deviceId } : undefined
}
