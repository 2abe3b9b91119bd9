import { DatabaseSync } from 'node:sqlite'
import { Kysely } from 'kysely'
import type { SqliteOptions } from '../options.ts'
import { settle } from '../restoration/settle.ts'
import type { Database } from '../tables.ts'
import { NodeSqliteDialect } from './dialect.ts'
import { explain } from './failure.ts'
import { checkSchema } from './schema.ts'

/** See `settleDatabase`. Leaves a single file that is on disk. */
export async function settleSqlite({ databaseFile }: SqliteOptions, now: Date): Promise<void> {
  try {
    using database = new DatabaseSync(databaseFile)
    database.exec('PRAGMA journal_mode = DELETE')
    const { tableNames } = checkSchema(database, databaseFile)
    const db = new Kysely<Database>({ dialect: new NodeSqliteDialect(database, { patienceMs: 0 }) })
    await db.transaction().execute((db) => settle(db, tableNames, now))
  } catch (error) {
    throw explain(databaseFile, error)
  }
}
