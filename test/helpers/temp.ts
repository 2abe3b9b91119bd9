import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'

export interface TemporaryFolder extends AsyncDisposable {
  readonly path: string
  /** A path below the folder. */
  join(...parts: string[]): string
}

/** A new folder that goes, with all that is in it, at the end of the block: `await using folder = await temporaryFolder()`. */
export async function temporaryFolder(): Promise<TemporaryFolder> {
  const folder = await mkdtemp(path.join(tmpdir(), 'belfry-test-'))
  return {
    path: folder,
    join: (...parts) => path.join(folder, ...parts),
    // A program that was killed a moment ago may still be writing.
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true, maxRetries: 3, retryDelay: 50 }),
  }
}
