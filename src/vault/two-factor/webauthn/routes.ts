import Type from 'typebox'
import type { TwoFactor, User } from '#store'
import { changeUser } from '../../accounts/change-user.ts'
import { requireSecret, SecretRequest } from '../../accounts/secret.ts'
import type { VaultContext } from '../../context.ts'
import { badRequest } from '../../errors.ts'
import type { VaultApp } from '../../schema.ts'
import { inSession } from '../../sessions/index.ts'
import { deleteFactor, putFactor } from '../change-factor.ts'
import { CHALLENGE, FACTOR, newRow } from '../factor-types.ts'
import { bothForms, issueVerification, requireVerification, VerifiedRequest } from '../verification.ts'
import { closeChallenge, openChallenge, TIMEOUT_MS } from './challenges.ts'
import { ALGORITHMS } from './cose-key.ts'
import { descriptor, type Registration, readRegistrations } from './registrations.ts'
import { readResponse, relyingPartyId, verifyRegistration, WebAuthnError } from './relying-party.ts'

const TYPE = FACTOR.webAuthn

/** Clients offer as many. */
const MAX_KEYS = 10

/** Clients count from 1, some of them in text. */
const KeyNumber = Type.Unsafe<string | number>({
  type: ['integer', 'string'],
  minimum: 1,
  maximum: MAX_KEYS,
  pattern: '^([1-9]|10)$',
})
const EnableRequest = Type.Object({
  ...VerifiedRequest.properties,
  id: KeyNumber,
  name: Type.String({ maxLength: 256 }),
  deviceResponse: Type.Object({}),
})
const DeleteRequest = Type.Object({ ...VerifiedRequest.properties, id: KeyNumber })

/** Security keys and passkeys (WebAuthn), as a second factor: a touch is enough, no PIN is asked for. */
export function registerWebAuthn(scope: VaultApp, context: VaultContext): void {
  const { store, settings, clock, logger } = context

  scope.post('/two-factor/get-webauthn', { schema: { body: SecretRequest } }, async ({ session, body }) => {
    requireRelyingPartyId(context)
    await requireSecret(context, session.user, body, { asksAgain: true })
    const userVerificationToken = await issueVerification(context, session.user, TYPE)
    return { ...(await respond(session.user)), userVerificationToken }
  })

  scope.post('/two-factor/get-webauthn-challenge', { schema: { body: VerifiedRequest } }, async ({ session, body }) => {
    const rpId = requireRelyingPartyId(context)
    await requireVerification(context, session.user, { type: TYPE, body, asksAgain: true })
    return inSession(context, session, async (store, user) => {
      const registrations = requireRegistrations(await store.twoFactors.find(user.id, TYPE))
      const kind = { userId: user.id, type: CHALLENGE.webAuthnRegistration, now: clock.now() }
      const challenge = await openChallenge(store, kind)
      const rpName = settings.domain ?? settings.origin
      return bothForms('options', creationOptions({ rpId, rpName, user, challenge, registrations }))
    })
  })

  scope.route({
    method: ['PUT', 'POST'],
    url: '/two-factor/webauthn',
    schema: { body: EnableRequest },
    handler: async ({ session, body }) => {
      requireRelyingPartyId(context)
      await requireVerification(context, session.user, { type: TYPE, body })
      try {
        const answer = readResponse(body.deviceResponse, ['attestationObject'])
        const isOpen = await inSession(context, session, (store, { id: userId }) => {
          const { challenge } = answer
          return closeChallenge(store, { userId, type: CHALLENGE.webAuthnRegistration, now: clock.now(), challenge })
        })
        if (!isOpen) throw badRequest("Can't recover challenge")
        const cred = await verifyRegistration(settings, answer)
        const added: Registration = { id: Number(body.id), name: body.name, migrated: false, credential: { cred } }
        await putFactor(context, session, async ({ twoFactors }, user) => {
          const there = requireRegistrations(await twoFactors.find(user.id, TYPE))
          requireNew(added, there)
          return newRow(user.id, TYPE, [...there, added])
        })
      } catch (error) {
        if (!(error instanceof WebAuthnError)) throw error
        const { cause } = error as { cause?: Error }
        logger.info({ userId: session.user.id, reason: error.message, error: cause?.name }, 'security key refused')
        throw badRequest('The security key could not be set up. Try again.', 'deviceResponse')
      }
      return respond(session.user)
    },
  })

  scope.delete('/two-factor/webauthn', { schema: { body: DeleteRequest } }, async ({ session, body }) => {
    await requireVerification(context, session.user, { type: TYPE, body })
    await changeUser(context, session, async (user, { twoFactors }) => {
      const there = requireRegistrations(await twoFactors.find(user.id, TYPE))
      const left = there.filter(({ id }) => id !== Number(body.id))
      if (left.length === there.length) throw badRequest('Webauthn entry not found', 'id')
      if (left.length > 0) await twoFactors.put(newRow(user.id, TYPE, left))
      else await deleteFactor(twoFactors, user.id, TYPE)
    })
    return respond(session.user)
  })

  async function respond({ id: userId }: User) {
    const registrations = requireRegistrations(await store.twoFactors.find(userId, TYPE))
    const keys = registrations.map(({ id, name, migrated }) => ({ id, name, migrated }))
    return { ...bothForms('webAuthn', { enabled: keys.length > 0, keys }), object: 'twoFactorWebAuthn' }
  }
}

function requireRelyingPartyId({ settings }: VaultContext): string {
  const id = relyingPartyId(settings)
  if (id === undefined) throw badRequest('Configured `DOMAIN` is not compatible with Webauthn')
  return id
}

function requireRegistrations(row: TwoFactor | undefined): Registration[] {
  const registrations = readRegistrations(row?.data)
  if (registrations === undefined) throw badRequest('The stored security keys cannot be read.')
  return registrations
}

function requireNew(added: Registration, there: readonly Registration[]): void {
  if (there.some(({ id }) => id === added.id)) throw badRequest('There is a key of that number already.', 'id')
  const id = added.credential.cred.cred_id
  const isThere = there.some(({ credential }) => credential.cred.cred_id === id)
  if (isThere) throw badRequest('This key is set up already.', 'deviceResponse')
}

interface Creation {
  readonly rpId: string
  readonly rpName: string
  readonly user: User
  readonly challenge: string
  /** Keys that are set up already, which the browser shall not take again. */
  readonly registrations: readonly Registration[]
}

/** `PublicKeyCredentialCreationOptions` in JSON (WebAuthn §5.4), with the two members clients once needed besides. */
function creationOptions({ rpId, rpName, user, challenge, registrations }: Creation) {
  return {
    rp: { name: rpName, id: rpId },
    user: {
      id: Buffer.from(user.id.replaceAll('-', ''), 'hex').toString('base64url'),
      name: user.email,
      displayName: user.name,
    },
    challenge,
    pubKeyCredParams: ALGORITHMS.map((alg) => ({ type: 'public-key', alg })),
    timeout: TIMEOUT_MS,
    attestation: 'none',
    excludeCredentials: registrations.map(descriptor),
    authenticatorSelection: {
      residentKey: 'discouraged',
      requireResidentKey: false,
      userVerification: 'discouraged',
    },
    status: 'ok',
    errorMessage: '',
  }
}
