import type { DatabaseSync } from 'node:sqlite'
import type { Clock } from '#kit'
import { createTable } from '../create-table.ts'
import { type FoundSchema, type KnownSchema, objection } from '../known-schema.ts'
import { ownCleanups, ownIndexes, ownSteps } from '../own-tables.ts'
import { formatTimestamp } from '../timestamps.ts'
import { cannotOpen } from './failure.ts'
import { vaultwardenTables } from './vaultwarden-tables.ts'
import { latestVaultwardenVersion, vaultwardenVersions } from './vaultwarden-versions.ts'

/** Diesel's record of the migrations that were run; Vaultwarden's own migrations begin with it. */
const BOOKKEEPING = createTable({
  name: '__diesel_schema_migrations',
  columns: { version: 'VARCHAR(50) NOT NULL', run_on: 'TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP' },
  primaryKey: ['version'],
})

const STEPS = ownSteps({ timestamp: 'DATETIME', keyedByPrimaryKey: 'WITHOUT ROWID', numbered: 'INTEGER PRIMARY KEY' })

export const KNOWN_SCHEMA: KnownSchema = { vaultwardenVersions, latestVaultwardenVersion, ownSteps: STEPS.length }

/**
 * Brings an empty database to the whole schema, and a Vaultwarden database of exactly our version to Belfry's own tables
 * beside. Call it inside a transaction: all of it or nothing.
 */
export function completeSchema(database: DatabaseSync, databaseFile: string, clock: Clock): void {
  const { tableNames, ownSteps } = checkSchema(database, databaseFile)
  if (tableNames.length === 0) createVaultwardenTables(database, clock)
  for (const [index, statements] of STEPS.entries()) {
    if (index < ownSteps) continue
    for (const statement of statements) database.exec(statement)
    database.prepare('INSERT INTO belfry_schema (version) VALUES (?)').run(index + 1)
  }
  for (const { name, columns } of ownIndexes) database.exec(`CREATE INDEX IF NOT EXISTS ${name} ON ${columns}`)
  for (const statement of ownCleanups) database.exec(statement)
}

/**
 * Returns what is there. Throws ConfigError when the database is neither empty nor one that completeSchema can bring up
 * to date; changes nothing.
 */
export function checkSchema(database: DatabaseSync, databaseFile: string) {
  const found = readSchema(database)
  const reason = objection(found, KNOWN_SCHEMA)
  if (reason !== undefined) throw cannotOpen(databaseFile, reason)
  return found
}

export function readSchema(database: DatabaseSync): FoundSchema {
  const rows = database.prepare(`SELECT name FROM sqlite_schema WHERE type = 'table'`).all()
  const tableNames = rows.map((row) => String(row.name))
  return {
    tableNames,
    vaultwardenVersions: tableNames.includes('__diesel_schema_migrations') ? readVersions(database) : [],
    ownSteps: tableNames.includes('belfry_schema') ? countSteps(database) : 0,
  }
}

const readVersions = (database: DatabaseSync) =>
  database
    .prepare('SELECT version FROM __diesel_schema_migrations')
    .all()
    .map((row) => String(row.version))

const countSteps = (database: DatabaseSync) =>
  Number(database.prepare('SELECT max(version) AS version FROM belfry_schema').get()?.version ?? 0)

function createVaultwardenTables(database: DatabaseSync, clock: Clock): void {
  database.exec(BOOKKEEPING)
  for (const table of vaultwardenTables) database.exec(createTable(table))
  const record = database.prepare('INSERT INTO __diesel_schema_migrations (version, run_on) VALUES (?, ?)')
  const now = formatTimestamp(new Date(clock.now()))
  for (const version of vaultwardenVersions) record.run(version, now)
}
