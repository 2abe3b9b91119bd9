import { chmod } from 'node:fs/promises'
import { Kysely, PostgresDialect } from 'kysely'
import type pg from 'pg'
import { ConfigError } from '#kit'
import { inspectContent } from '../inspection/content.ts'
import { objection } from '../known-schema.ts'
import type { PostgresOptions } from '../options.ts'
import type { DatabaseSnapshot } from '../snapshot/snapshot.ts'
import type { Database } from '../tables.ts'
import type { PostgresAddress } from './address.ts'
import { cannotOpen, explain } from './failure.ts'
import { majorVersionOf, runPostgresProgram } from './programs.ts'
import { KNOWN_SCHEMA, readSchema } from './schema.ts'
import { connectOnce } from './single-connection.ts'

/** How long `pg_dump` waits for a table that somebody changes, a newer Belfry at its start for one. Milliseconds. */
const LOCK_WAIT_MS = 60_000

/** See `withSnapshot`. */
export async function withPostgresSnapshot<T>(
  options: PostgresOptions,
  work: (snapshot: DatabaseSnapshot) => Promise<T>,
): Promise<T> {
  // A snapshot that was exported is there for as long as its transaction.
  const { pool, address } = await connectOnce(options, PATIENCE)
  try {
    const snapshot = await take(pool, address).catch((error: unknown) => {
      throw explain(address, error)
    })
    return await work(snapshot)
  } finally {
    await pool.end()
  }
}

/** A role may have limits of its own; a large backup takes its time. */
const PATIENCE = 'SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0'

async function take(pool: pg.Pool, address: PostgresAddress): Promise<DatabaseSnapshot> {
  await pool.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
  const { rows } = await pool.query<{ id: string; schema: string; version: number }>(
    `SELECT pg_export_snapshot() AS id, current_schema()::text AS schema,
       current_setting('server_version_num')::int / 10000 AS version`,
  )
  const { id, schema, version } = rows[0]!
  const found = await readSchema(pool, address)
  if (found.tableNames.length === 0) throw cannotOpen(address, 'it is empty')
  const reason = objection(found, KNOWN_SCHEMA)
  if (reason !== undefined) throw cannotOpen(address, reason)
  const db = new Kysely<Database>({ dialect: new PostgresDialect({ pool }) })
  return {
    engine: 'PostgreSQL',
    content: await inspectContent(db, found),
    vaultwardenVersion: KNOWN_SCHEMA.latestVaultwardenVersion,
    ownSteps: found.ownSteps,
    postgresSchema: schema,
    async writeTo(file) {
      await checkVersion(version)
      const what = ['--format=custom', `--snapshot=${id}`, `--schema=${quoted(schema)}`]
      const how = [`--lock-wait-timeout=${LOCK_WAIT_MS}`, `--file=${file}`]
      await runPostgresProgram({ command: 'pg_dump', args: [...what, ...how], address })
      await chmod(file, 0o600)
    },
  }
}

/** Throws ConfigError when there is no `pg_dump`, or one that does not know this server. */
async function checkVersion(serverVersion: number): Promise<void> {
  const version = await majorVersionOf('pg_dump')
  if (version >= serverVersion) return
  throw new ConfigError(
    `pg_dump is that of PostgreSQL ${version}, which cannot save a server of version ${serverVersion}: ` +
      `install postgresql-client-${serverVersion} or newer, and have its programs first on the PATH`,
  )
}

/** As a pattern of `pg_dump` that fits this name alone. */
const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`
