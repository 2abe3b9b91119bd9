import type { DatabaseSync } from 'node:sqlite'
import {
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Kysely,
  type RawBuilder,
  SqliteAdapter,
  SqliteDriver,
  SqliteIntrospector,
  SqliteQueryCompiler,
  sql,
} from 'kysely'
import type { Engine } from '../tables.ts'
import type { Timestamp } from '../timestamps.ts'
import { StatementCache } from './statement-cache.ts'

/** Kysely's SQLite over node:sqlite. One connection: Kysely lets nobody else at it while a transaction is open. */
export class NodeSqliteDialect implements Dialect {
  readonly #database: DatabaseSync

  /** The database is closed when Kysely is destroyed. */
  constructor(database: DatabaseSync) {
    this.#database = database
  }

  createDriver = () => new NodeSqliteDriver(this.#database)
  createQueryCompiler = () => new SqliteQueryCompiler()
  createAdapter = () => new SqliteAdapter()
  createIntrospector = (db: Kysely<unknown>) => new SqliteIntrospector(db)
}

class NodeSqliteDriver extends SqliteDriver {
  readonly #database: DatabaseSync

  constructor(database: DatabaseSync) {
    const statements = new StatementCache(database)
    super({ database: { prepare: (text) => statements.get(text), close: () => database.close() } })
    this.#database = database
  }

  /** IMMEDIATE, since a transaction that starts by reading cannot wait for another process when it wants to write. */
  override async beginTransaction(connection: DatabaseConnection) {
    await connection.executeQuery(CompiledQuery.raw('BEGIN IMMEDIATE'))
  }

  /** SQLite has already rolled back by itself after some errors, a full disk for one. */
  override async rollbackTransaction(connection: DatabaseConnection) {
    if (this.#database.isTransaction) await super.rollbackTransaction(connection)
  }
}

export const sqliteEngine: Engine = {
  later: (column, at) => later(sql`strftime(${FORMAT}, ${sql.ref(column)})`, at),
  laterThan: (column, at) => later(sql`strftime(${FORMAT}, ${sql.ref(column)}, '+0.001 seconds')`, at),
}

/** `strftime` brings any form of timestamp to milliseconds of UTC, so that they compare as text. */
const FORMAT = '%Y-%m-%d %H:%M:%f'

const later = (milliseconds: RawBuilder<unknown>, at: Timestamp) =>
  sql<Timestamp>`max(coalesce(${milliseconds} || '000', ''), ${at})`
