/** Hubs of the operator's own as the whole server has them, with a configuration file. */
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { describe, test } from 'node:test'
import { AppTokens } from '#doors/hub'
import { ConfigError, type Logger, silentLogger, systemClock } from '#kit'
import { type Server, startServer } from '#server'
import { HubClient } from '../doors/hub/hub-client.ts'
import { type LoggedEvent, recordingLogger } from '../helpers/recording-logger.ts'
import { type TemporaryFolder, temporaryFolder } from '../helpers/temp.ts'

const KEY = 'a-key-for-tests-that-has-32-characters'

const APP = 'accounts { APP { users: [ { user: app, password: p } ] } }\n'

async function startWith(folder: TemporaryFolder, conf: string, logger: Logger = silentLogger): Promise<Server> {
  await configure(folder, conf)
  return startServer({}, { configFile: 'belfry.conf', cwd: folder.path, logger })
}

async function configure(folder: TemporaryFolder, conf: string): Promise<void> {
  const rest = 'listen: "127.0.0.1:-1"\nvault { data_folder: data }\nweb { listen: "127.0.0.1:-1", https: false }\n'
  await writeFile(folder.join('belfry.conf'), rest + conf)
}

async function connect(server: Server, hub: string, user: string): Promise<HubClient> {
  const token = await new AppTokens({ hub, keys: [KEY], clock: systemClock }).issueClient({ user, groups: [] }, 60)
  return HubClient.start(`ws://127.0.0.1:${server.addresses.web.port}/hubs/${hub}`, token, 'json')
}

describe('a reload', () => {
  test('leaves hubs as they are, and says what the next start will bring, without keys', async () => {
    await using folder = await temporaryFolder()
    await using server = await startWith(folder, `hubs { chat { keys: "${KEY}" } }`)
    const bob = await connect(server, 'chat', 'bob')
    await configure(folder, `hubs { chat { keys: "${KEY}x", max_pending: 1mb }, mail { anonymous: true } }`)
    const lines = await server.reload()
    assert.deepEqual(lines.slice(0, 2), [
      'hubs.chat.keys: [redacted] -> [redacted] (from the next start on)',
      'hubs.chat.maxPendingBytes: 4194304 -> 1048576 (from the next start on)',
    ])
    assert.match(lines[2] ?? '', /^hubs\.mail: none -> \{"keys":"\[redacted\]",.*\} \(from the next start on\)$/)
    assert.equal(lines.length, 3)
    assert.throws(() => server.hub('mail'), /There is no hub "mail"; there are: chat/)
    server.hub('chat').user('bob').send('news')
    assert.equal((await bob.next()).type, 1)
    await connect(server, 'chat', 'eve')
  })

  test('cannot take away the account of a hub that is there', async () => {
    await using folder = await temporaryFolder()
    await using server = await startWith(folder, `${APP}hubs { chat { keys: "${KEY}", account: APP } }`)
    await configure(folder, 'max_payload: 1234')
    for (const dryRun of [true, false]) {
      await assert.rejects(server.reload({ dryRun }), (error) => {
        assert.ok(error instanceof ConfigError)
        assert.equal(
          error.message,
          'hub chat is there until the next start, but there is no account "APP" in accounts {}',
        )
        return true
      })
    }
    assert.notEqual(server.options.nats.maxPayloadBytes, 1234, 'nothing has changed')
  })
})

test('connections of all hubs are counted together', async () => {
  await using folder = await temporaryFolder()
  const conf = `hub { max_connections: 3 }\nhubs { a { keys: "${KEY}" }, b { keys: "${KEY}" } }`
  await using server = await startWith(folder, conf)
  await connect(server, 'a', 'bob')
  await connect(server, 'a', 'eve')
  await connect(server, 'b', 'bob')
  await assert.rejects(connect(server, 'b', 'eve'), /refused/)
  const negotiated = await fetch(`http://127.0.0.1:${server.addresses.web.port}/notifications/hub/negotiate`, {
    method: 'POST',
  })
  assert.equal(negotiated.status, 503)
})

test('what strangers and publishers cause floods no log', async () => {
  await using folder = await temporaryFolder()
  const log: LoggedEvent[] = []
  await using server = await startWith(
    folder,
    `hubs { chat { keys: "${KEY}" } }`,
    recordingLogger((line) => log.push(line)),
  )
  const url = `http://127.0.0.1:${server.addresses.web.port}/hubs/chat/all`
  const statuses = new Set<number>()
  for (let i = 0; i < 150; i++) {
    const response = await fetch(url, { method: 'POST', headers: { Authorization: `Bearer ${i}` }, body: '{}' })
    statuses.add(response.status)
  }
  assert.deepEqual([...statuses], [401])
  assert.equal(log.filter(({ event }) => event === 'hub message refused').length, 100)
})
