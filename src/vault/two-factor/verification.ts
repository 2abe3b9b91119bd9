import Type, { type Static } from 'typebox'
import { equalSecrets } from '#auth'
import type { User } from '#store'
import { requireSecret, SecretRequest } from '../accounts/secret.ts'
import type { VaultContext } from '../context.ts'
import { badRequest } from '../errors.ts'
import { Maybe } from '../schema.ts'

/**
 * The proof that it is the user who changes a second factor: the secret, or as clients since 2026.8 do it the token that
 * they got for the secret when they asked what is set up.
 */
export const VerifiedRequest = Type.Object({
  ...SecretRequest.properties,
  userVerificationToken: Maybe.text({ maxLength: 4000 }),
})
type VerifiedRequest = Static<typeof VerifiedRequest>

/** Good for half an hour, for the factor of this type, and until the password changes. */
export function issueVerification({ tickets }: VaultContext, { id, securityStamp }: User, type: number) {
  return tickets.issue('2fachange', { sub: id, type, stamp: securityStamp })
}

/** Throws an ApiError unless `body` proves that it is the user who changes the factor `type`; see `requireSecret`. */
export async function requireVerification(
  context: VaultContext,
  user: User,
  { type, body, asksAgain = false }: { type: number; body: VerifiedRequest; asksAgain?: boolean },
): Promise<void> {
  const { userVerificationToken: token, masterPasswordHash, otp } = body
  if (token) {
    const ticket = await context.tickets.verify('2fachange', token)
    const isTheirs = ticket?.sub === user.id && ticket.type === type
    if (!isTheirs || !equalSecrets(String(ticket.stamp), user.securityStamp)) {
      throw badRequest('User verification failed.', 'userVerificationToken')
    }
  }
  // Older clients know the token too, and send the secret beside it.
  if (!token || masterPasswordHash || otp) await requireSecret(context, user, body, { asksAgain })
}

/** What is set up, as clients since 2026.8 look for it, under the name of the factor, and as older ones do, beside that. */
export function bothForms<Name extends string, Details extends object>(name: Name, details: Details) {
  return { ...details, ...({ [name]: details } as Record<Name, Details>) }
}
