import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { Kysely } from 'kysely'
import { silentLogger } from '#kit'
import { KyselyStore } from '../kysely-store.ts'
import type { PostgresOptions, StoreTools } from '../options.ts'
import { observed } from '../query-observer.ts'
import type { Store } from '../store.ts'
import type { Database } from '../tables.ts'
import { AccountTurns } from './account-turns.ts'
import { describeAddress, type PostgresAddress } from './address.ts'
import { readUrl } from './connection.ts'
import { postgresDialect, postgresEngine } from './dialect.ts'
import { cannotOpen, explain, mayPass, reasonOf } from './failure.ts'
import { instanceMark } from './instance-mark.ts'
import { type PooledClient, PostgresPool } from './pool.ts'
import { completeSchema } from './schema.ts'

const BETWEEN_ATTEMPTS_MS = 1000

/**
 * Opens the store on PostgreSQL, with the schema complete, for which it waits until the server is up. Throws ConfigError
 * as `openStore` says.
 */
export async function openPostgresStore(options: PostgresOptions & StoreTools): Promise<Store> {
  const { clock, logger = silentLogger, onOutage = () => {} } = options
  const address = readUrl(options.url)
  try {
    const mark = instanceMark(options.instance ?? randomUUID())
    const pool = new PostgresPool(options, { address, mark, clock, logger, onOutage })
    try {
      const client = await connect(pool, address, options)
      try {
        await completeSchema(client, address, clock)
      } finally {
        client.release()
      }
    } catch (error) {
      await pool.end()
      throw error
    }
    const turns = new AccountTurns({ timeoutMs: options.acquireTimeoutMs })
    return new KyselyStore(
      new Kysely<Database>({ dialect: postgresDialect(pool), ...observed(options.onQuery) }),
      postgresEngine(pool, { turns, mark }),
    )
  } catch (error) {
    throw explain(address, error)
  }
}

/** The first connection. At an orderly start of many containers the database may well be the last to be up. */
async function connect(
  pool: PostgresPool,
  address: PostgresAddress,
  { connectionAttempts, logger = silentLogger }: PostgresOptions & StoreTools,
): Promise<PooledClient> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await pool.connect()
    } catch (error) {
      const { cause } = error as Error
      if (!mayPass(cause)) throw cause
      const reason = reasonOf(cause)
      if (attempt === connectionAttempts) {
        throw cannotOpen(address, `${reason}. Is it up, and are host and port right?`, error)
      }
      logger.warn({ database: describeAddress(address), attempt, reason }, 'waiting for the database')
      await pause(BETWEEN_ATTEMPTS_MS)
    }
  }
}
