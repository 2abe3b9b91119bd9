import { randomUUID } from 'node:crypto'
import { mkdir, realpath, rename, rm, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { DatabaseOptions } from '#store'
import { codeOf, FILE_MODE, FOLDER_MODE, unlessGone } from '../archive/disk.ts'
import { POSTGRES_DUMP, SQLITE_DATABASE } from '../archive/names.ts'
import type { Places } from '../archive/places.ts'

/** One thing that is put in the place of another. Plain data: it stands in the journal. */
export interface Slot {
  /** In a backup, up to the first `/`. */
  readonly name: string
  /** Of a folder it is what lies in it that changes places, since it may be a mount point. A dump goes nowhere. */
  readonly kind: 'file' | 'folder' | 'database' | 'dump'
  readonly target: string
  /** From within this folder what is new can be renamed to its place, and into it what is old: all on one mount. */
  readonly home: string
}

/** Holds what is new until it is in its place. */
export const STAGING = '.restoring'

export const stagedAt = ({ home, name }: Slot): string => path.join(home, STAGING, name)

/** A slot for everything that a vault can be made of. The data folder is there. */
export async function slotsFor(places: Places, database: DatabaseOptions): Promise<Slot[]> {
  const { dataFolder } = places
  await mkdir(path.join(dataFolder, STAGING), { mode: FOLDER_MODE })
  const slots: Slot[] = []
  for (const [name, target] of Object.entries({ ...places.smallFolders, ...places.uploads })) {
    slots.push({ name, kind: 'folder', target, home: await homeFor(await nearestFolder(target), dataFolder) })
  }
  for (const [name, target] of Object.entries(places.files)) slots.push(await fileSlot('file', name, target))
  if (database.kind === 'sqlite') {
    // A link to it stays: the database is on the disk that it was put on.
    const file = (await unlessGone(realpath(database.databaseFile))) ?? database.databaseFile
    slots.push(await fileSlot('database', SQLITE_DATABASE, file))
  } else slots.push({ name: POSTGRES_DUMP, kind: 'dump', target: '', home: dataFolder })
  return slots

  async function fileSlot(kind: Slot['kind'], name: string, target: string): Promise<Slot> {
    return { name, kind, target, home: await homeFor(await nearestFolder(path.dirname(target)), dataFolder) }
  }
}

/** The folder itself, or what of the way to it is there. */
async function nearestFolder(folder: string): Promise<string> {
  const isThere = (await unlessGone(stat(folder)))?.isDirectory() ?? false
  return isThere || path.dirname(folder) === folder ? folder : nearestFolder(path.dirname(folder))
}

/** The data folder, unless `folder` is on another mount: of the same file system even, which no look at devices would tell. */
async function homeFor(folder: string, dataFolder: string): Promise<string> {
  if (folder === dataFolder) return dataFolder
  const probe = path.join(dataFolder, STAGING, randomUUID())
  const arrived = path.join(folder, `${STAGING}-${path.basename(probe)}`)
  await writeFile(probe, '', { mode: FILE_MODE })
  try {
    await rename(probe, arrived)
    return dataFolder
  } catch (error) {
    if (codeOf(error) !== 'EXDEV') throw error
    return folder
  } finally {
    await rm(arrived, { force: true })
    await rm(probe, { force: true })
  }
}

/** Removes what is staged, for these slots and the data folder. */
export async function clearStaging(slots: readonly Slot[], dataFolder: string): Promise<void> {
  for (const home of new Set([dataFolder, ...slots.map(({ home }) => home)])) {
    await rm(path.join(home, STAGING), { recursive: true, force: true })
  }
}

/** Whose the files in a folder are to be, where we may say so at all; undefined: ours. */
export async function ownerOf(folder: string): Promise<{ uid: number; gid: number } | undefined> {
  if (process.getuid?.() !== 0) return undefined
  const status = await unlessGone(stat(folder))
  return status && status.uid !== 0 ? { uid: status.uid, gid: status.gid } : undefined
}
