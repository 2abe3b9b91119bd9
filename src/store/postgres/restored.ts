import { randomUUID } from 'node:crypto'
import { rm, writeFile } from 'node:fs/promises'
import { Kysely, PostgresDialect } from 'kysely'
import { ConfigError } from '#kit'
import type { PostgresOptions } from '../options.ts'
import { settle } from '../restoration/settle.ts'
import type { Database } from '../tables.ts'
import { readUrl } from './connection.ts'
import { explain } from './failure.ts'
import { runPostgresProgram } from './programs.ts'
import { readSchema } from './schema.ts'
import { connectOnce } from './single-connection.ts'

/** See `settleDatabase`. */
export async function settlePostgres(options: PostgresOptions, now: Date): Promise<void> {
  const { pool, address } = await connectOnce(options, `SET datestyle = 'ISO, YMD'; SET timezone = 'UTC'`)
  try {
    const { tableNames } = await readSchema(pool, address)
    const db = new Kysely<Database>({ dialect: new PostgresDialect({ pool }) })
    await db.transaction().execute((db) => settle(db, tableNames, now))
  } catch (error) {
    throw explain(address, error)
  } finally {
    await pool.end()
  }
}

/** See `loadDump`. Tables belong to whoever the URL names; the schema is there already. */
export async function loadDump(options: PostgresOptions, dump: { file: string; schema: string }): Promise<void> {
  const address = readUrl(options.url)
  const here = await currentSchema(options)
  if (here !== dump.schema) {
    throw new ConfigError(
      `The backup is of the schema "${dump.schema}", and here new tables go to "${here}": make a schema of that name, and ` +
        `add ?options=${encodeURIComponent(`-csearch_path=${asOption(dump.schema)}`)} to the URL of the database`,
    )
  }
  const contents = await runPostgresProgram({ command: 'pg_restore', args: ['--list', dump.file] })
  const list = `${dump.file}.${randomUUID()}.list`
  await writeFile(list, contents.replaceAll(OF_THE_SCHEMA, ';$&'), { mode: 0o600 })
  try {
    const what = ['--single-transaction', '--exit-on-error', '--no-owner', '--no-privileges', `--use-list=${list}`]
    await runPostgresProgram({ command: 'pg_restore', args: [...what, dump.file], address })
  } finally {
    await rm(list, { force: true })
  }
}

/** A name in a search path, within options, where spaces and backslashes are escaped. */
const asOption = (schema: string) =>
  /^[a-z_][a-z0-9_]*$/.test(schema) ? schema : `"${schema.replaceAll('"', '""')}"`.replace(/[\\\s]/g, '\\$&')

/** Lines of its table of contents about the schema itself. */
const OF_THE_SCHEMA = /^\d+; \d+ \d+ (?:SCHEMA|COMMENT - SCHEMA|ACL - SCHEMA) .*$/gm

async function currentSchema(options: PostgresOptions): Promise<string> {
  const { pool } = await connectOnce(options, '')
  try {
    return (await pool.query('SELECT current_schema()::text AS schema')).rows[0].schema
  } finally {
    await pool.end()
  }
}
