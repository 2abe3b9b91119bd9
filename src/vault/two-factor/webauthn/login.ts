import type { Store, User } from '#store'
import type { VaultContext } from '../../context.ts'
import { badRequest } from '../../errors.ts'
import { parseJson } from '../../json-text.ts'
import { CHALLENGE, FACTOR, newRow } from '../factor-types.ts'
import { closeChallenge, openChallenge, TIMEOUT_MS } from './challenges.ts'
import { descriptor, type Registration, readRegistrations, type StoredCredential } from './registrations.ts'
import {
  appId,
  type KeyResponse,
  readResponse,
  relyingPartyId,
  verifyAssertion,
  WebAuthnError,
} from './relying-party.ts'

const FAILED = 'The security key was not accepted. Try again.'

/** `PublicKeyCredentialRequestOptions` in JSON (WebAuthn §5.5) for a login with one of the user's keys. */
export async function requestOptions(
  { store, settings, clock }: VaultContext,
  user: User,
  registrations: readonly Registration[],
) {
  const kind = { userId: user.id, type: CHALLENGE.webAuthnLogin, now: clock.now() }
  const challenge = await store.transaction((store) => openChallenge(store, kind), { account: user.id })
  return {
    challenge,
    timeout: TIMEOUT_MS,
    rpId: relyingPartyId(settings),
    allowCredentials: registrations.map(descriptor),
    userVerification: 'discouraged',
    // For no other keys: where it is no HTTPS address browsers refuse the whole question.
    ...(registrations.some(({ migrated }) => migrated) ? { extensions: { appid: appId(settings) } } : {}),
  }
}

/** Throws an ApiError unless `text`, the JSON of a browser's answer, is signed by one of the user's keys. */
export async function requireAssertion(context: VaultContext, user: User, text: string): Promise<void> {
  try {
    const response = readResponse(parseJson(text), ['authenticatorData', 'signature'])
    const registrations = await takeChallenge(context, user, response)
    const credentials = registrations.map(({ credential }) => credential.cred)
    const used = await verifyAssertion(context.settings, response, credentials)
    await keepCounter(context, user, used)
  } catch (error) {
    if (!(error instanceof WebAuthnError)) throw error
    context.logger.warn({ userId: user.id, reason: error.message }, 'security key refused')
    throw badRequest(FAILED)
  }
}

/** Uses the challenge up, whatever comes of its answer, and resolves with the user's keys. */
async function takeChallenge(
  { store, clock }: VaultContext,
  { id: userId }: User,
  { challenge }: KeyResponse,
): Promise<Registration[]> {
  const take = async (store: Store) => {
    const isOpen = await closeChallenge(store, { userId, type: CHALLENGE.webAuthnLogin, now: clock.now(), challenge })
    return isOpen ? readRegistrations((await store.twoFactors.find(userId, FACTOR.webAuthn))?.data) : undefined
  }
  const registrations = await store.transaction(take, { account: userId })
  if (registrations === undefined) throw new WebAuthnError('The challenge is not open')
  return registrations
}

/** Writes what the key said of itself. Of two answers with one counter at once, the second is no better than a copy. */
async function keepCounter({ store }: VaultContext, { id: userId }: User, used: StoredCredential): Promise<void> {
  const keep = async ({ twoFactors }: Store) => {
    const registrations = readRegistrations((await twoFactors.find(userId, FACTOR.webAuthn))?.data) ?? []
    const index = registrations.findIndex(({ credential }) => credential.cred.cred_id === used.cred_id)
    const registration = registrations[index]
    const { counter } = registration?.credential.cred ?? { counter: Number.POSITIVE_INFINITY }
    // Keys that do not count say 0 for good.
    if (registration === undefined || (counter > 0 && used.counter <= counter)) return false
    const changed = registrations.with(index, { ...registration, credential: { cred: used } })
    await twoFactors.put(newRow(userId, FACTOR.webAuthn, changed))
    return true
  }
  if (!(await store.transaction(keep, { account: userId }))) throw new WebAuthnError('The key has changed meanwhile')
}
