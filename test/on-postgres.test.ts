/** The tests of the rooms above the store once more, on PostgreSQL: a file at a time, each in a process of its own as ever. */
import { globSync } from 'node:fs'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { TEMPLATE_URL } from './helpers/database.ts'
import { type PostgresServer, startPostgres } from './helpers/postgres.ts'
import { runProgram } from './helpers/processes.ts'
import { requireProgram } from './helpers/programs.ts'
import { openPostgres } from './store/open-postgres-store.ts'

const { skip } = requireProgram('postgres')

/** For one file, on a machine that has much else to do. */
const DEADLINE_MS = 120_000

/** What is refused there is refused before the store is asked. */
const OF_NO_ENGINE = ['body-limits', 'encrypted-fields', 'hardening-json'].map((name) => `every-route/${name}`)

/** Letters that go out, and jobs, which have an engine of each kind by themselves. */
const APART = ['mail/sendmail', 'mail/smtp', 'mail/templates', 'jobs/*']

/** Those that open a database by `openTestDatabase`, in themselves or in what they start. */
const FILES = [
  ...globSync('vault/**/*.test.ts', {
    cwd: import.meta.dirname,
    exclude: [...OF_NO_ENGINE, ...APART].map((name) => `vault/${name}.test.ts`),
  }),
  ...['grant', 'push-devices', 'push-send', 'relayed-sessions'].map((name) => `relay/${name}.test.ts`),
  ...['catch-up', 'look-at-all', 'revocation'].map((name) => `doors/hub/${name}.test.ts`),
  'push/mobile/registrations.test.ts',
].sort()

describe('on PostgreSQL', { skip, concurrency: 2 }, () => {
  let postgres: PostgresServer
  let template: string
  before(async () => {
    postgres = await startPostgres()
    template = await postgres.createDatabase()
    await (await openPostgres(template)).close()
  })
  after(() => postgres?.[Symbol.asyncDispose]())

  for (const file of FILES) {
    test(file, { timeout: DEADLINE_MS + 10_000 }, async () => {
      const command = {
        command: process.execPath,
        args: ['--disable-warning=ExperimentalWarning', '--test-reporter=tap', path.join(import.meta.dirname, file)],
        env: { [TEMPLATE_URL]: template, NODE_TEST_CONTEXT: undefined },
      }
      const { code, stdout, stderr } = await runProgram(command, DEADLINE_MS)
      if (code !== 0) throw new Error(`${file} fails on PostgreSQL:\n${stdout}${stderr}`)
    })
  }
})
