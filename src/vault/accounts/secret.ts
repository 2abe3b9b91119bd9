import Type, { type Static } from 'typebox'
import { verifyPassword } from '#auth'
import type { User } from '#store'
import type { VaultContext } from '../context.ts'
import { badRequest } from '../errors.ts'
import { hashFor } from '../hash-places.ts'
import { Maybe } from '../schema.ts'
import { requireCode } from './protected-action.ts'

/** The proof that whoever acts is the user: the master password, or a code that was sent by mail. One of the two. */
export const SecretRequest = Type.Object({ masterPasswordHash: Maybe.text(), otp: Maybe.text({ maxLength: 255 }) })
export type SecretRequest = Static<typeof SecretRequest>

/**
 * Throws an ApiError unless `body` proves that it is the user who asks. A code is good once; with `asksAgain` it stays
 * good, for the step that follows and brings the same one.
 */
export async function requireSecret(
  context: VaultContext,
  user: User,
  { masterPasswordHash, otp }: SecretRequest,
  { asksAgain = false }: { asksAgain?: boolean } = {},
): Promise<void> {
  if (masterPasswordHash && !otp) await requirePassword(user, masterPasswordHash)
  else if (otp && !masterPasswordHash) await requireCode(context, user.id, otp, { isUsedUp: !asksAgain })
  else throw badRequest('No validation provided', 'masterPasswordHash')
}

/** Throws an ApiError unless `clientHash` is the user's master password, or when too many are looked at already. */
export async function requirePassword(user: User, clientHash: string): Promise<void> {
  if (!(await hashFor(user, () => verifyPassword(clientHash, user))))
    throw badRequest('Invalid password', 'masterPasswordHash')
}
