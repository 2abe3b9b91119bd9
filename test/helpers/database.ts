import { randomUUID } from 'node:crypto'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import pg from 'pg'
import { type Clock, systemClock } from '#kit'
import { openStore, type Store } from '#store'
import { postgresOptions, queryPostgres } from '../store/open-postgres-store.ts'
import { temporaryFolder } from './temp.ts'

/**
 * Names the database of a PostgreSQL server that is copied for each test, by a URL. Default: tests are on SQLite.
 * `test/on-postgres.test.ts` sets it.
 */
export const TEMPLATE_URL = 'BELFRY_TEST_TEMPLATE_URL'

/** What rooms above the store keep their things in while they are tested: a database of its own, gone with the test. */
export interface TestDatabase extends AsyncDisposable {
  readonly store: Store
  /** Runs a statement beside the store, as another server would. Of the SQL that both engines understand. */
  query(sql: string): Promise<Record<string, unknown>[]>
  /** All there is. */
  dump(): Promise<Dump>
}

/** Rows as texts, in an order of their own, by the name of their table. */
export type Dump = Readonly<Record<string, readonly string[]>>

/** On the engine that the environment asks for. */
export async function openTestDatabase(clock: Clock = systemClock): Promise<TestDatabase> {
  const template = process.env[TEMPLATE_URL]
  return template === undefined ? onSqlite(clock) : onPostgres(template, clock)
}

async function onSqlite(clock: Clock): Promise<TestDatabase> {
  const folder = await temporaryFolder()
  const databaseFile = folder.join('db.sqlite3')
  const store = await openStore({ kind: 'sqlite', databaseFile, clock })
  const query = async (sql: string) => {
    using beside = new DatabaseSync(databaseFile, { timeout: 1000 })
    const rows = beside.prepare(sql).all()
    return rows.map((row) => ({ ...row }))
  }
  return {
    store,
    query,
    async dump() {
      const tables: Record<string, string[]> = {}
      for (const { name } of await query("SELECT name FROM sqlite_schema WHERE type = 'table'")) {
        const rows = await query(`SELECT * FROM "${name}"`)
        tables[String(name)] = rows.map((row) => JSON.stringify(row)).sort()
      }
      return tables
    },
    async [Symbol.asyncDispose]() {
      await store.close()
      await folder[Symbol.asyncDispose]()
    },
  }
}

async function onPostgres(template: string, clock: Clock): Promise<TestDatabase> {
  const url = new URL(template)
  const name = `test_${randomUUID().replaceAll('-', '')}`
  await copyDatabase(template, name)
  url.pathname = name
  const store = await openStore({ ...postgresOptions(url.href, { maxConnections: 4 }), clock })
  const query = (sql: string) => queryPostgres(url.href, sql)
  return {
    store,
    query,
    async dump() {
      const names = await query("SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'")
      // In one statement: each has a connection of its own.
      const selects = names.map(({ name }) => `SELECT '${name}' AS name, row_to_json(t)::text AS row FROM "${name}" t`)
      const tables: Record<string, string[]> = Object.fromEntries(names.map(({ name }) => [name, []]))
      for (const { name, row } of await query(selects.join(' UNION ALL '))) tables[String(name)]!.push(String(row))
      for (const rows of Object.values(tables)) rows.sort()
      return tables
    },
    [Symbol.asyncDispose]: () => store.close(),
  }
}

async function copyDatabase(template: string, name: string): Promise<void> {
  const url = new URL(template)
  const original = path.basename(url.pathname)
  url.pathname = 'postgres'
  const client = new pg.Client(url.href)
  await client.connect()
  try {
    // One at a time: nobody may use a database while it is copied, not even somebody else who copies it.
    await client.query('SELECT pg_advisory_lock(1)')
    await client.query(`CREATE DATABASE ${name} TEMPLATE ${original}`)
  } finally {
    await client.end()
  }
}
