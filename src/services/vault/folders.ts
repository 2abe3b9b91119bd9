import { access, constants, mkdir, stat } from 'node:fs/promises'
import path from 'node:path'
import { ConfigError, type Logger } from '#kit'
import { refuseUnfinishedRestore } from './unfinished-restore.ts'

/**
 * Makes the data folder where there is none. Rejects with a `ConfigError` when that cannot be, and for one that is being restored.
 */
export async function useFolder(folder: string): Promise<void> {
  refuseUnfinishedRestore(folder)
  try {
    await makeFolder(folder)
  } catch (error) {
    throw new ConfigError(`Cannot use the data folder "${folder}": ${(error as Error).message}`, { cause: error })
  }
}

/** Level by level: Node's `recursive` never comes back from a file system that takes no folders, /proc for one. */
async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { mode: 0o700 })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST' && (await stat(folder)).isDirectory()) return
    if (code !== 'ENOENT') throw error
    await makeFolder(path.dirname(folder))
    await mkdir(folder, { mode: 0o700 })
  }
}

/**
 * Says so when no file could be kept in `folder`, which is made with its first one. No more than that: everything else
 * works without it.
 */
export async function warnOfFolder(folder: string, logger: Logger): Promise<void> {
  try {
    await access(await nearest(folder), constants.R_OK | constants.W_OK | constants.X_OK)
  } catch (error) {
    logger.warn({ folder, error }, 'folder cannot be used: uploads will fail')
  }
}

/** The folder itself, or what of the way to it is there already. */
async function nearest(folder: string): Promise<string> {
  try {
    if ((await stat(folder)).isDirectory()) return folder
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || path.dirname(folder) === folder) throw error
    return nearest(path.dirname(folder))
  }
  throw new Error(`"${folder}" is not a folder`)
}
