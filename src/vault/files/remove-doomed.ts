import type { DoomedFile } from '#store'
import type { VaultSurroundings } from '../context.ts'

/** Files removed before their notes are. */
const BATCH = 100

export interface RemovalOptions {
  /** Go on though nothing of a whole batch can be removed, as in a folder that is read-only. Default: leave it to the sweep. */
  readonly triesAll?: boolean
}

/**
 * Removes the files whose rows were deleted; resolves with how many notes that were. A file that cannot be removed is in
 * the way of no other. Never rejects: after a deletion there is nothing about it that its user could do, and the next sweep
 * tries again.
 */
export async function removeDoomed(
  { store, files, logger }: Pick<VaultSurroundings, 'store' | 'files' | 'logger'>,
  { triesAll = false }: RemovalOptions = {},
): Promise<number> {
  const remove = ({ kind, owner, id }: DoomedFile) => {
    const folder = kind === 'send' ? files.sends : files.attachments
    return id === null ? folder.deleteAllOf(owner) : folder.delete({ owner, id })
  }
  const complain = (error: unknown, files?: number) =>
    logger.error({ error: (error as Error).message, files }, 'files of what was deleted stay for now')
  let removed = 0
  try {
    for (let last: DoomedFile | undefined; ; ) {
      const batch = await store.doomedFiles.some(BATCH, last)
      const gone: DoomedFile[] = []
      let failure: unknown
      for (const file of batch) {
        try {
          await remove(file)
          gone.push(file)
        } catch (error) {
          failure = error
        }
      }
      if (gone.length < batch.length) complain(failure, batch.length - gone.length)
      if (gone.length > 0) await store.doomedFiles.forget(gone)
      removed += gone.length
      if (batch.length < BATCH || (gone.length === 0 && !triesAll)) return removed
      last = batch.at(-1)
    }
  } catch (error) {
    complain(error)
    return removed
  }
}
