import Type, { type Static } from 'typebox'
import { verifyPassword } from '#auth'
import type { User } from '#store'
import type { VaultContext } from '../context.ts'
import { badRequest } from '../errors.ts'
import { Maybe } from '../schema.ts'

/** The proof that whoever acts is the user: the master password, or a code that was sent by mail. One of the two. */
export const SecretRequest = Type.Object({ masterPasswordHash: Maybe.text(), otp: Maybe.text() })
export type SecretRequest = Static<typeof SecretRequest>

/** Throws an ApiError unless `body` proves that it is the user who asks. */
export async function requireSecret(_context: VaultContext, user: User, body: SecretRequest): Promise<void> {
  if (!body.masterPasswordHash) throw badRequest('No validation provided', 'masterPasswordHash')
  await requirePassword(user, body.masterPasswordHash)
}

/** Throws an ApiError unless `clientHash` is the user's master password. */
export async function requirePassword(user: User, clientHash: string): Promise<void> {
  if (!(await verifyPassword(clientHash, user))) throw badRequest('Invalid password', 'masterPasswordHash')
}
