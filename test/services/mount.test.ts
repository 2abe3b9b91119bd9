/** NATS over WebSocket on HTTP servers of others: beside their routes, under their paths, on their streams. */
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import http, { type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Duplex, duplexPair } from 'node:stream'
import { test } from 'node:test'
import { silentLogger } from '#kit'
import type { UpgradeHandler } from '#net'
import { type Server, startServer } from '#server'
import { connectTcp, connectWebSocket, WebSocket, WebSocketServer } from '../conformance/nats-clients.ts'
import { ask, statusOf, WireClient } from '../doors/nats/websocket-table/wire-client.ts'
import { type TemporaryFolder, temporaryFolder } from '../helpers/temp.ts'
import { once, until, within } from '../helpers/wait.ts'
import { type Address, RawSocket } from '../net/raw-socket.ts'
import { upgradeRequest } from '../net/raw-websocket.ts'

interface Belfry extends AsyncDisposable {
  readonly server: Server
  readonly folder: TemporaryFolder
  /** Puts `configText` in the file's place and has it read. */
  reload(configText: string): Promise<readonly string[]>
}

async function startBelfry(configText = ''): Promise<Belfry> {
  await using cleanup = new AsyncDisposableStack()
  const folder = cleanup.use(await temporaryFolder())
  const write = (text: string) => writeFile(folder.join('belfry.conf'), `listen: "127.0.0.1:-1"\n${text}`)
  await write(configText)
  const anyPort = { host: '127.0.0.1', port: 0 }
  const overrides = { web: { ...anyPort, https: anyPort }, vault: { dataFolder: folder.join('data') } }
  const sources = { configFile: 'belfry.conf', cwd: folder.path, logger: silentLogger }
  const server = cleanup.use(await startServer(overrides, sources))
  const kept = cleanup.move()
  return {
    server,
    folder,
    reload: async (text) => {
      await write(text)
      return server.reload()
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}

/** Somebody's application: a page, and upgrades as `onUpgrade` has them. */
async function startApplication(onUpgrade: UpgradeHandler): Promise<Address & AsyncDisposable> {
  const application = http.createServer((request, response) => response.end(`page ${request.url}`))
  application.on('upgrade', onUpgrade)
  application.listen(0, '127.0.0.1')
  await once(application, 'listening')
  const { port } = application.address() as AddressInfo
  return {
    host: '127.0.0.1',
    port,
    async [Symbol.asyncDispose]() {
      application.close()
      application.closeAllConnections()
      await once(application, 'close')
    },
  }
}

test('beside the routes of an application, and beside a WebSocket server of its own', async () => {
  await using belfry = await startBelfry()
  const nats = await belfry.server.natsUpgradeHandler({ path: '/events' })
  const echo = new WebSocketServer({ noServer: true })
  await using application = await startApplication((request, socket, head) => {
    if (request.url?.startsWith('/events')) nats(request, socket, head)
    else {
      echo.handleUpgrade(request, socket, head, (client) => client.on('message', (data) => client.send(data)))
    }
  })
  const { port } = application

  const browser = await connectWebSocket(`ws://127.0.0.1:${port}/events`)
  const service = await connectTcp(`nats://127.0.0.1:${belfry.server.addresses.nats.port}`)
  const subscription = browser.subscribe('news')
  await browser.flush()
  service.publish('news', 'from the other side')
  for await (const message of subscription) {
    assert.equal(message.string(), 'from the other side')
    break
  }

  const other = new WebSocket(`ws://127.0.0.1:${port}/chat`)
  await once(other, 'open')
  other.send('hello')
  assert.equal(String((await once(other, 'message'))[0]), 'hello')
  other.terminate()
  assert.equal(await (await fetch(`http://127.0.0.1:${port}/events`)).text(), 'page /events')
  await browser.close()
  await service.close()
})

test('its rules are those of a block: path, origins, headers, compression, login', async () => {
  await using belfry = await startBelfry()
  const nats = await belfry.server.natsUpgradeHandler({
    path: '/events',
    allowedOrigins: ['https://*.example.com'],
    headers: [['X-Served-By', 'belfry']],
    compression: true,
    user: 'page',
    password: 'secret',
    userCookie: 'u',
    passwordCookie: 'p',
  })
  await using application = await startApplication(nats)
  const good = { path: '/events', headers: { Origin: 'https://a.example.com' } }
  assert.equal(await statusOf(application, { ...good, path: '/' }), 404)
  assert.equal(await statusOf(application, { ...good, path: 'http://localhost/events' }), 101)
  assert.equal(await statusOf(application, { ...good, headers: { Origin: 'https://example.org' } }), 403)
  const headers = { ...good.headers, 'Sec-WebSocket-Extensions': 'permessage-deflate', Cookie: 'u=page; p=secret' }
  const answer = await ask(application, { ...good, headers })
  assert.equal(answer.headers['x-served-by'], 'belfry')
  assert.match(answer.headers['sec-websocket-extensions'] ?? '', /permessage-deflate/)
  answer.raw.destroy()
  const refused = await WireClient.connect(application, good)
  refused.say('CONNECT {}\r\n')
  assert.deepEqual(await refused.ended(), { code: 1008, reason: 'Authentication Failure' })
  using client = await WireClient.connect(application, { ...good, headers })
  client.say('CONNECT {"verbose":false}\r\n')
  await client.untilPong()
  await assert.rejects(belfry.server.natsUpgradeHandler({ allowedOrigins: ['nonsense'] }), { code: 'CONFIG' })
})

test('INFO names where the request came in; the client behind a trusted proxy is who it is for', async () => {
  await using belfry = await startBelfry()
  await using application = await startApplication(
    await belfry.server.natsUpgradeHandler({ trustedProxies: 'local', sameOrigin: true }),
  )
  const headers = {
    'X-Forwarded-For': '203.0.113.9, 8.8.8.8, 10.0.0.1',
    'X-Forwarded-Proto': 'https',
    'X-Forwarded-Host': 'app.example.com',
    Origin: 'https://app.example.com',
  }
  using client = await WireClient.connect(application, { headers })
  assert.deepEqual(
    [client.info.client_ip, client.info.host, client.info.port, client.info.tls_required],
    ['8.8.8.8', '127.0.0.1', application.port, undefined],
  )
  assert.equal(await statusOf(application, { headers: { ...headers, 'X-Forwarded-Proto': 'http' } }), 403)
})

test('limits by address count those who are there, and not those who have gone', async () => {
  await using belfry = await startBelfry()
  const nats = await belfry.server.natsUpgradeHandler({ maxConnectionsPerAddress: 1 })
  const [arrived, gone] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  await using application = await startApplication((request, socket, head) => {
    if (request.url !== '/late') return nats(request, socket, head)
    // Whoever looks a user up before the upgrade may find the client gone.
    arrived.resolve()
    socket.on('error', () => {}).on('end', () => socket.destroy())
    socket.once('close', () => {
      nats(request, socket, head)
      gone.resolve()
    })
    socket.resume()
  })
  const late = await RawSocket.connect(application)
  late.write(upgradeRequest({}, 'GET /late HTTP/1.1'))
  await within(arrived.promise, 'the request')
  late.destroy()
  await within(gone.promise, 'the end of it')
  {
    using _first = await WireClient.ready(application)
    assert.equal(await statusOf(application), 429)
  }
  await until(async () => (await statusOf(application)) === 101, 'room for another')
})

test('on a stream that is no socket', async () => {
  await using belfry = await startBelfry()
  const nats = await belfry.server.natsUpgradeHandler()
  const [ours, theirs] = duplexPair()
  const request = {
    method: 'GET',
    url: '/',
    headers: {
      upgrade: 'websocket',
      connection: 'Upgrade',
      'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
      'sec-websocket-version': '13',
      host: 'x',
    },
    headersDistinct: {},
    socket: theirs,
  }
  nats(request as unknown as IncomingMessage, theirs, Buffer.alloc(0))
  const greeting = await heard(ours, / \r\n/)
  assert.match(greeting, /^HTTP\/1\.1 101 .*INFO \{.*"host":"","port":0,/s)
  ours.destroy()
})

async function heard(stream: Duplex, pattern: RegExp): Promise<string> {
  let text = ''
  for await (const chunk of stream.iterator({ destroyOnReturn: false })) {
    text += (chunk as Buffer).toString('latin1')
    if (pattern.test(text)) break
  }
  return text
}

test('a reload reaches them: the login of the server, and its limits', async () => {
  await using belfry = await startBelfry('authorization { user: u, password: one }\n')
  await using application = await startApplication(await belfry.server.natsUpgradeHandler())
  const login = async (password: string) => {
    const client = await WireClient.connect(application)
    client.say(`CONNECT {"verbose":false,"user":"u","pass":"${password}","name":"page"}\r\n`)
    return client
  }
  using client = await login('one')
  await client.untilPong()
  const lines = await belfry.reload('authorization { user: u, password: two }\n')
  assert.deepEqual(
    lines.map((line) => line.replace(/127\.0\.0\.1:\d+/, 'A')),
    [
      'nats.authorization.password: [redacted] -> [redacted]',
      'closed connection 1 of A "page": Authentication Failure',
    ],
  )
  assert.deepEqual(await client.ended(), { code: 1008, reason: 'Authentication Failure' })
  using newcomer = await login('two')
  await newcomer.untilPong()
  using outdated = await login('one')
  assert.deepEqual(await outdated.ended(), { code: 1008, reason: 'Authentication Failure' })
})

test('handleUpgrade serves the paths of the web listener', async () => {
  await using belfry = await startBelfry('web { nats: all }\n')
  await using application = await startApplication(belfry.server.handleUpgrade)
  using client = await WireClient.connect(application, { path: '/nats' })
  assert.equal(client.info.port, application.port)
  assert.equal(await statusOf(application, { path: '/elsewhere' }), 404)
})

test('who comes after the server has closed is told to go, and who was there is gone', async () => {
  const belfry = await startBelfry()
  await using application = await startApplication(await belfry.server.natsUpgradeHandler())
  using client = await WireClient.ready(application)
  await belfry[Symbol.asyncDispose]()
  assert.deepEqual(await client.ended(), { code: 1001, reason: 'Server Shutdown' })
  using late = await WireClient.connect(application)
  assert.deepEqual(await late.ended(), { code: 1001, reason: 'Server Shutdown' })
})

test('what a reload cannot change is said to wait, and dryRun changes nothing', async () => {
  await using belfry = await startBelfry('web { nats: local }\nmax_payload: 1MB\n')
  await writeFile(belfry.folder.join('belfry.conf'), 'listen: "127.0.0.1:-1"\nweb { nats: off }\nmax_payload: 2MB\n')
  const lines = ['nats.maxPayloadBytes: 1048576 -> 2097152', 'web.nats: "local" -> "off" (from the next start on)']
  assert.deepEqual(await belfry.server.reload({ dryRun: true }), lines)
  assert.equal(belfry.server.options.nats.maxPayloadBytes, 1_048_576)
  assert.deepEqual(await belfry.server.reload(), lines)
  const { nats, web } = belfry.server.options
  assert.deepEqual([nats.maxPayloadBytes, web.nats], [2_097_152, 'local'])
})
