import { after, describe } from 'node:test'
import { startPostgres } from '../helpers/postgres.ts'
import { requireProgram } from '../helpers/programs.ts'
import { postgresStores } from './open-postgres-store.ts'
import { storeSuite } from './suite.ts'

const { skip } = requireProgram('postgres')

describe('on PostgreSQL', { skip }, async () => {
  if (skip) return
  const server = await startPostgres()
  after(() => server[Symbol.asyncDispose]())
  storeSuite(postgresStores(server))
})
