import { removeDoomed } from '../files/remove-doomed.ts'
import type { Job } from './runner.ts'
import type { FileJobTools } from './tools.ts'

const HOUR_MS = 3_600_000
/** Far beyond the longest upload. */
const ANNOUNCED_FOR_MS = 24 * HOUR_MS
/** What nobody has written to for so long is no upload any more. */
const UNFINISHED_FOR_MS = HOUR_MS

/**
 * Clears away what a crash has left: files of rows that were deleted, uploads that were announced and never came to an end,
 * and files that never became whole. Other files are not touched, whatever the database says: it may be the wrong one.
 */
export function sweepFiles(tools: FileJobTools): Job['run'] {
  const { store, files, clock } = tools
  return async (signal) => {
    await store.attachments.dropAnnounced(new Date(clock.now() - ANNOUNCED_FOR_MS))
    signal.throwIfAborted()
    const removed = await removeDoomed(tools, { triesAll: true })
    let unfinished = 0
    for (const folder of [files.attachments, files.sends]) {
      signal.throwIfAborted()
      unfinished += await folder.clearLeftovers(clock.now() - UNFINISHED_FOR_MS)
    }
    return removed + unfinished === 0 ? undefined : { removed, unfinished }
  }
}
