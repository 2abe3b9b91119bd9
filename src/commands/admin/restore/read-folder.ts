import { constants } from 'node:fs'
import { lstat, open, readdir, readFile, realpath, stat } from 'node:fs/promises'
import path from 'node:path'
import { ConfigError } from '#kit'
import { withSnapshot } from '#store'
import { unlessGone } from '../archive/disk.ts'
import { MOST_MANIFEST_BYTES } from '../archive/manifest.ts'
import {
  isKnownName,
  isOneOf,
  MANIFEST,
  SINGLE_FILES,
  SMALL_FOLDERS,
  SQLITE_DATABASE,
  UPLOADS,
} from '../archive/names.ts'
import type { Staging } from './staging.ts'

/** As `vaultwarden backup` calls it. */
const OF_VAULTWARDEN = /^db_\d{8}_\d{6}\.sqlite3$/

/** The text of a folder's manifest; undefined when it has none. */
export async function manifestIn(folder: string): Promise<string | undefined> {
  const file = path.join(folder, MANIFEST)
  const status = await unlessGone(stat(file))
  if (status === undefined) return undefined
  if (status.size > MOST_MANIFEST_BYTES) throw new ConfigError(`"${file}" is too large to be a manifest`)
  return readFile(file, 'utf8')
}

/** Copies files of these names from a folder. Follows no links. */
export async function copyFiles(folder: string, names: Iterable<string>, staging: Staging): Promise<void> {
  const real = await realpath(folder)
  for (const name of names) {
    const file = path.join(real, name)
    // A link on the way would lead elsewhere.
    if ((await unlessGone(realpath(path.dirname(file)))) !== path.dirname(file)) throw missing(name)
    // Nor waits for who writes to a pipe of that name.
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK
    const handle = await unlessGone(open(file, flags))
    if (handle === undefined) throw missing(name)
    const status = await handle.stat()
    if (!status.isFile()) {
      await handle.close()
      throw new ConfigError(`The backup cannot be used: "${name}" is no file`)
    }
    await staging.add(name, status.size, handle.createReadStream())
  }
}

const missing = (name: string) => new ConfigError(`The backup cannot be used: it has no file "${name}"`)

/**
 * Copies what lies in a folder that is no backup of ours: a copy of a data folder, or what `vaultwarden backup` makes with the folders
 * that belong to it. `place`: the folder, or its database where it has several. In the data folder itself that is all that is taken.
 */
export async function copyForeign(place: string, dataFolder: string, staging: Staging): Promise<void> {
  const databaseFile = await databaseAt(place)
  const folder = path.dirname(databaseFile)
  // What belongs to it may stand in a journal beside it.
  await withSnapshot({ kind: 'sqlite', databaseFile }, async (snapshot) =>
    snapshot.writeTo(await staging.reserve(SQLITE_DATABASE)),
  )
  if ((await realpath(folder)) === (await unlessGone(realpath(dataFolder)))) return
  await copyFiles(folder, await knownNamesIn(folder), staging)
}

async function databaseAt(place: string): Promise<string> {
  const status = await unlessGone(stat(place))
  if (status === undefined) throw new ConfigError(`There is no backup at "${place}"`)
  if (!status.isDirectory()) return place
  const names = (await readdir(place)).filter((name) => name === SQLITE_DATABASE || OF_VAULTWARDEN.test(name)).sort()
  const [name, ...others] = names
  if (name === undefined) throw new ConfigError(`"${place}" is no backup: it has neither a ${MANIFEST} nor a database`)
  if (others.length === 0) return path.join(place, name)
  throw new ConfigError(
    `"${place}" has several databases: name the one to restore, ${names.map((name) => path.join(place, name)).join(' or ')}`,
  )
}

async function knownNamesIn(folder: string): Promise<string[]> {
  const names: string[] = []
  const look = async (prefix: string): Promise<void> => {
    for (const entry of await readdir(path.join(folder, prefix), { withFileTypes: true })) {
      const name = prefix === '' ? entry.name : `${prefix}/${entry.name}`
      const isFolder = prefix !== '' || isOneOf(SMALL_FOLDERS, name) || name in UPLOADS
      if (entry.isDirectory() && isFolder && !entry.name.startsWith('.')) await look(name)
      else if (entry.isFile() && isKnownName(name) && (prefix !== '' || isOneOf(SINGLE_FILES, name))) names.push(name)
    }
  }
  await look('')
  return names
}

/** Whether it is a folder, or the database of one, rather than an archive. */
export async function isFolderBackup(place: string): Promise<boolean> {
  if (place === '-') return false
  const status = await unlessGone(lstat(place).then(() => stat(place)))
  return status === undefined || status.isDirectory() || /\.sqlite3?$/.test(place)
}
