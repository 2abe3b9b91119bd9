import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { after, describe, test } from 'node:test'
import { login, register } from '../helpers/account.ts'
import { startPostgres } from '../helpers/postgres.ts'
import { requireProgram } from '../helpers/programs.ts'
import { type LoggedEvent, lineOf, recordingLogger } from '../helpers/recording-logger.ts'
import { startTestServer } from '../helpers/server.ts'

const { skip } = requireProgram('postgres')

const email = 'ada@example.com'

describe('a server on PostgreSQL', { skip }, async () => {
  if (skip) return
  const postgres = await startPostgres()
  after(() => postgres[Symbol.asyncDispose]())

  test('has the accounts and the vaults that another on the same database has', async () => {
    const databaseUrl = await postgres.createDatabase()
    await using here = await startTestServer({ vault: { databaseUrl } })
    const rsaKeyFilename = path.join(here.dataFolder, 'rsa_key')
    await using there = await startTestServer({ vault: { databaseUrl, rsaKeyFilename } })
    await register({ server: here.webUrl, email })
    const [device, other] = [await login({ server: here.webUrl, email }), await login({ server: there.webUrl, email })]
    const name = '2.bmFtZQ==|bmFtZQ==|bmFtZQ=='
    const made = await device.post('/api/folders', { name })
    assert.equal(made.status, 200)
    const seen = await other.get('/api/folders')
    assert.deepEqual(seen.json.data, [made.json])
  })

  test('announces the key of Web Push that another on the same database has, and keeps it in its folder', async () => {
    const databaseUrl = await postgres.createDatabase()
    await using here = await startTestServer({ vault: { databaseUrl } })
    const rsaKeyFilename = path.join(here.dataFolder, 'rsa_key')
    await using there = await startTestServer({ vault: { databaseUrl, rsaKeyFilename } })
    const [one, two] = await Promise.all(
      [here, there].map(async ({ webUrl, dataFolder }) => {
        const answer = await fetch(`${webUrl}/api/config`)
        const { push } = (await answer.json()) as { push: Record<string, unknown> }
        return { push, file: await readFile(path.join(dataFolder, 'vapid_key.pem'), 'utf8') }
      }),
    )
    assert.deepEqual(one, two)
    assert.equal(one!.push.pushTechnology, 1)
  })

  test('says at once that another serves the same database, when no cluster joins them', async () => {
    const databaseUrl = await postgres.createDatabase()
    const alarm = 'other instances use this database, and none of their changes is heard here'
    await using here = await startTestServer({ vault: { databaseUrl } })
    const heard = Promise.withResolvers<LoggedEvent>()
    const logger = recordingLogger((line) => line.event === alarm && heard.resolve(line))
    const rsaKeyFilename = path.join(here.dataFolder, 'rsa_key')
    await using _there = await startTestServer({ vault: { databaseUrl, rsaKeyFilename } }, logger)
    const { level, fields } = await heard.promise
    assert.deepEqual([level, fields.others], ['error', 1])
    assert.match(String(fields.hint), /BELFRY_CLUSTER_URL/)
  })

  test('says while PostgreSQL is away that it cannot be reached, lives, and goes on when it is back', async () => {
    const databaseUrl = (await postgres.createDatabase()).replace('postgres@', 'postgres:secret@')
    const events: LoggedEvent[] = []
    const logger = recordingLogger((line) => events.push(line))
    await using server = await startTestServer({ vault: { databaseUrl } }, logger)
    await register({ server: server.webUrl, email })
    const device = await login({ server: server.webUrl, email })
    assert.equal((await device.get('/alive')).status, 200)

    await postgres.stop('SIGKILL')
    assert.equal((await device.get('/alive')).status, 503)
    const refused = await device.get('/api/folders')
    assert.equal(refused.status, 503)
    assert.match(refused.json.message, /^The server cannot reach its database\. Try again in a moment\. \(request /)
    await postgres.start()

    assert.equal((await device.get('/alive')).status, 200)
    assert.equal((await device.get('/api/folders')).status, 200)
    const log = events.map(lineOf).join('\n')
    assert.match(log, /"test_\d+\\" at [^"]* cannot be reached/)
    assert.doesNotMatch(log, /secret/)
  })

  test('refuses a request with what PostgreSQL cannot store, as one that is wrong', async () => {
    const databaseUrl = await postgres.createDatabase()
    await using server = await startTestServer({ vault: { databaseUrl } })
    await register({ server: server.webUrl, email })
    const device = await login({ server: server.webUrl, email })
    const renamed = await device.request('PUT', '/api/accounts/profile', { name: 'A\0da' })
    assert.equal(renamed.status, 400)
    assert.equal((await device.request('PUT', '/api/accounts/profile', { name: 'Ada' })).status, 200)
  })
})
