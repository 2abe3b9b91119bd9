import { setImmediate as othersTurn } from 'node:timers/promises'
import type { Store, TrashOwner } from '#store'
import { removeDoomed } from '../files/remove-doomed.ts'
import type { Job } from './runner.ts'
import type { FileJobTools } from './tools.ts'

/** Items deleted in one transaction. */
const BATCH = 100

const DAY_MS = 86_400_000

/**
 * Deletes for good what has been in the trash for `days`. As Vaultwarden's job it tells nobody: the revision date of all
 * who had the items moves, so that their devices find out at their next sync. Files of attachments go with them.
 */
export function purgeTrash(tools: FileJobTools, days: number): Job['run'] {
  const { store, clock } = tools
  return async (signal) => {
    const before = new Date(clock.now() - days * DAY_MS)
    let deleted = 0
    for (;;) {
      const owner = await store.trash.nextOwner(before)
      if (owner === undefined) break
      deleted += await purgeSome(store, owner, { before, at: new Date(clock.now()) })
      await othersTurn()
      signal.throwIfAborted()
    }
    if (deleted === 0) return undefined
    await removeDoomed(tools)
    return { deleted }
  }
}

/** Resolves with how many items that were. */
function purgeSome(store: Store, owner: TrashOwner, { before, at }: { before: Date; at: Date }): Promise<number> {
  const purge = async (store: Store) => {
    const ids = await store.trash.idsOf(owner, before, BATCH)
    if (ids.length === 0) return 0
    await store.ciphers.delete(ids)
    for (const userId of await concerned(store, owner)) await store.users.touch(userId, at)
    return ids.length
  }
  return store.transaction(purge, owner.userId === null ? {} : { account: owner.userId })
}

/** All members, also those who could not see the items: one sync too many does no harm. */
async function concerned(store: Store, { userId, organizationId }: TrashOwner): Promise<string[]> {
  if (userId !== null) return [userId]
  return organizationId === null ? [] : store.memberships.confirmedIn(organizationId)
}
