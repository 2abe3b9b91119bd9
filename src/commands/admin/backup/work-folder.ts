import { rmSync } from 'node:fs'
import { link, lstat, mkdtemp, rename, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { ConfigError } from '#kit'
import { codeOf, hasNoLinks, syncPath, unlessGone } from '../archive/disk.ts'

/**
 * A folder beside `destination` in which it is made, for the owner only. Goes with the process, too, unless that is killed: then
 * `<destination>.unfinished-…` remains. Rejects with a ConfigError when there is something at `destination`.
 */
export async function workFolderFor(destination: string): Promise<WorkFolder> {
  if (await isThere(destination)) {
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
        await give(from, destination)
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

/** Renaming replaces a file that another backup has put there meanwhile; a folder only when there is nothing in it. */
async function give(from: string, destination: string): Promise<void> {
  if ((await stat(from)).isDirectory()) return rename(from, destination)
  try {
    // The other name goes with the folder that it is in.
    await link(from, destination)
  } catch (error) {
    if (!hasNoLinks(error)) throw error
    if (await isThere(destination)) throw Object.assign(new Error(), { code: 'EEXIST' })
    await rename(from, destination)
  }
}

/** Also a link that leads nowhere. */
const isThere = async (name: string) => (await unlessGone(lstat(name))) !== undefined
