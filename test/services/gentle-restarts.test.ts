/** A server that stops or restarts while devices listen: they leave one after the other, nothing is lost, and all come back. */
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import http, { type IncomingMessage } from 'node:http'
import path from 'node:path'
import { test } from 'node:test'
import { silentLogger } from '#kit'
import { NotificationType } from '#notify'
import { type Server, startServer } from '#server'
import { HubMessageType } from '#wire/signalr'
import { connectTcp } from '../conformance/nats-clients.ts'
import { HubClient } from '../doors/hub/hub-client.ts'
import { RawDevice } from '../doors/hub/raw-device.ts'
import { login, register, type TestDevice } from '../helpers/account.ts'
import { startProgram } from '../helpers/processes.ts'
import { type TemporaryFolder, temporaryFolder } from '../helpers/temp.ts'
import { once, until, within } from '../helpers/wait.ts'
import { freePorts } from './free-ports.ts'

const BELFRY = path.resolve(import.meta.dirname, '../../bin/belfry')

const FAREWELL = { type: HubMessageType.Close, error: null, allowReconnect: true }

type Overrides = NonNullable<Parameters<typeof startServer>[0]>

interface World extends AsyncDisposable {
  readonly server: Server
  readonly webUrl: string
  readonly hubUrl: string
  readonly port: number
}

/** On the same data as the one before it in that folder. */
async function start(folder: TemporaryFolder, { hub, nats, port = 0 }: Overrides & { port?: number }): Promise<World> {
  const server = await startServer(
    {
      nats: { host: '127.0.0.1', port: 0, ...nats },
      web: { host: '127.0.0.1', port, https: false },
      vault: { dataFolder: folder.path, passwordIterations: 100_000, loginRatelimitMaxBurst: 1000 },
      hub,
    },
    { logger: silentLogger },
  )
  const webUrl = `http://127.0.0.1:${server.addresses.web.port}`
  return {
    server,
    webUrl,
    hubUrl: `${webUrl.replace('http', 'ws')}/notifications/hub`,
    port: server.addresses.web.port,
    [Symbol.asyncDispose]: () => server.close(),
  }
}

async function signIn({ webUrl: server }: World): Promise<TestDevice> {
  await register({ server, email: 'alice@example.com' })
  return login({ server, email: 'alice@example.com' })
}

const createFolder = (device: TestDevice) => device.post('/api/folders', { name: device.encrypt('F') })

async function refusal(hubUrl: string, token: string): Promise<number | undefined> {
  const request = http.get(`${hubUrl.replace('ws', 'http')}?access_token=${token}`, {
    headers: {
      Connection: 'Upgrade',
      Upgrade: 'websocket',
      'Sec-WebSocket-Version': '13',
      'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
    },
  })
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  response.resume()
  return response.statusCode
}

test('while devices leave, requests are served, and what they change is told to those who are there', async () => {
  await using folder = await temporaryFolder()
  await using world = await start(folder, { hub: { drainWindowMs: 1_000 } })
  const device = await signIn(world)
  const first = await HubClient.start(world.hubUrl, device.accessToken)
  const second = await HubClient.start(world.hubUrl, device.accessToken)
  const closed = world.server.close()
  assert.deepEqual(await first.next(), FAREWELL)
  assert.equal(await refusal(world.hubUrl, device.accessToken), 503)
  assert.equal((await createFolder(device)).status, 200)
  assert.equal((await second.nextNotification()).Type, NotificationType.SyncFolderCreate)
  assert.deepEqual(await second.next(), FAREWELL)
  await within(closed, 'the end')
  await assert.rejects(fetch(`${world.webUrl}/alive`))
})

test('a request that outlasts the last device is answered, and what it changed is made up for when the device is back', async () => {
  await using folder = await temporaryFolder()
  await using world = await start(folder, { hub: { drainWindowMs: 100 } })
  const device = await signIn(world)
  const before = await HubClient.start(world.hubUrl, device.accessToken)
  await createFolder(device)
  assert.equal((await before.nextNotification()).Type, NotificationType.SyncFolderCreate)

  const body = JSON.stringify({ name: device.encrypt('F') })
  const request = http.request(`${world.webUrl}/api/folders`, {
    method: 'POST',
    headers: {
      Authorization: `Bearer ${device.accessToken}`,
      'Content-Type': 'application/json',
      'Content-Length': body.length,
      Expect: '100-continue',
    },
  })
  request.flushHeaders()
  await once(request, 'continue')
  request.write(body.slice(0, 10))
  const closed = world.server.close()
  await within(before.closed, 'the farewell')
  await until(
    () =>
      fetch(`${world.webUrl}/alive`).then(
        () => false,
        () => true,
      ),
    'the end of listening',
  )
  request.end(body.slice(10))
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  assert.equal(response.statusCode, 200)
  response.resume()
  await within(closed, 'the end')

  await using again = await start(folder, { hub: { drainWindowMs: 0 }, port: world.port })
  const after = await HubClient.start(again.hubUrl, device.accessToken)
  assert.equal((await after.nextNotification()).Type, NotificationType.SyncVault)
})

test('where no device is, nobody waits for the window', async () => {
  await using folder = await temporaryFolder()
  await using world = await start(folder, { hub: { drainWindowMs: 600_000 } })
  await within(world.server.close(), 'the end')
})

test('a device that does not answer holds nobody up: the end comes three seconds after the window at the latest', async () => {
  await using folder = await temporaryFolder()
  await using world = await start(folder, { hub: { drainWindowMs: 200 } })
  const device = await signIn(world)
  const deaf = await RawDevice.start(world.port, device.accessToken)
  deaf.stopReading()
  await within(world.server.close(), 'the end', 200 + 3_000 + 500)
  deaf.destroy()
})

test('a lame duck lets devices go over its duration, with its NATS clients; the vault works on, and an end hastens it', async () => {
  await using folder = await temporaryFolder()
  const nats = { lameDuckDurationMs: 600_000, lameDuckGraceMs: 300_000 }
  await using world = await start(folder, { nats, hub: { drainWindowMs: 200 } })
  const device = await signIn(world)
  const first = await HubClient.start(world.hubUrl, device.accessToken)
  const second = await HubClient.start(world.hubUrl, device.accessToken)
  const { port } = world.server.addresses.nats
  const client = await connectTcp(`nats://127.0.0.1:${port}`, { reconnect: false })
  await client.flush()

  const gone = world.server.lameDuck()
  assert.deepEqual(await first.next(), FAREWELL)
  assert.equal(await refusal(world.hubUrl, device.accessToken), 503)
  await assert.rejects(connectTcp(`nats://127.0.0.1:${port}`, { reconnect: false }))
  assert.equal((await createFolder(device)).status, 200)
  assert.equal((await second.nextNotification()).Type, NotificationType.SyncFolderCreate)
  await client.flush()

  const closed = world.server.close()
  assert.deepEqual(await second.next(), FAREWELL)
  await within(Promise.all([gone, closed, client.closed()]), 'the end of both')
})

test('after a restart 500 devices come back in the same moment, and all are let in and hear', async () => {
  const count = 500
  const hub = { drainWindowMs: 500, maxConnectionsPerUser: count }
  await using folder = await temporaryFolder()
  await using world = await start(folder, { hub })
  const device = await signIn(world)
  const connect = ({ hubUrl }: World) =>
    Promise.all(Array.from({ length: count }, () => HubClient.start(hubUrl, device.accessToken)))
  const before = await connect(world)
  const closed = world.server.close()
  for (const client of before) assert.deepEqual(await client.next(), FAREWELL)
  await within(closed, 'the end')

  await using again = await start(folder, { hub, port: world.port })
  const back = await connect(again)
  await createFolder(device)
  for (const client of back) assert.equal((await client.nextNotification()).Type, NotificationType.SyncFolderCreate)
})

/** `belfry serve` with a device that is signed in and two connections to the hub. */
async function serve(folder: TemporaryFolder, settings: string) {
  const [port] = (await freePorts(1)) as [number]
  const web = `web { listen: "127.0.0.1:${port}", https: false }\n`
  await writeFile(folder.join('belfry.conf'), `listen: "127.0.0.1:-1"\n${web}${settings}`)
  const program = await startProgram({
    command: BELFRY,
    args: ['-c', 'belfry.conf'],
    cwd: folder.path,
    env: { LOG_LEVEL: 'warn' },
    ready: /Stop with Ctrl-C/,
  })
  const server = `http://127.0.0.1:${port}`
  await register({ server, email: 'alice@example.com' })
  const { accessToken } = await login({ server, email: 'alice@example.com' })
  const url = `ws://127.0.0.1:${port}/notifications/hub`
  return { program, clients: [await HubClient.start(url, accessToken), await HubClient.start(url, accessToken)] }
}

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  test(`${signal}: devices leave one after the other, told that they may come back, and the process ends`, async () => {
    await using folder = await temporaryFolder()
    const { program, clients } = await serve(folder, 'hub { drain_window: "500ms" }\n')
    await using _ = program
    program.child.kill(signal)
    for (const client of clients) assert.deepEqual(await client.next(), FAREWELL)
    assert.deepEqual(await within(program.exited, 'the end'), { code: 0, signal: null })
  })
}

test('SIGUSR2: devices leave slowly, and quickly when SIGTERM follows', async () => {
  await using folder = await temporaryFolder()
  const { program, clients } = await serve(folder, 'hub { drain_window: "500ms" }\n')
  await using _ = program
  program.child.kill('SIGUSR2')
  assert.deepEqual(await clients[0]!.next(), FAREWELL)
  program.child.kill('SIGTERM')
  assert.deepEqual(await clients[1]!.next(), FAREWELL)
  assert.deepEqual(await within(program.exited, 'the end'), { code: 0, signal: null })
})

test('a second signal ends the process at once, although devices are still there', async () => {
  await using folder = await temporaryFolder()
  const { program, clients } = await serve(folder, 'hub { drain_window: "10m" }\n')
  await using _ = program
  program.child.kill('SIGTERM')
  assert.deepEqual(await clients[0]!.next(), FAREWELL)
  program.child.kill('SIGTERM')
  assert.deepEqual(await within(program.exited, 'the end'), { code: 1, signal: null })
})
