import pg from 'pg'
import type { PostgresOptions } from '../options.ts'
import type { PostgresAddress } from './address.ts'
import { connectionTo, readUrl } from './connection.ts'
import { explain } from './failure.ts'

export interface SingleConnection {
  /** Of one connection, which stays until it is ended. */
  readonly pool: pg.Pool
  readonly address: PostgresAddress
}

/**
 * Connects once, for who does one thing at a database: no other instance hears of it. `setup`: SQL to begin with. Rejects with a
 * ConfigError.
 */
export async function connectOnce(options: PostgresOptions, setup: string): Promise<SingleConnection> {
  const address = readUrl(options.url)
  try {
    return await connect(address, options, setup)
  } catch (error) {
    if (address.sslMode !== 'prefer' || !/does not support SSL/.test(`${error}`)) throw explain(address, error)
  }
  const plain: PostgresAddress = { ...address, sslMode: 'disable' }
  return connect(plain, options, setup).catch((error: unknown) => {
    throw explain(address, error)
  })
}

async function connect(
  address: PostgresAddress,
  { acquireTimeoutMs }: PostgresOptions,
  setup: string,
): Promise<SingleConnection> {
  const pool = new pg.Pool({
    ...connectionTo(address),
    max: 1,
    idleTimeoutMillis: 0,
    connectionTimeoutMillis: acquireTimeoutMs,
    onConnect: async (client) => void (await client.query(setup)),
  })
  // Whoever asks next is told.
  pool.on('error', () => undefined)
  try {
    await pool.query('SELECT 1')
    return { pool, address }
  } catch (error) {
    await pool.end()
    throw error
  }
}
