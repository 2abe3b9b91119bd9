import { after, describe } from 'node:test'
import { startPostgres } from '../../helpers/postgres.ts'
import { requireProgram } from '../../helpers/programs.ts'
import { postgresStores } from '../../store/open-postgres-store.ts'
import { openTestStore } from '../../store/open-test-store.ts'
import type { OpenTestStore } from '../../store/suite.ts'

/** The same tests over stores on SQLite and on PostgreSQL. */
export function onBothEngines(tests: (openTestStore: OpenTestStore) => void): void {
  describe('on SQLite', () => tests(openTestStore))
  const { skip } = requireProgram('postgres')
  describe('on PostgreSQL', { skip }, async () => {
    if (skip) return
    const server = await startPostgres()
    after(() => server[Symbol.asyncDispose]())
    tests(await postgresStores(server))
  })
}
