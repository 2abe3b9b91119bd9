import { randomUUID } from 'node:crypto'
import Type from 'typebox'
import { newPassword } from '#auth'
import type { Store, User } from '#store'
import { nextRevision, type VaultContext } from '../context.ts'
import { badRequest } from '../errors.ts'
import { limitUnauthenticated } from '../limits.ts'
import { Maybe, orNull, type VaultApp } from '../schema.ts'
import { isSignupAllowed } from '../settings.ts'
import { parseEmail } from './email-address.ts'
import { parseRegistration, RegisterRequest, type Registration } from './register-request.ts'

const VerificationRequest = Type.Object({
  email: RegisterRequest.properties.email,
  name: RegisterRequest.properties.name,
  receiveMarketingEmails: Maybe.boolean(),
})

/**
 * Registration in one step, as old clients do it, or in two. Without a mail server the first of the two hands the proof
 * of the address out directly.
 */
export function registerRegistration(scope: VaultApp, context: VaultContext): void {
  const { settings, store, tokens } = context
  const route = { onRequest: limitUnauthenticated(context) }

  scope.post(
    '/accounts/register/send-verification-email',
    { ...route, schema: { body: VerificationRequest } },
    async (request, reply) => {
      const email = parseEmail(request.body.email)
      if (!isSignupAllowed(settings, email) && !(await store.invitations.exists(email))) throw notAllowed()
      const token = await tokens.issueRegister({ sub: email, name: orNull(request.body.name), verified: false })
      return reply.type('application/json; charset=utf-8').send(JSON.stringify(token))
    },
  )

  scope.post('/accounts/register/finish', { ...route, schema: { body: RegisterRequest } }, async (request) => {
    const registration = parseRegistration(request.body)
    const token = request.body.emailVerificationToken
    if (!token) throw badRequest('Registration is missing required parameters', 'emailVerificationToken')
    const claims = await tokens.verifyRegister(token)
    if (claims?.sub.trim().toLowerCase() !== registration.email) {
      throw badRequest('The e-mail verification token is not valid for this address.', 'emailVerificationToken')
    }
    return createAccount(context, { ...registration, name: claims.name ?? registration.name })
  })

  scope.post('/accounts/register', { ...route, schema: { body: RegisterRequest } }, async (request) =>
    createAccount(context, parseRegistration(request.body)),
  )
}

async function createAccount(context: VaultContext, registration: Registration) {
  // Asked twice: here so that nobody who may not register costs a password hash, below because only that counts.
  await checkAllowed(context, context.store, registration.email)
  const password = await newPassword(registration.clientHash, context.settings.passwordIterations)
  const user = await context.store.transaction(async (store) => {
    const existing = await checkAllowed(context, store, registration.email)
    const wasInvited = await store.invitations.take(registration.email)
    const user = { ...(existing ?? newUser(context, registration)), ...password }
    applyRegistration(user, registration)
    user.updatedAt = nextRevision(user.updatedAt, context.clock)
    await (existing ? store.users.update(user) : store.users.insert(user))
    if (existing && wasInvited) await store.invitations.acceptMemberships(user.id)
    if (registration.keyId !== null) await store.users.setKeyId(user.id, registration.keyId)
    return user
  })
  context.logger.info({ userId: user.id }, 'account registered')
  return { object: 'register', captchaBypassToken: '' }
}

/** The user that is there without a password, invited and never registered. Throws when `email` may not register. */
async function checkAllowed(context: VaultContext, store: Store, email: string): Promise<User | undefined> {
  const existing = await store.users.findByEmail(email)
  const isTaken = existing !== undefined && existing.passwordHash.length > 0
  const isWelcome = isSignupAllowed(context.settings, email) || (await store.invitations.exists(email))
  if (isTaken || !isWelcome) throw notAllowed()
  return existing
}

/** One text for both reasons, so that nobody learns who has an account. */
const notAllowed = () => badRequest('Registration not allowed or user already exists')

function applyRegistration(user: User, registration: Registration): void {
  user.name = registration.name ?? user.name
  user.key = registration.key
  user.kdf = registration.kdf
  user.passwordHint = registration.passwordHint
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
