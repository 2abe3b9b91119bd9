import { rmSync } from 'node:fs'
import { mkdtemp, rename, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { ConfigError } from '#kit'
import { codeOf, syncPath, unlessGone } from '../archive/disk.ts'

/**
 * A folder beside `destination` in which it is made, for the owner only. Goes with the process, too, unless that is killed: then
 * `<destination>.unfinished-…` remains. Rejects with a ConfigError when there is something at `destination`.
 */
export async function workFolderFor(destination: string): Promise<WorkFolder> {
  if ((await unlessGone(stat(destination))) !== undefined) {
    throw new ConfigError(`There is something at "${destination}" already: a backup never replaces anything`)
  }
  return makeWorkFolder(`${destination}.unfinished-`)
}

export interface WorkFolder {
  readonly path: string
  /** Gives something in it, or itself, its name, and sees that it is on disk under that. */
  moveTo(destination: string, from: string): Promise<void>
  remove(): Promise<void>
}

/** `prefix`: path to which six characters are added. */
export async function makeWorkFolder(prefix: string): Promise<WorkFolder> {
  let folder: string
  try {
    folder = await mkdtemp(prefix)
  } catch (error) {
    const place = path.dirname(prefix)
    throw new ConfigError(`Cannot write to "${place}": ${(error as Error).message}`, { cause: error })
  }
  const removeNow = () => rmSync(folder, { recursive: true, force: true })
  process.once('exit', removeNow)
  return {
    path: folder,
    async moveTo(destination, from) {
      await syncPath(from)
      try {
        await rename(from, destination)
      } catch (error) {
        if (!['ENOTEMPTY', 'EEXIST', 'EISDIR', 'ENOTDIR'].includes(codeOf(error))) throw error
        throw new ConfigError(`There is something at "${destination}" by now: a backup never replaces anything`)
      }
      await syncPath(path.dirname(destination))
    },
    async remove() {
      process.off('exit', removeNow)
      await rm(folder, { recursive: true, force: true })
    },
  }
}
