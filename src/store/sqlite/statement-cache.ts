import type { DatabaseSync } from 'node:sqlite'
import type { SqliteStatement } from 'kysely'

/**
 * Prepared statements kept for the next time. The queries of the store are some fifty; lists of ids of different
 * lengths make more, and push out what was used longest ago.
 */
const KEPT_STATEMENTS = 200

/** node:sqlite's statements as Kysely's SQLite driver expects them, each prepared once while it is in use. */
export class StatementCache {
  readonly #database: DatabaseSync
  readonly #statements = new Map<string, SqliteStatement>()

  constructor(database: DatabaseSync) {
    this.#database = database
  }

  get(sql: string): SqliteStatement {
    const statement = this.#statements.get(sql) ?? adapt(this.#database, sql)
    // A Map keeps the order of insertion, so the first key is the one that was used longest ago.
    this.#statements.delete(sql)
    this.#statements.set(sql, statement)
    if (this.#statements.size > KEPT_STATEMENTS) this.#statements.delete(this.#statements.keys().next().value!)
    return statement
  }
}

function adapt(database: DatabaseSync, sql: string): SqliteStatement {
  const statement = database.prepare(sql)
  return {
    reader: statement.columns().length > 0,
    all: (parameters) => statement.all(...parameters.map(toSqlite)),
    run: (parameters) => statement.run(...parameters.map(toSqlite)),
    iterate: (parameters) => statement.iterate(...parameters.map(toSqlite)),
  }
}

/** SQLite has no booleans. Everything else that it cannot keep, node:sqlite refuses. */
const toSqlite = (value: unknown) => (typeof value === 'boolean' ? Number(value) : value) as null | number | string
