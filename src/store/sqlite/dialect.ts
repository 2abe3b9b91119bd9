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
import type { Engine } from '../engine.ts'
import { ExclusiveNames } from '../exclusive-names.ts'
import type { Timestamp } from '../timestamps.ts'
import { Turns } from '../turns.ts'
import { PatientConnection } from './patient-connection.ts'
import { StatementCache } from './statement-cache.ts'

/** Kysely's SQLite over node:sqlite. One connection: nobody else is let at it while a transaction is open. */
export class NodeSqliteDialect implements Dialect {
  readonly #database: DatabaseSync

  readonly #patienceMs: number

  /** The database is closed when Kysely is destroyed. `patienceMs`: for another process that has it locked. */
  constructor(database: DatabaseSync, { patienceMs }: { patienceMs: number }) {
    this.#database = database
    this.#patienceMs = patienceMs
  }

  createDriver = () => new NodeSqliteDriver(this.#database, this.#patienceMs)
  createQueryCompiler = () => new SqliteQueryCompiler()
  createAdapter = () => new NodeSqliteAdapter()
  createIntrospector = (db: Kysely<unknown>) => new SqliteIntrospector(db)
}

class NodeSqliteAdapter extends SqliteAdapter {
  /** There is one, for which our driver has them wait in line: Kysely would wake all who wait whenever it is free. */
  override get supportsMultipleConnections() {
    return true
  }
}

class NodeSqliteDriver extends SqliteDriver {
  readonly #database: DatabaseSync
  readonly #patienceMs: number
  readonly #turns = new Turns()
  #connection: PatientConnection | undefined

  constructor(database: DatabaseSync, patienceMs: number) {
    const statements = new StatementCache(database)
    super({ database: { prepare: (text) => statements.get(text), close: () => database.close() } })
    this.#database = database
    this.#patienceMs = patienceMs
  }

  override async acquireConnection(): Promise<DatabaseConnection> {
    await this.#turns.begin()
    this.#connection ??= new PatientConnection(await super.acquireConnection(), { patienceMs: this.#patienceMs })
    return this.#connection
  }

  override async releaseConnection(): Promise<void> {
    this.#turns.end()
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

export function sqliteEngine(): Engine {
  const exclusive = new ExclusiveNames()
  return {
    timestamp: (at) => sql`${at}`,
    later: (column, at) => later(sql`strftime(${FORMAT}, ${sql.ref(column)})`, at),
    laterThan: (column, at) => later(sql`strftime(${FORMAT}, ${sql.ref(column)}, '+0.001 seconds')`, at),
    // All transactions take turns here.
    inTurnOf: (db, _, work) => work(db),
    exclusively: (name, work) => exclusive.run(name, work),
    otherInstances: async () => [],
    async close(db) {
      try {
        // The turn for the one connection comes after theirs.
        await sql`SELECT 1`.execute(db)
      } finally {
        await db.destroy()
      }
    },
  }
}

/** `strftime` brings any form of timestamp to milliseconds of UTC, so that they compare as text. */
const FORMAT = '%Y-%m-%d %H:%M:%f'

const later = (milliseconds: RawBuilder<unknown>, at: Timestamp) =>
  sql<Timestamp>`max(coalesce(${milliseconds} || '000', ''), ${at})`
