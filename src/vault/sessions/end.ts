import { randomUUID } from 'node:crypto'
import type { Session } from '#auth'
import type { Store, User } from '#store'
import { nextRevision, type VaultSurroundings } from '../context.ts'
import { newRefreshToken } from './refresh-token.ts'
import { inSession } from './transaction.ts'

export interface EndOfSessions {
  /** What else changes, in the same transaction; the row is written for it. */
  readonly change?: (user: User, store: Store) => void | Promise<void>
  /** The device that need not log out, since it does so by itself. Default: none. */
  readonly contextId?: string
}

/**
 * Ends every session of the user, on every machine: a new stamp makes all access tokens worthless, new refresh values
 * all refresh tokens, and once that is written, what lives on them is told and closed. Returns the user as they are now;
 * undefined when there is none of that id.
 */
export async function endSessionsOf(
  context: VaultSurroundings,
  userId: string,
  options: EndOfSessions = {},
): Promise<User | undefined> {
  const endAll = async (store: Store) => {
    const user = await store.users.find(userId)
    return user && end(context, store, user, options)
  }
  const ended = await context.store.transaction(endAll, { account: userId })
  if (ended !== undefined) tell(context, ended, options)
  return ended
}

/** The same by one of these sessions, which has to hold. */
export async function endOwnSessions(
  context: VaultSurroundings,
  session: Session,
  options: EndOfSessions = {},
): Promise<User> {
  const ended = await inSession(context, session, (store, user) => end(context, store, user, options))
  tell(context, ended, options)
  return ended
}

async function end(
  { clock }: VaultSurroundings,
  store: Store,
  user: User,
  { change = () => {} }: EndOfSessions,
): Promise<User> {
  await change(user, store)
  user.securityStamp = randomUUID()
  user.updatedAt = nextRevision(user.updatedAt, clock)
  await store.users.update(user)
  for (const device of await store.devices.ofUser(user.id)) {
    device.refreshToken = newRefreshToken()
    await store.devices.update(device)
  }
  // Who was let in by one of these sessions, and has not come yet, is not let in any more.
  await store.authRequests.deleteAllOf(user.id)
  return user
}

function tell(
  { notifier }: VaultSurroundings,
  { id, updatedAt }: User,
  { contextId = null }: { contextId?: string | null },
) {
  notifier.account('LogOut', id, updatedAt, contextId)
}
