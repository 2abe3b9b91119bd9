import type { Store, User } from '#store'
import type { VaultContext } from '../context.ts'
import { isAddressProven } from '../email-address.ts'
import { badRequest } from '../errors.ts'
import { sendVerification } from '../mail/links.ts'

/**
 * Throws an ApiError when the user's e-mail address has to be proven before a login and is not, and sends the mail that
 * proves it once more, as often as the settings have it.
 */
export async function requireProvenAddress(context: VaultContext, user: User): Promise<void> {
  if (!context.settings.signupsVerify || isAddressProven(context, user)) return
  if (await isTimeToRemind(context, user)) sendVerification(context, user, 'verify_email')
  context.logger.warn({ userId: user.id }, 'login refused: address not verified')
  throw badRequest('Please verify your email before trying again.')
}

/** Whether another mail is due; one that is counts as sent. */
function isTimeToRemind({ store, settings, clock }: VaultContext, { id }: User): Promise<boolean> {
  const { seconds, limit } = settings.signupsVerifyResend
  const remind = async ({ users }: Store) => {
    const user = await users.find(id)
    if (!user || user.verifiedAt !== null) return false
    const now = new Date(clock.now())
    const isSoon = user.lastVerifyingAt !== null && now.getTime() - user.lastVerifyingAt.getTime() <= seconds * 1000
    if (isSoon || (limit > 0 && user.loginVerifyCount >= limit)) return false
    await users.update({ ...user, lastVerifyingAt: now, loginVerifyCount: user.loginVerifyCount + 1 })
    return true
  }
  return store.transaction(remind, { account: id })
}
