import { existsSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'
import { Kysely } from 'kysely'
import type { Clock } from '#kit'
import { KyselyStore } from '../kysely-store.ts'
import type { SqliteOptions, StoreTools } from '../options.ts'
import { observed } from '../query-observer.ts'
import type { Store } from '../store.ts'
import type { Database } from '../tables.ts'
import { NodeSqliteDialect, sqliteEngine } from './dialect.ts'
import { explain, READ_ONLY, resultCode } from './failure.ts'
import { hasDatabase } from './path.ts'
import { checkSchema, completeSchema } from './schema.ts'

/** How long to wait for another process that has the database locked, as Vaultwarden does. Milliseconds. */
const BUSY_TIMEOUT_MS = 5000

/**
 * Opens the store on SQLite, with the schema complete. Throws ConfigError, one line that names the file, when it cannot
 * be read and written or is not of the Vaultwarden version this Belfry knows; the file is then as it was.
 */
export async function openSqliteStore({ databaseFile, clock, onQuery }: SqliteOptions & StoreTools): Promise<Store> {
  try {
    if (hasDatabase(databaseFile)) inspect(databaseFile)
    const database = new DatabaseSync(databaseFile, { timeout: BUSY_TIMEOUT_MS, enableForeignKeyConstraints: true })
    try {
      prepare(database, databaseFile, clock)
    } catch (error) {
      database.close()
      throw error
    }
    // From here on it is the connection that waits, and lets others go on meanwhile.
    database.exec('PRAGMA busy_timeout = 0')
    const dialect = new NodeSqliteDialect(database, { patienceMs: BUSY_TIMEOUT_MS })
    return new KyselyStore(new Kysely<Database>({ dialect, ...observed(onQuery) }), sqliteEngine())
  } catch (error) {
    throw explain(databaseFile, error)
  }
}

/**
 * Looks at an existing database without leaving a trace: no change of the file, and no file beside it. What a database
 * that was not closed has beside it (the write-ahead log) belongs to its content, so then it is opened as usual.
 */
function inspect(databaseFile: string): void {
  const url = pathToFileURL(databaseFile)
  const isClosed = !existsSync(`${databaseFile}-wal`) && !existsSync(`${databaseFile}-journal`)
  if (isClosed) url.searchParams.set('immutable', '1')
  const database = new DatabaseSync(url, { readOnly: true, timeout: BUSY_TIMEOUT_MS })
  try {
    checkSchema(database, databaseFile)
  } catch (error) {
    // An unfinished rollback journal can only be read by someone who may also roll back: `prepare` looks again.
    const needsRecovery = !isClosed && ((resultCode(error) ?? 0) & 0xff) === READ_ONLY
    if (!needsRecovery) throw error
  } finally {
    database.close()
  }
}

function prepare(database: DatabaseSync, databaseFile: string, clock: Clock): void {
  // Once more, because only now nobody can change it: and before the journal mode, which is written into the file.
  checkSchema(database, databaseFile)
  // Where the file system has no shared memory (some network folders) the mode stays as it was, which works as well.
  database.exec('PRAGMA journal_mode = WAL')
  // Safe against a crash of the process; a power cut may cost the last moments, never the database. As Vaultwarden.
  database.exec('PRAGMA synchronous = NORMAL')
  database.exec('BEGIN IMMEDIATE')
  try {
    completeSchema(database, databaseFile, clock)
    database.exec('COMMIT')
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK')
    throw error
  }
}
