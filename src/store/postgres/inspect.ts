import { Kysely, PostgresDialect } from 'kysely'
import { inspectContent } from '../inspection/content.ts'
import type { Inspection } from '../inspection/inspection.ts'
import { describeSchema } from '../inspection/schema.ts'
import type { PostgresOptions } from '../options.ts'
import type { Database } from '../tables.ts'
import { explain } from './failure.ts'
import { KNOWN_SCHEMA, readSchema } from './schema.ts'
import { connectOnce } from './single-connection.ts'

/** See `inspectDatabase`. One attempt, and read-only for PostgreSQL as well; other instances do not hear of it. */
export async function inspectPostgres(options: PostgresOptions): Promise<Inspection | undefined> {
  const { pool, address } = await connectOnce(options, 'SET default_transaction_read_only = on')
  const db = new Kysely<Database>({ dialect: new PostgresDialect({ pool }) })
  try {
    const found = await readSchema(pool, address)
    const schema = describeSchema(found, KNOWN_SCHEMA)
    if (schema === undefined) return undefined
    const content = schema.objection === undefined ? await inspectContent(db, found) : undefined
    return { ...schema, engine: 'PostgreSQL', damage: [], content }
  } catch (error) {
    throw explain(address, error)
  } finally {
    await pool.end()
  }
}
