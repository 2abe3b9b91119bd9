import type { Session } from '#auth'
import type { Store, User } from '#store'
import type { VaultContext } from '../context.ts'
import { inSession } from '../sessions/index.ts'

/**
 * Changes the session's user in one transaction and moves the account's revision date. `change` gets the row as it is
 * now, which may be newer than the session's, and the store to write what belongs to it; it may throw an ApiError.
 */
export function changeUser(
  context: VaultContext,
  session: Session,
  change: (user: User, store: Store) => void | Promise<void>,
): Promise<User> {
  return inSession(context, session, async (store, user) => {
    await change(user, store)
    await store.users.update(user)
    user.updatedAt = await store.users.touch(user.id, new Date(context.clock.now()))
    return user
  })
}
