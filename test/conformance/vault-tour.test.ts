/** What one person does with a vault, by the official CLI, from the first login to the last export. */
import { after, before, describe } from 'node:test'
import { type PostgresServer, startPostgres } from '../helpers/postgres.ts'
import { requireProgram } from '../helpers/programs.ts'
import { startTestServer, type TestServer } from '../helpers/server.ts'
import { tourOfExports } from './vault-tour-exports.ts'
import { tourOfFiles } from './vault-tour-files.ts'
import { tourOfItems } from './vault-tour-items.ts'
import { tourOfLogins } from './vault-tour-logins.ts'

const THEMES = { logins: tourOfLogins, items: tourOfItems, files: tourOfFiles, exports: tourOfExports }

for (const [engine, { skip }] of [
  ['SQLite', { skip: false }],
  ['PostgreSQL', requireProgram('postgres')],
] as const) {
  describe(`a tour of the vault on ${engine}`, { skip, concurrency: true }, () => {
    let postgres: PostgresServer | undefined
    let server: TestServer
    before(async () => {
      postgres = engine === 'PostgreSQL' ? await startPostgres() : undefined
      const database = postgres && { databaseUrl: await postgres.createDatabase() }
      server = await startTestServer({ vault: { ...database } })
    })
    after(async () => {
      await server?.close()
      await postgres?.[Symbol.asyncDispose]()
    })
    for (const [theme, tour] of Object.entries(THEMES)) {
      describe(theme, { concurrency: false }, () => tour(() => server))
    }
  })
}
