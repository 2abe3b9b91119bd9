import { accessSync, closeSync, constants, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { backup, DatabaseSync } from 'node:sqlite'
import { Kysely } from 'kysely'
import { inspectContent } from '../inspection/content.ts'
import type { SqliteOptions } from '../options.ts'
import type { DatabaseSnapshot } from '../snapshot/snapshot.ts'
import type { Database } from '../tables.ts'
import { NodeSqliteDialect } from './dialect.ts'
import { cannotOpen, explain } from './failure.ts'
import { hasDatabase } from './path.ts'
import { BUSY_TIMEOUT_MS, readAlong } from './read-along.ts'
import { checkSchema, KNOWN_SCHEMA } from './schema.ts'

/** Copied at once, off this thread: at 4 KiB each some milliseconds of reading. */
const PAGES_AT_ONCE = 1000

/** See `withSnapshot`. */
export async function withSqliteSnapshot<T>(
  { databaseFile }: SqliteOptions,
  work: (snapshot: DatabaseSnapshot) => Promise<T>,
): Promise<T> {
  const held = async (database: DatabaseSync) => {
    // What is read first within a transaction pins it: with a write-ahead log others go on writing behind that point.
    database.exec('BEGIN')
    const snapshot = await explained(databaseFile, () => take(database, databaseFile))
    return work(snapshot)
  }
  if (!explainedSync(databaseFile, () => hasDatabase(databaseFile))) throw cannotOpen(databaseFile, 'it is not there')
  if (!mayWrite(databaseFile)) return readAlong(databaseFile, held)
  // Who may write takes the locks that a server which starts meanwhile respects, and leaves no files of SQLite's behind.
  using database = explainedSync(databaseFile, () => new DatabaseSync(databaseFile, { timeout: BUSY_TIMEOUT_MS }))
  database.exec('PRAGMA query_only = ON')
  return await held(database)
}

async function take(database: DatabaseSync, databaseFile: string): Promise<DatabaseSnapshot> {
  const found = checkSchema(database, databaseFile)
  if (found.tableNames.length === 0) throw cannotOpen(databaseFile, 'it is empty')
  const db = new Kysely<Database>({ dialect: new NodeSqliteDialect(database, { patienceMs: 0 }) })
  return {
    engine: 'SQLite',
    content: await inspectContent(db, found),
    vaultwardenVersion: KNOWN_SCHEMA.latestVaultwardenVersion,
    ownSteps: found.ownSteps,
    postgresSchema: undefined,
    writeTo: (file) => explained(file, () => copy(database, file)),
  }
}

async function copy(database: DatabaseSync, file: string): Promise<void> {
  closeSync(openSync(file, 'wx', 0o600))
  // Begins no transaction of its own where there is one: every page is of our moment, and no write makes it begin again.
  await backup(database, file, { rate: PAGES_AT_ONCE })
  using copied = new DatabaseSync(file)
  // One file, which can be read where nothing can be written.
  copied.exec('PRAGMA journal_mode = DELETE')
  // Better known now than on the day on which it is needed.
  const { quick_check: finding } = copied.prepare('PRAGMA quick_check(1)').get() ?? {}
  if (finding !== 'ok') throw cannotOpen(file, 'the database is damaged: belfry admin check-data says where')
}

function mayWrite(databaseFile: string): boolean {
  try {
    accessSync(databaseFile, constants.R_OK | constants.W_OK)
    accessSync(dirname(databaseFile), constants.R_OK | constants.W_OK | constants.X_OK)
    return true
  } catch {
    return false
  }
}

async function explained<T>(file: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw explain(file, error)
  }
}

function explainedSync<T>(file: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw explain(file, error)
  }
}
