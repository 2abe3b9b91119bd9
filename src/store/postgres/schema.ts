import type pg from 'pg'
import type { Clock } from '#kit'
import { createTable } from '../create-table.ts'
import { type FoundSchema, type KnownSchema, objection } from '../known-schema.ts'
import { ownCleanups, ownIndexes, ownSteps } from '../own-tables.ts'
import { formatTimestamp } from '../timestamps.ts'
import type { PostgresAddress } from './address.ts'
import { advisoryLock } from './advisory-lock.ts'
import { cannotOpen } from './failure.ts'
import type { PooledClient } from './pool.ts'
import { vaultwardenTables } from './vaultwarden-tables.ts'
import { latestVaultwardenVersion, vaultwardenVersions } from './vaultwarden-versions.ts'

/** Diesel's record of the migrations that were run; Vaultwarden's own migrations begin with it. */
const BOOKKEEPING = createTable({
  name: '__diesel_schema_migrations',
  columns: { version: 'varchar(50) NOT NULL', run_on: 'timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP' },
  primaryKey: ['version'],
})

const STEPS = ownSteps({
  timestamp: 'timestamp',
  keyedByPrimaryKey: '',
  numbered: 'bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY',
})

export const KNOWN_SCHEMA: KnownSchema = { vaultwardenVersions, latestVaultwardenVersion, ownSteps: STEPS.length }

/** How long an index of ours may take on large tables, and how long one instance waits for another that makes them. */
const SCHEMA_TIMEOUT = '10min'

/**
 * Brings an empty database to the whole schema, and a Vaultwarden database of exactly our version to Belfry's own tables
 * beside: all of it or nothing, and one instance at a time. Throws ConfigError when it is neither; nothing is changed then.
 */
export async function completeSchema(client: PooledClient, address: PostgresAddress, clock: Clock): Promise<void> {
  // What another instance has made while we waited for the lock must be seen.
  await client.query('BEGIN ISOLATION LEVEL READ COMMITTED')
  try {
    await client.query(
      `SET LOCAL lock_timeout = '${SCHEMA_TIMEOUT}'; SET LOCAL statement_timeout = '${SCHEMA_TIMEOUT}'`,
    )
    await client.query('SELECT pg_advisory_xact_lock($1, $2)', advisoryLock('schema'))
    const found = await readSchema(client, address)
    const reason = objection(found, KNOWN_SCHEMA)
    if (reason !== undefined) throw cannotOpen(address, reason)
    if (found.tableNames.length === 0) await createVaultwardenTables(client, clock)
    await takeOwnSteps(client, found.ownSteps)
    await createOwnIndexes(client)
    for (const statement of ownCleanups) await client.query(statement)
    await client.query('COMMIT')
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined) // the connection may be what failed
    throw error
  }
}

/** A connection, or who has some. */
interface Asked {
  query<Row extends pg.QueryResultRow>(text: string): Promise<{ rows: Row[] }>
}

/** In the schema where new tables go. What an extension has brought belongs to nobody. */
export async function readSchema(client: Asked, address: PostgresAddress): Promise<FoundSchema> {
  const { rows } = await client.query(
    `SELECT current_schema() AS schema, ARRAY(
       SELECT relname::text FROM pg_class
       WHERE relnamespace = to_regnamespace(quote_ident(current_schema())) AND relkind IN ('r', 'p')
         AND NOT EXISTS (SELECT * FROM pg_depend WHERE objid = pg_class.oid AND deptype = 'e')
     ) AS tables`,
  )
  const { schema, tables: tableNames } = rows[0] as { schema: string | null; tables: string[] }
  if (schema === null) throw cannotOpen(address, 'no schema of its search_path is there')
  return {
    tableNames,
    vaultwardenVersions: tableNames.includes('__diesel_schema_migrations') ? await readVersions(client) : [],
    ownSteps: tableNames.includes('belfry_schema') ? await countSteps(client) : 0,
  }
}

async function readVersions(client: Asked): Promise<string[]> {
  const { rows } = await client.query<{ version: string }>('SELECT version FROM __diesel_schema_migrations')
  return rows.map((row) => row.version)
}

async function countSteps(client: Asked): Promise<number> {
  const { rows } = await client.query<{ version: number }>(
    'SELECT coalesce(max(version), 0) AS version FROM belfry_schema',
  )
  return rows[0]!.version
}

async function createVaultwardenTables(client: PooledClient, clock: Clock): Promise<void> {
  await client.query([BOOKKEEPING, ...vaultwardenTables.map(createTable)].join(';\n'))
  const now = formatTimestamp(new Date(clock.now()))
  await client.query(
    'INSERT INTO __diesel_schema_migrations (version, run_on) SELECT version, $2 FROM unnest($1::text[]) AS version',
    [vaultwardenVersions, now],
  )
}

async function takeOwnSteps(client: PooledClient, stepsDone: number): Promise<void> {
  for (const [index, statements] of STEPS.entries()) {
    if (index < stepsDone) continue
    await client.query(statements.join(';\n'))
    await client.query('INSERT INTO belfry_schema (version) VALUES ($1)', [index + 1])
  }
}

/** Only those that are not there: even `IF NOT EXISTS` stops everybody's writing to the table until we commit. */
async function createOwnIndexes(client: PooledClient): Promise<void> {
  const statement = 'SELECT indexname FROM pg_indexes WHERE schemaname = current_schema()'
  const { rows } = await client.query<{ indexname: string }>(statement)
  const there = new Set(rows.map((row) => row.indexname))
  for (const { name, columns } of ownIndexes) {
    if (!there.has(name)) await client.query(`CREATE INDEX ${name} ON ${columns}`)
  }
}
