import { setImmediate as othersTurn } from 'node:timers/promises'
import type { Send, Store } from '#store'
import { removeDoomed } from '../files/remove-doomed.ts'
import type { Job } from './runner.ts'
import type { FileJobTools } from './tools.ts'

/** Sends asked for at once; each is deleted in a transaction of its own. */
const BATCH = 100

/** How long after its announcement a file is still expected. */
const AWAITED_MS = 86_400_000

type IsDue = (send: Send, store: Store) => boolean | Promise<boolean>

/**
 * Deletes Sends past their deletion date, and those whose file never came, with their files. As Vaultwarden's job it tells
 * nobody: the revision date of their owners moves, so that their devices find out at their next sync.
 */
export function purgeSends(tools: FileJobTools): Job['run'] {
  const { sends } = tools.store
  return async (signal) => {
    const now = new Date(tools.clock.now())
    const longAgo = new Date(now.getTime() - AWAITED_MS)
    let deleted = 0
    const purgeAll = async (find: () => Promise<readonly string[]>, isDue: IsDue) => {
      for (let ids = await find(); ids.length > 0; ids = await find()) {
        for (const id of ids) {
          if (await purge(tools, id, isDue)) deleted++
          await othersTurn()
          signal.throwIfAborted()
        }
      }
    }
    await purgeAll(
      async () => (await sends.dueForDeletion(now, BATCH)).map(({ id }) => id),
      ({ deletionDate }) => deletionDate < now,
    )
    await purgeAll(
      () => sends.awaitingFile(longAgo, BATCH),
      ({ id }, { sends }) => sends.isAwaitingFile(id),
    )
    await removeDoomed(tools)
    return deleted === 0 ? undefined : { deleted }
  }
}

/** Resolves with whether there was such a Send, and it is gone. */
async function purge(tools: FileJobTools, id: string, isDue: IsDue): Promise<boolean> {
  const { store, clock } = tools
  const userId = (await store.sends.find(id))?.userId ?? null
  const purgeIfDue = async (store: Store) => {
    const send = await store.sends.find(id)
    // Its owner may just have given it more time, or brought the file.
    if (send !== undefined && !(await isDue(send, store))) return false
    await store.sends.delete([id])
    // Of an upload that the server did not live to see the end of.
    await store.sends.fileArrived(id)
    if (userId !== null) await store.users.touch(userId, new Date(clock.now()))
    return send !== undefined
  }
  return store.transaction(purgeIfDue, userId === null ? {} : { account: userId })
}
