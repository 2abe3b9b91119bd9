import type { DoomedFile } from '#store'
import type { VaultSurroundings } from '../context.ts'

/** Files removed before their notes are. */
const BATCH = 100

/**
 * Removes the files whose rows were deleted; resolves with how many notes that were. Never rejects: after a deletion there
 * is nothing about it that its user could do, and the next sweep tries again.
 */
export async function removeDoomed({
  store,
  files,
  logger,
}: Pick<VaultSurroundings, 'store' | 'files' | 'logger'>): Promise<number> {
  const remove = ({ kind, owner, id }: DoomedFile) => {
    const folder = kind === 'send' ? files.sends : files.attachments
    return id === null ? folder.deleteAllOf(owner) : folder.delete({ owner, id })
  }
  let removed = 0
  try {
    for (;;) {
      const batch = await store.doomedFiles.some(BATCH)
      for (const file of batch) await remove(file)
      await store.doomedFiles.forget(batch)
      removed += batch.length
      if (batch.length < BATCH) return removed
    }
  } catch (error) {
    logger.error({ error: (error as Error).message }, 'files of what was deleted stay for now')
    return removed
  }
}
