import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { startPostgres } from '../helpers/postgres.ts'
import { queryPostgres } from './open-postgres-store.ts'
import { readCatalogue } from './postgres-catalogue.ts'

/**
 * Makes `test/vectors/vaultwarden-postgres-schema.json` anew. Its argument is the folder `migrations/postgresql` of a
 * checkout of Vaultwarden; the facts go to standard output.
 */
const folder = process.argv[2]
if (folder === undefined) throw new Error('Name the folder migrations/postgresql of a Vaultwarden checkout')

await using server = await startPostgres()
const url = await server.createDatabase()
// Diesel makes this table itself, before the first migration.
await queryPostgres(
  url,
  `CREATE TABLE __diesel_schema_migrations (
    version VARCHAR(50) PRIMARY KEY NOT NULL, run_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP)`,
)
const versions: string[] = []
for (const name of readdirSync(folder).sort()) {
  await queryPostgres(url, readFileSync(join(folder, name, 'up.sql'), 'utf8'))
  // Diesel's rule: up to the first underscore, without the dashes.
  versions.push(name.split('_')[0]!.replaceAll('-', ''))
}
process.stdout.write(`${JSON.stringify({ versions, tables: await readCatalogue(url) })}\n`)
