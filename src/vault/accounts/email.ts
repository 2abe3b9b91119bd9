import Type from 'typebox'
import { equalSecrets, newPassword } from '#auth'
import type { Store, User } from '#store'
import type { VaultContext } from '../context.ts'
import { parseEmail } from '../email-address.ts'
import { badRequest } from '../errors.ts'
import { mayWriteTo, takeFrom } from '../limits.ts'
import { deliver } from '../mail/deliver.ts'
import { newNumericCode } from '../numeric-code.ts'
import { type VaultApp, WrappedKey } from '../schema.ts'
import { endOwnSessions, inSession } from '../sessions/index.ts'
import { isDomainAllowed } from '../settings.ts'
import { requirePassword } from './secret.ts'

const Text = Type.String({ minLength: 1 })
const Address = Type.String({ maxLength: 256 })

const NewAddressRequest = Type.Object({ masterPasswordHash: Text, newEmail: Address })

const ChangeRequest = Type.Object({
  masterPasswordHash: Text,
  newEmail: Address,
  newMasterPasswordHash: Text,
  key: WrappedKey,
  token: Type.Unsafe<string | number>({ type: ['string', 'integer'], maxLength: 255 }),
})

/** Clients hold the user to this length. */
const CODE_DIGITS = 6

/**
 * A change of the user's e-mail address, in two steps: a code goes to the new address, and comes back with the password
 * hash and the key that belong to it, since the address is the salt of both. Without mail no code is asked for.
 */
export function registerEmailChange(scope: VaultApp, context: VaultContext): void {
  const { store, settings, mailer, limits, clock, logger } = context

  scope.post('/accounts/email-token', { schema: { body: NewAddressRequest } }, async ({ session, body }, reply) => {
    requireAllowed(context)
    await requirePassword(session.user, body.masterPasswordHash)
    const newEmail = parseEmail(body.newEmail)
    takeFrom(limits.letters, session.user.id)
    const holder = await store.users.findByEmail(newEmail)
    if (holder !== undefined) {
      tellHolder(context, holder, session.user)
      throw taken()
    }
    if (!isDomainAllowed(settings, newEmail)) throw badRequest('Email domain not allowed', 'newEmail')
    const token = newNumericCode(CODE_DIGITS)
    await inSession(context, session, ({ users }, user) => users.update({ ...user, newEmail, newEmailToken: token }))
    await deliver(context, newEmail, 'change_email', { token })
    return reply.send()
  })

  scope.post('/accounts/email', { schema: { body: ChangeRequest } }, async ({ session, body }, reply) => {
    requireAllowed(context)
    await requirePassword(session.user, body.masterPasswordHash)
    const newEmail = parseEmail(body.newEmail)
    const proof = { newEmail, token: mailer && String(body.token) }
    if (proof.token !== undefined) takeFrom(limits.addressCodes, session.user.id)
    // Asked twice: here so that a wrong code costs no password hash, below because only that counts.
    await requirePending(store, session.user, proof)
    const password = await newPassword(body.newMasterPasswordHash, settings.passwordIterations)
    await endOwnSessions(context, session, {
      change: async (user, inTransaction) => {
        await requirePending(inTransaction, user, proof)
        Object.assign(user, password, {
          email: newEmail,
          key: body.key,
          verifiedAt: mailer === undefined ? null : new Date(clock.now()),
          newEmail: null,
          newEmailToken: null,
        })
      },
    })
    logger.info({ userId: session.user.id }, 'e-mail address changed')
    return reply.send()
  })
}

function requireAllowed({ settings }: VaultContext): void {
  if (!settings.emailChangeAllowed) throw badRequest('Email change is not allowed.')
}

/** Throws an ApiError unless the user is about to change to that address and, with mail, has the code. */
async function requirePending(
  { users }: Pick<Store, 'users'>,
  user: User,
  { newEmail, token }: { newEmail: string; token: string | undefined },
): Promise<void> {
  if ((await users.findByEmail(newEmail)) !== undefined) throw taken()
  if (!user.newEmail || !user.newEmailToken) throw badRequest('No email change pending')
  if (user.newEmail.toLowerCase() !== newEmail) throw badRequest('Email change mismatch', 'newEmail')
  if (token !== undefined && !equalSecrets(user.newEmailToken, token)) throw badRequest('Token mismatch', 'token')
}

/** Lets whoever has the address know that somebody wanted it. */
function tellHolder(context: VaultContext, holder: User, { id, email }: User): void {
  const { mailer, afterwards } = context
  if (mailer === undefined || holder.id === id || !mayWriteTo(context, holder.email)) return
  const name = holder.passwordHash.length > 0 ? 'change_email_existing' : 'change_email_invited'
  const addresses = { existing_address: holder.email, acting_address: email }
  afterwards.run(`letter ${name}`, () => mailer.send(holder.email, name, addresses))
}

const taken = () => badRequest('Email already in use', 'newEmail')
