import type { User } from '#store'
import type { VaultContext } from '../context.ts'
import { ApiError } from '../errors.ts'
import type { DescribedDevice } from '../sessions/index.ts'

/**
 * Lets `check` look at a code unless too many wrong ones were tried for the account; then throws an ApiError (429). A
 * device that has logged in before is counted by itself: whoever knows the password and tries codes from elsewhere does
 * not keep the owner's own devices out.
 */
export async function guess(
  { store, limits }: VaultContext,
  { user, device }: { user: User; device: DescribedDevice },
  check: () => Promise<void>,
): Promise<void> {
  const isKnown = (await store.devices.find(device.id, user.id)) !== undefined
  const key = isKnown ? `${user.id} ${device.id.replaceAll(':', '_')}` : user.id
  // Looked at first and counted after: no more slip through at once than logins may be under way.
  if (limits.secondFactor.isExhausted(key)) throw new ApiError('TOO_MANY_REQUESTS', 'Too many login requests')
  try {
    await check()
  } catch (error) {
    if (error instanceof ApiError && error.code === 'BAD_REQUEST') limits.secondFactor.take(key)
    throw error
  }
}
