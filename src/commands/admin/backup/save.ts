import { constants } from 'node:fs'
import { lstat, open, readdir } from 'node:fs/promises'
import path from 'node:path'
import { ConfigError } from '#kit'
import { type DatabaseOptions, type DatabaseSnapshot, withSnapshot } from '#store'
import { codeOf, unlessGone } from '../archive/disk.ts'
import { databaseName, FORMAT, FORMAT_VERSION, formatManifest, type Manifest } from '../archive/manifest.ts'
import { isKnownName, MANIFEST } from '../archive/names.ts'
import type { Places } from '../archive/places.ts'
import { Recorder } from './recorder.ts'
import type { Target } from './target.ts'
import { MOST_OPEN, Uploads } from './uploads.ts'

/** Rounds of copying what has come in the meantime, before the one that counts. */
const MOST_ROUNDS = 10

/** How often to hold another snapshot, since a file had gone that the last one named. Each try takes milliseconds. */
const MOST_SNAPSHOTS = 200

export interface SaveOptions {
  readonly database: DatabaseOptions
  readonly places: Places
  readonly target: Target
  /** Of this Belfry. */
  readonly version: string
}

/**
 * Adds everything that a vault is made of to `target`, as it was at one moment, while a server goes on with it; resolves with what
 * that is. The target is not finished then.
 *
 * Files are copied first, in rounds, until few have come since the last. Then a snapshot of the database is held, and the files are
 * opened that it names and that are not there yet. One that has gone was deleted after the snapshot, so another is held. Once all
 * are open nobody can take them away, and database and files are of the same moment.
 *
 * What no row names is left out: its key was in the row, so nobody can ever read it.
 */
export async function saveVault({ database, places, target, version }: SaveOptions): Promise<Manifest> {
  const recorder = new Recorder(target)
  for (const [name, file] of Object.entries(places.files)) await addFile(recorder, name, file)
  for (const [name, folder] of Object.entries(places.smallFolders)) await addFolder(recorder, name, folder)

  const uploads = new Uploads(places, recorder)
  for (let round = 1; round <= MOST_ROUNDS; round++) {
    const awaited = uploads.notYetIn(await withSnapshot(database, async ({ content }) => content))
    for (const upload of awaited) await uploads.copy(upload)
    if (awaited.length < MOST_OPEN) break
  }
  for (let tries = 1; tries <= MOST_SNAPSHOTS; tries++) {
    const manifest = await withSnapshot(database, async (snapshot) => {
      const date = new Date()
      if (!(await uploads.complete(snapshot.content))) return undefined
      const file = path.join(target.workFolder, 'database')
      await snapshot.writeTo(file)
      const name = databaseName(snapshot)
      if (!(await addFile(recorder, name, file))) throw new Error(`There is no "${file}"`)
      return { ...describe(snapshot), belfry: version, date: date.toISOString() }
    })
    if (manifest === undefined) continue
    const whole: Manifest = { ...manifest, ...(await uploads.settle()), files: recorder.files }
    const text = formatManifest(whole)
    await target.add(MANIFEST, text.length, chunks(text))
    return whole
  }
  throw new ConfigError('Files come and go faster than they can be saved: try again when there is less to do')
}

function describe({ engine, content, vaultwardenVersion, ownSteps, postgresSchema }: DatabaseSnapshot) {
  const { users, items, attachments, sends } = content
  return {
    format: FORMAT,
    formatVersion: FORMAT_VERSION,
    engine,
    schema: { vaultwarden: vaultwardenVersion, belfry: ownSteps },
    ...(postgresSchema !== undefined && { postgresSchema }),
    content: { users, items, attachments: attachments.length, sends },
  } as const
}

/** False when there is no such file. */
async function addFile(recorder: Recorder, name: string, file: string): Promise<boolean> {
  // Not waiting for who writes to a pipe of that name.
  const handle = await unlessGone(open(file, constants.O_RDONLY | constants.O_NONBLOCK))
  if (handle === undefined) return false
  try {
    const status = await handle.stat()
    if (!status.isFile()) throw new ConfigError(`Cannot save "${file}": it is not a regular file`)
    // Settings are written by others in place: no more than that, whatever becomes of it meanwhile.
    await recorder.add(name, status.size, handle.createReadStream({ end: Math.max(0, status.size - 1) }))
    return true
  } catch (error) {
    if (codeOf(error) !== 'EACCES') throw error
    throw new ConfigError(`Cannot save "${file}": ${(error as Error).message}`, { cause: error })
  } finally {
    await handle.close().catch(() => undefined)
  }
}

/** With what lies in it, save for links and what is no file. */
async function addFolder(recorder: Recorder, name: string, folder: string): Promise<void> {
  for (const child of ((await unlessGone(readdir(folder))) ?? []).sort()) {
    const [childName, file] = [`${name}/${child}`, path.join(folder, child)]
    const status = await unlessGone(lstat(file))
    if (!isKnownName(childName)) continue
    if (status?.isDirectory()) await addFolder(recorder, childName, file)
    else if (status?.isFile()) await addFile(recorder, childName, file)
  }
}

async function* chunks(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}
