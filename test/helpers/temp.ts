import { rmSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { atLastMoment } from './last-moment.ts'

export interface TemporaryFolder extends AsyncDisposable {
  readonly path: string
  /** A path below the folder. */
  join(...parts: string[]): string
}

/**
 * A new folder that goes, with all that is in it, at the end of the block: `await using folder = await temporaryFolder()`,
 * or with the process, whichever is first.
 */
export async function temporaryFolder(): Promise<TemporaryFolder> {
  const folder = await mkdtemp(path.join(tmpdir(), 'belfry-test-'))
  // A program that was killed a moment ago may still be writing.
  const removal = { recursive: true, force: true, maxRetries: 3, retryDelay: 50 }
  const callOff = atLastMoment(() => rmSync(folder, removal))
  return {
    path: folder,
    join: (...parts) => path.join(folder, ...parts),
    async [Symbol.asyncDispose]() {
      await rm(folder, removal)
      callOff()
    },
  }
}
