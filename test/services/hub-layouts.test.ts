/** Where the notification hub is: on the web port, on its port of 2020 as well, or nowhere. */
import assert from 'node:assert/strict'
import { get } from 'node:http'
import { createServer } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { NotificationType } from '#notify'
import { HubClient } from '../doors/hub/hub-client.ts'
import { login, register, type TestDevice } from '../helpers/account.ts'
import { type LoggedEvent, recordingLogger } from '../helpers/recording-logger.ts'
import { startTestServer, type TestServer } from '../helpers/server.ts'
import { once, within } from '../helpers/wait.ts'
import { freePorts } from './free-ports.ts'

const ANY_PORT = { host: '127.0.0.1', port: 0 }
const REQUEST = '55555555-5555-4555-8555-555555555555'

async function signIn(server: string): Promise<TestDevice> {
  const email = 'alice@example.com'
  await register({ server, email })
  return login({ server, email })
}

/** Fails unless the client hears of a change that is made now; it may have to be told first that it missed something. */
async function assertHears(client: HubClient, device: TestDevice): Promise<void> {
  await device.post('/api/folders', { name: device.encrypt('F') })
  const types = [(await client.nextNotification()).Type]
  if (types[0] === NotificationType.SyncVault) types.push((await client.nextNotification()).Type)
  assert.equal(types.at(-1), NotificationType.SyncFolderCreate)
}

/** The status of a request, as an upgrade or not; 101 when it became a WebSocket. */
function statusOf(url: string, { upgrade }: { upgrade: boolean }): Promise<number> {
  const headers = {
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
  }
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  const request = get(url, upgrade ? { headers, agent: false } : { agent: false })
  request.on('error', reject)
  request.on('upgrade', (_, socket) => {
    socket.destroy()
    resolve(101)
  })
  request.on('response', (response) => {
    response.resume()
    resolve(response.statusCode ?? 0)
  })
  return within(promise, 'the answer')
}

const hubLines = (log: readonly LoggedEvent[]) => log.filter(({ event }) => event.startsWith('notification hub'))

describe('the hub on its port of 2020 as well', () => {
  const log: LoggedEvent[] = []
  let server: TestServer
  let device: TestDevice
  let oldUrl: string
  before(async () => {
    server = await startTestServer(
      { oldHub: { enabled: true, ...ANY_PORT } },
      recordingLogger((line) => log.push(line)),
    )
    device = await signIn(server.webUrl)
    oldUrl = `http://127.0.0.1:${server.server.addresses.oldHub?.port}`
  })
  after(() => server.close())

  for (const path of ['/notifications/hub', '/', '/hub', '/some/where/else', '/notifications/hub/']) {
    test(`users are served at ${path}`, async () => {
      const client = await HubClient.start(oldUrl.replace('http', 'ws') + path, device.accessToken)
      await assertHears(client, device)
      await client.close()
    })
  }

  for (const path of ['/notifications/anonymous-hub', '/anonymous-hub', '/some/where/anonymous-hub/']) {
    test(`strangers are served at ${path}, and only there`, async () => {
      const url = `${oldUrl}${path}?Token=${REQUEST}`
      assert.equal(await statusOf(url, { upgrade: true }), 101)
      assert.equal(await statusOf(`${oldUrl}/notifications/hub?Token=${REQUEST}`, { upgrade: true }), 401)
      const response = await fetch(`${oldUrl}${path}/negotiate?Token=${REQUEST}`, { method: 'POST' })
      assert.equal(response.status, 200)
    })
  }

  test('negotiate answers on both ports, and either port takes the connection', async () => {
    const headers = { Authorization: `Bearer ${device.accessToken}` }
    const ports = [oldUrl, server.webUrl]
    for (const negotiatedAt of ports) {
      for (const connectedAt of ports) {
        const url = `${negotiatedAt}/notifications/hub/negotiate?negotiateVersion=1`
        const response = await fetch(url, { method: 'POST', headers })
        const { connectionToken } = (await response.json()) as { connectionToken: string }
        const hub = `${connectedAt.replace('http', 'ws')}/notifications/hub?id=${connectionToken}`
        const client = await HubClient.start(hub, device.accessToken)
        await assertHears(client, device)
        await client.close()
      }
    }
  })

  test('nothing else of the server is there', async () => {
    for (const path of ['/alive', '/api/config', '/']) {
      assert.equal(await statusOf(oldUrl + path, { upgrade: false }), 400)
    }
  })

  test('one line says that it is no longer needed, and what to do', () => {
    const [line, ...more] = hubLines(log)
    assert.equal(line?.level, 'warn')
    assert.match(line.event, /no longer needed/)
    assert.match(String(line.fields.instead), /web port.*drop WEBSOCKET_ENABLED/)
    assert.equal(line.fields.port, server.server.addresses.oldHub?.port)
    assert.deepEqual(more, [])
  })
})

test('a taken port of 2020 is a warning: the server starts, with the hub on the web port', async () => {
  const squatter = createServer().listen(0, '127.0.0.1')
  await once(squatter, 'listening')
  const { port } = squatter.address() as { port: number }
  const log: LoggedEvent[] = []
  await using server = await startTestServer(
    { oldHub: { enabled: true, host: '127.0.0.1', port } },
    recordingLogger((line) => log.push(line)),
  )
  assert.equal(server.server.addresses.oldHub, undefined)
  const [line, ...more] = hubLines(log)
  assert.equal(line?.level, 'warn')
  assert.equal(line.fields.reason, `Cannot bind "127.0.0.1:${port}": address in use`)
  assert.deepEqual(more, [])
  assert.equal(await statusOf(`${server.webUrl}/notifications/hub`, { upgrade: true }), 401)
  squatter.close()
})

test('WEBSOCKET_PORT alone does nothing', async () => {
  const [port] = (await freePorts(1)) as [number]
  const log: LoggedEvent[] = []
  await using server = await startTestServer(
    { oldHub: { host: '127.0.0.1', port } },
    recordingLogger((line) => log.push(line)),
  )
  assert.equal(server.server.addresses.oldHub, undefined)
  await assert.rejects(statusOf(`http://127.0.0.1:${port}/notifications/hub`, { upgrade: true }), /ECONNREFUSED/)
  assert.deepEqual(hubLines(log), [])
})

describe('the hub switched off', () => {
  for (const [oldPort, level, words] of [
    [false, 'info', /is off$/],
    [true, 'warn', /is off, so WEBSOCKET_ENABLED=true has no effect/],
  ] as const) {
    test(`${oldPort ? 'with' : 'without'} WEBSOCKET_ENABLED: 404 everywhere, and one line that says so`, async () => {
      const log: LoggedEvent[] = []
      const oldHub = { enabled: oldPort, ...ANY_PORT }
      await using server = await startTestServer(
        { web: { servesHub: false }, oldHub },
        recordingLogger((line) => log.push(line)),
      )
      for (const path of ['hub', 'anonymous-hub', 'hub/negotiate', 'anonymous-hub/negotiate']) {
        const url = `${server.webUrl}/notifications/${path}?Token=${REQUEST}`
        assert.equal(await statusOf(url, { upgrade: true }), 404)
        assert.equal(await statusOf(url, { upgrade: false }), 404)
        assert.equal((await fetch(url, { method: 'POST' })).status, 404)
      }
      assert.equal(server.server.addresses.oldHub, undefined)
      const [line, ...more] = hubLines(log)
      assert.equal(line?.level, level)
      assert.match(line.event, words)
      assert.deepEqual(more, [])
      // The vault works without it.
      const device = await signIn(server.webUrl)
      assert.equal((await device.post('/api/folders', { name: device.encrypt('F') })).status, 200)
    })
  }
})

test('with a path in DOMAIN the hubs are below it, and nowhere else', async () => {
  await using server = await startTestServer({ vault: { domain: 'https://vault.example.com/some/vault' } })
  const device = await signIn(`${server.webUrl}/some/vault`)
  const url = `${server.webUrl.replace('http', 'ws')}/some/vault/notifications`
  const client = await HubClient.start(`${url}/hub`, device.accessToken)
  await assertHears(client, device)
  await client.close()
  const anonymous = '/notifications/anonymous-hub?Token='
  assert.equal(await statusOf(`${server.webUrl}/some/vault${anonymous}${REQUEST}`, { upgrade: true }), 101)
  assert.equal(await statusOf(`${server.webUrl}${anonymous}${REQUEST}`, { upgrade: true }), 404)
  assert.equal(await statusOf(`${server.webUrl}/notifications/hub`, { upgrade: true }), 404)
})
