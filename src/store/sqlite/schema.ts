import type { DatabaseSync } from 'node:sqlite'
import type { Clock } from '#kit'
import { formatTimestamp } from '../timestamps.ts'
import { createTable } from './create-table.ts'
import { cannotOpen } from './failure.ts'
import { ownCleanups, ownIndexes, ownSteps } from './own-tables.ts'
import { vaultwardenTables } from './vaultwarden-tables.ts'
import { latestVaultwardenVersion, vaultwardenVersions } from './vaultwarden-versions.ts'

/** Diesel's record of the migrations that were run; Vaultwarden's own migrations begin with it. */
const BOOKKEEPING = createTable({
  name: '__diesel_schema_migrations',
  columns: { version: 'VARCHAR(50) NOT NULL', run_on: 'TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP' },
  primaryKey: ['version'],
})

/**
 * Brings an empty database to the whole schema, and a Vaultwarden database of exactly our version to Belfry's own tables
 * beside. Call it inside a transaction: all of it or nothing.
 */
export function completeSchema(database: DatabaseSync, databaseFile: string, clock: Clock): void {
  const stepsDone = checkSchema(database, databaseFile)
  if (tableNames(database).length === 0) createVaultwardenTables(database, clock)
  for (const [index, statements] of ownSteps.entries()) {
    if (index < stepsDone) continue
    for (const statement of statements) database.exec(statement)
    database.prepare('INSERT INTO belfry_schema (version) VALUES (?)').run(index + 1)
  }
  for (const statement of [...ownIndexes, ...ownCleanups]) database.exec(statement)
}

/**
 * Returns how many of `ownSteps` were taken. Throws ConfigError when the database is neither empty nor one that
 * completeSchema can bring up to date; changes nothing.
 */
export function checkSchema(database: DatabaseSync, databaseFile: string): number {
  const names = tableNames(database)
  if (names.length === 0) return 0
  if (!names.includes('__diesel_schema_migrations')) {
    throw cannotOpen(databaseFile, 'it is neither empty nor a database of Vaultwarden or Belfry')
  }
  const versions = new Set(database.prepare('SELECT version FROM __diesel_schema_migrations').all().map(versionOf))
  const unknown = [...versions.difference(new Set(vaultwardenVersions))]
  if (unknown.length > 0) {
    const known = `Belfry knows them up to ${latestVaultwardenVersion}`
    throw cannotOpen(databaseFile, `a newer Vaultwarden has changed it (migrations ${list(unknown)}); ${known}`)
  }
  const missing = vaultwardenVersions.filter((version) => !versions.has(version))
  if (missing.length > 0) {
    const remedy = `start a Vaultwarden that has migration ${latestVaultwardenVersion} on it once`
    throw cannotOpen(databaseFile, `it is of an older Vaultwarden (without migrations ${list(missing)}); ${remedy}`)
  }
  const stepsDone = names.includes('belfry_schema') ? countSteps(database) : 0
  if (stepsDone > ownSteps.length) {
    throw cannotOpen(databaseFile, `a newer Belfry has changed it (version ${stepsDone}, this one: ${ownSteps.length})`)
  }
  return stepsDone
}

function createVaultwardenTables(database: DatabaseSync, clock: Clock): void {
  database.exec(BOOKKEEPING)
  for (const table of vaultwardenTables) database.exec(createTable(table))
  const record = database.prepare('INSERT INTO __diesel_schema_migrations (version, run_on) VALUES (?, ?)')
  const now = formatTimestamp(new Date(clock.now()))
  for (const version of vaultwardenVersions) record.run(version, now)
}

function tableNames(database: DatabaseSync): string[] {
  const rows = database.prepare(`SELECT name FROM sqlite_schema WHERE type = 'table'`).all()
  return rows.map((row) => String(row.name))
}

const versionOf = (row: Record<string, unknown>) => String(row.version)

const countSteps = (database: DatabaseSync) =>
  Number(database.prepare('SELECT max(version) AS version FROM belfry_schema').get()?.version ?? 0)

/** All of the versions, unless there are more than Vaultwarden ever had. */
function list(versions: readonly string[]): string {
  const shown = versions.slice(0, 60).join(', ')
  return versions.length > 60 ? `${shown} and ${versions.length - 60} more` : shown
}
