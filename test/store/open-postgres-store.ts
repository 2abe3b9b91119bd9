import pg from 'pg'
import { systemClock } from '#kit'
import { openStore, type PostgresOptions, type Store } from '#store'
import { columnTypes } from '../../src/store/postgres/types.ts'
import type { PostgresServer } from '../helpers/postgres.ts'
import type { OpenTestStore } from './suite.ts'

/** The settings' defaults, with shorter waits. */
export const postgresOptions = (url: string, changes: Partial<PostgresOptions> = {}): PostgresOptions => ({
  kind: 'postgres',
  url,
  maxConnections: 10,
  minConnections: 0,
  acquireTimeoutMs: 5_000,
  idleTimeoutMs: 60_000,
  statementTimeoutMs: 10_000,
  lockTimeoutMs: 5_000,
  idleInTransactionTimeoutMs: 10_000,
  connectionAttempts: 1,
  connectionInit: undefined,
  ...changes,
})

export const openPostgres = (
  url: string,
  { instance, ...changes }: Partial<PostgresOptions> & { instance?: string } = {},
): Promise<Store> =>
  openStore({ ...postgresOptions(url, changes), ...(instance !== undefined && { instance }), clock: systemClock })

/** Rows of a statement beside the store. Dates are text, as PostgreSQL writes them. */
export async function queryPostgres(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url, types: columnTypes })
  await client.connect()
  try {
    const results = await client.query(sql)
    return [results].flat().at(-1)!.rows
  } finally {
    await client.end()
  }
}

/** Opens stores in databases of their own: copies of one that a store has made. */
export function postgresStores(server: PostgresServer): OpenTestStore {
  let template: Promise<string> | undefined
  const makeTemplate = async () => {
    const url = await server.createDatabase()
    await (await openPostgres(url)).close()
    return new URL(url).pathname.slice(1)
  }
  return async () => {
    template ??= makeTemplate()
    const url = await server.createDatabase(await template)
    const store = await openPostgres(url)
    return {
      store,
      query: (sql) => queryPostgres(url, sql),
      [Symbol.asyncDispose]: () => store.close(),
    }
  }
}
