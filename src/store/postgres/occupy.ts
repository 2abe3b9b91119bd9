import { Kysely, PostgresDialect } from 'kysely'
import type pg from 'pg'
import { ConfigError } from '#kit'
import type { PostgresOptions } from '../options.ts'
import type { OccupiedDatabase } from '../restoration/index.ts'
import type { Database } from '../tables.ts'
import { describeAddress } from './address.ts'
import { advisoryLock } from './advisory-lock.ts'
import { explain } from './failure.ts'
import { otherInstances } from './instance-marks.ts'
import { connectOnce } from './single-connection.ts'

/** No instance has this mark: it is not one. */
const NO_MARK = 0

/** See `occupyDatabase`. An instance that starts meanwhile waits for the lock under which it looks at the schema. */
export async function occupyPostgres(options: PostgresOptions): Promise<OccupiedDatabase> {
  const { pool, address } = await connectOnce(options, 'SET statement_timeout = 0')
  const db = new Kysely<Database>({ dialect: new PostgresDialect({ pool }) })
  try {
    const { rows } = await pool.query('SELECT pg_try_advisory_lock($1, $2) AS taken', [...advisoryLock('schema')])
    const others = await otherInstances(db, NO_MARK)
    if (!rows[0].taken || others.length > 0) {
      throw new ConfigError(`A server has the database ${describeAddress(address)} open: stop all of them first`)
    }
    const statements = await toDrop(pool)
    return {
      isEmpty: statements.length === 0,
      dropAll: statements.join(' '),
      async makeReady() {},
      [Symbol.asyncDispose]: () => pool.end(),
    }
  } catch (error) {
    await pool.end()
    throw explain(address, error)
  }
}

/** What drops all that is in the schema where new tables go, save for what extensions have brought. */
async function toDrop(pool: pg.Pool): Promise<string[]> {
  const { rows } = await pool.query<{ statement: string }>(`
    WITH here AS (SELECT to_regnamespace(quote_ident(current_schema())) AS oid), things AS (
      SELECT 1 AS turn, oid, format('DROP TABLE %s CASCADE;', oid::regclass) AS statement
      FROM pg_class WHERE relnamespace = (SELECT oid FROM here) AND relkind IN ('r', 'p')
      UNION ALL
      SELECT 2, oid, format('DROP ROUTINE %s;', oid::regprocedure)
      FROM pg_proc WHERE pronamespace = (SELECT oid FROM here)
    )
    SELECT statement FROM things
    WHERE NOT EXISTS (SELECT * FROM pg_depend WHERE objid = things.oid AND deptype = 'e')
    ORDER BY turn, statement`)
  return rows.map((row) => row.statement)
}
