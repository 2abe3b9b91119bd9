import { randomUUID } from 'node:crypto'
import Type from 'typebox'
import { newPassword } from '#auth'
import type { Store, User } from '#store'
import { parsePasswordHint } from '../accounts/hint.ts'
import { nextRevision, type VaultContext } from '../context.ts'
import { isAddressProven, parseEmail } from '../email-address.ts'
import { badRequest } from '../errors.ts'
import { limitUnauthenticated, mayWriteTo } from '../limits.ts'
import type { Mailer } from '../mail/letters.ts'
import { sendVerification } from '../mail/links.ts'
import { Maybe, orNull, type VaultApp } from '../schema.ts'
import { isSignupAllowed, mailedAddress } from '../settings.ts'
import { checkProof, type ProvenRegistration } from './register-proof.ts'
import { parseRegistration, RegisterRequest, type Registration } from './register-request.ts'

const VerificationRequest = Type.Object({
  email: RegisterRequest.properties.email,
  name: RegisterRequest.properties.name,
  receiveMarketingEmails: Maybe.boolean(),
})

/**
 * Registration in one step, as old clients do it, or in two. The first of the two hands the proof out directly, or where
 * the operator wants addresses verified, sends it by mail.
 */
export function registerRegistration(scope: VaultApp, context: VaultContext): void {
  const { settings, store, tokens, mailer } = context
  const route = { onRequest: limitUnauthenticated(context) }

  scope.post(
    '/accounts/register/send-verification-email',
    { ...route, schema: { body: VerificationRequest } },
    async (request, reply) => {
      const email = parseEmail(request.body.email)
      // Where there is mail, whoever is invited has a letter that says how.
      const isInvited = async () => mailer === undefined && (await store.invitations.exists(email))
      if (!isSignupAllowed(settings, email) && !(await isInvited())) throw notAllowed()
      const claims = { sub: email, name: orNull(request.body.name) }
      if (mailer !== undefined && settings.signupsVerify) {
        sendProof(context, mailer, claims)
        return reply.code(204).send()
      }
      const token = await tokens.issueRegister({ ...claims, verified: false })
      return reply.type('application/json; charset=utf-8').send(JSON.stringify(token))
    },
  )

  scope.post('/accounts/register/finish', { ...route, schema: { body: RegisterRequest } }, async (request) => {
    const registration = parseRegistration(request.body)
    const proof = await checkProof(context, request.body, registration.email)
    return createAccount(context, { ...registration, name: proof.name ?? registration.name }, proof)
  })

  scope.post('/accounts/register', { ...route, schema: { body: RegisterRequest } }, async (request) =>
    createAccount(context, parseRegistration(request.body)),
  )
}

/** Nobody waits for it, and to whom has an account nothing is sent: so the answer does not tell who has one. */
function sendProof(context: VaultContext, mailer: Mailer, claims: { sub: string; name: string | null }): void {
  const { store, tokens, settings, afterwards } = context
  const { sub: email } = claims
  afterwards.runHidden('letter register_verify_email', async () => {
    const known = await store.users.findByEmail(email)
    if ((known !== undefined && known.passwordHash.length > 0) || !mayWriteTo(context, email)) return
    const token = await tokens.issueRegister({ ...claims, verified: true })
    const query = new URLSearchParams({ email, token })
    const url = `${mailedAddress(settings)}/#/finish-signup/?${query}`
    await mailer.send(email, 'register_verify_email', { url, email })
  })
}

type Proof = Pick<ProvenRegistration, 'isAddressProven' | 'isInvited'>
const NO_PROOF: Proof = { isAddressProven: false, isInvited: false }

async function createAccount(context: VaultContext, registration: Registration, proof = NO_PROOF) {
  const { store, settings, clock, logger } = context
  const passwordHint = parsePasswordHint(settings, registration.passwordHint)
  // Asked twice: here so that nobody who may not register costs a password hash, below because only that counts.
  await checkAllowed(context, store, registration.email, proof)
  const hash = () => newPassword(registration.clientHash, settings.passwordIterations)
  const password = await context.limits.logins.hash(hash)
  const user = await store.transaction(async (store) => {
    const existing = await checkAllowed(context, store, registration.email, proof)
    const wasInvited = await store.invitations.take(registration.email)
    const user = { ...(existing ?? newUser(context, registration)), ...password, passwordHint }
    applyRegistration(user, registration)
    user.updatedAt = nextRevision(user.updatedAt, clock)
    const now = new Date(clock.now())
    if (proof.isAddressProven) user.verifiedAt = now
    else if (mustVerify(context, user)) user.lastVerifyingAt = now
    await (existing ? store.users.update(user) : store.users.insert(user))
    if (existing && wasInvited) await store.invitations.acceptMemberships(user.id)
    if (registration.keyId !== null) await store.users.setKeyId(user.id, registration.keyId)
    return user
  })
  logger.info({ userId: user.id }, 'account registered')
  welcome(context, user)
  return { object: 'register', captchaBypassToken: '' }
}

const mustVerify = (context: VaultContext, user: User) =>
  context.settings.signupsVerify && !isAddressProven(context, user)

function welcome(context: VaultContext, user: User): void {
  const { mailer, afterwards } = context
  if (mustVerify(context, user)) sendVerification(context, user, 'welcome_must_verify')
  else if (mailer !== undefined) afterwards.run('letter welcome', () => mailer.send(user.email, 'welcome', {}))
}

/** The user that is there without a password, invited and never registered. Throws when `email` may not register. */
async function checkAllowed(
  context: VaultContext,
  store: Store,
  email: string,
  { isInvited }: Proof,
): Promise<User | undefined> {
  const existing = await store.users.findByEmail(email)
  const isTaken = existing !== undefined && existing.passwordHash.length > 0
  // An invitation by mail is for a user that is there.
  const isWelcome =
    (isInvited && existing !== undefined) ||
    isSignupAllowed(context.settings, email) ||
    (await store.invitations.exists(email))
  if (isTaken || !isWelcome) throw notAllowed()
  return existing
}

/** One text for both reasons, so that nobody learns who has an account. */
const notAllowed = () => badRequest('Registration not allowed or user already exists')

function applyRegistration(user: User, registration: Registration): void {
  user.name = registration.name ?? user.name
  user.key = registration.key
  user.kdf = registration.kdf
  user.securityStamp = randomUUID()
  if (registration.keyPair) {
    user.publicKey = registration.keyPair.publicKey
    user.privateKey = registration.keyPair.encryptedPrivateKey
  }
}

function newUser(context: VaultContext, { email, kdf }: Registration): User {
  const now = new Date(context.clock.now())
  return {
    id: randomUUID(),
    createdAt: now,
    updatedAt: now,
    email,
    name: email,
    passwordHash: Buffer.alloc(0),
    salt: Buffer.alloc(0),
    passwordIterations: context.settings.passwordIterations,
    passwordHint: null,
    key: '',
    privateKey: null,
    publicKey: null,
    recoveryCode: null,
    securityStamp: randomUUID(),
    stampException: null,
    equivalentDomains: '[]',
    excludedGlobals: '[]',
    kdf,
    verifiedAt: null,
    lastVerifyingAt: null,
    loginVerifyCount: 0,
    newEmail: null,
    newEmailToken: null,
    enabled: true,
    apiKey: null,
    avatarColor: null,
  }
}
