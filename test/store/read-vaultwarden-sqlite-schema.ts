import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { readCatalogue } from './sqlite-catalogue.ts'

/**
 * Makes `test/vectors/vaultwarden-sqlite-schema.json` anew. Its argument is the folder `migrations/sqlite` of a
 * checkout of Vaultwarden; the facts go to standard output.
 */
const folder = process.argv[2]
if (folder === undefined) throw new Error('Name the folder migrations/sqlite of a Vaultwarden checkout')

const database = new DatabaseSync(':memory:', { enableForeignKeyConstraints: false })
// Diesel makes this table itself, before the first migration.
database.exec(`CREATE TABLE __diesel_schema_migrations (
  version VARCHAR(50) PRIMARY KEY NOT NULL, run_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP)`)

const versions: string[] = []
for (const name of readdirSync(folder).sort()) {
  database.exec(readFileSync(join(folder, name, 'up.sql'), 'utf8'))
  // Diesel's rule: up to the first underscore, without the dashes.
  versions.push(name.split('_')[0]!.replaceAll('-', ''))
}
process.stdout.write(`${JSON.stringify({ versions, tables: readCatalogue(database) })}\n`)
