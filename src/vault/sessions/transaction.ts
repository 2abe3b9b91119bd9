import type { Session } from '#auth'
import type { Store, User } from '#store'
import type { VaultSurroundings } from '../context.ts'
import { ApiError } from '../errors.ts'

/**
 * Runs `work` in one transaction, with the session's user as the row is now. A request that was under way when its
 * session ended gets a 401 and changes nothing. Whatever writes on behalf of a session does so in here.
 */
export function inSession<T>(
  context: VaultSurroundings,
  session: Session,
  work: (store: Store, user: User) => Promise<T>,
): Promise<T> {
  const { id: account } = session.user
  const checked = async (store: Store) => {
    const user = await store.users.find(account)
    // Not the token's own stamp: a few routes let an old one through, and then the row as it was read has the new one.
    if (!user?.enabled || user.securityStamp !== session.user.securityStamp) throw new ApiError('UNAUTHORIZED')
    // Its device may have been deleted alone.
    if (!(await store.devices.find(session.device.id, user.id))) throw new ApiError('UNAUTHORIZED')
    return work(store, user)
  }
  return context.store.transaction(checked, { account })
}
