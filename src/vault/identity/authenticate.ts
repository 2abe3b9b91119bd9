import { pretendToVerifyPassword, verifyPassword } from '#auth'
import type { User } from '#store'
import { type ApprovedLogin, isApproved } from '../auth-requests/index.ts'
import type { VaultContext } from '../context.ts'
import { type ApiError, badRequest } from '../errors.ts'

/** What a login is proven by: the master password hash, or the access code of a request that a device approved. */
export type Proof = { readonly password: string } | Omit<ApprovedLogin, 'address'>

/**
 * The user of `email`, when the login is proven; else throws an ApiError. That says the same whether the name or the
 * password is wrong, and takes as long, provided that the user's hash has the iterations of the setting: every login sees
 * to it that it has no fewer.
 */
export async function authenticate(
  context: VaultContext,
  { email, proof, address }: { email: string; proof: Proof; address: string },
): Promise<User> {
  const user = await context.store.users.findByEmail(email.trim())
  if ('requestId' in proof) {
    if (user?.enabled && (await isApproved(context, user.id, { ...proof, address }))) return user
    throw loginFailed(context, { user, address, message: 'Username or access code is incorrect. Try again' })
  }
  if (!user) await pretendToVerifyPassword(proof.password, context.settings.passwordIterations)
  if (!user || !(await verifyPassword(proof.password, user))) throw loginFailed(context, { user, address })
  if (!user.enabled) throw badRequest('This user has been disabled')
  return user
}

/** The answer to a login that failed, which the log knows more of. */
export function loginFailed(
  { logger }: VaultContext,
  { user, address, message }: { user: User | undefined; address: string; message?: string },
): ApiError {
  logger.warn({ userId: user?.id, address }, 'login failed')
  return badRequest(message ?? 'Username or password is incorrect. Try again')
}
