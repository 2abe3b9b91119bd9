import { closeSync, copyFileSync, existsSync, mkdtempSync, openSync, readSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'
import { resultCode } from './failure.ts'

/** How long a statement waits for another process that has the database locked. Milliseconds. */
export const BUSY_TIMEOUT_MS = 5000

/**
 * Opens the database read-only, in the way that makes no file beside it, for as long as `work` takes:
 * - one that was closed is a single file, which SQLite is told that nobody changes;
 * - one that is in use has its write-ahead log and the index of that beside it, which is all it takes to read along;
 * - one that was left behind by a crash has to be put right before it can be read, so a copy is.
 */
export async function readAlong<T>(databaseFile: string, work: (database: DatabaseSync) => Promise<T>): Promise<T> {
  const has = (suffix: string) => existsSync(databaseFile + suffix)
  const url = pathToFileURL(databaseFile)
  if (isWriteAhead(databaseFile) && !has('-wal')) url.searchParams.set('immutable', '1')
  if (has('-wal') && !has('-shm')) return onCopy(databaseFile, work)
  try {
    return await reading(url, work)
  } catch (error) {
    const isLeftBehind = resultCode(error) !== undefined && (has('-wal') || has('-journal'))
    if (!isLeftBehind) throw error
    return onCopy(databaseFile, work)
  }
}

async function reading<T>(file: URL, work: (database: DatabaseSync) => Promise<T>): Promise<T> {
  using database = new DatabaseSync(file, { readOnly: true, timeout: BUSY_TIMEOUT_MS })
  return await work(database)
}

async function onCopy<T>(databaseFile: string, work: (database: DatabaseSync) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'belfry-'))
  try {
    const copy = join(folder, 'db.sqlite3')
    for (const suffix of ['', '-wal', '-journal']) {
      if (existsSync(databaseFile + suffix)) copyFileSync(databaseFile + suffix, copy + suffix)
    }
    using database = new DatabaseSync(copy, { timeout: BUSY_TIMEOUT_MS })
    return await work(database)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** By the header of the file. (https://sqlite.org/fileformat.html §1.3: read version 2) */
function isWriteAhead(databaseFile: string): boolean {
  const descriptor = openSync(databaseFile, 'r')
  try {
    const header = Buffer.alloc(20)
    readSync(descriptor, header, 0, header.length, 0)
    return header[19] === 2
  } finally {
    closeSync(descriptor)
  }
}
