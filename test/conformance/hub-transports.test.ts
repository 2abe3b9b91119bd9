/** SignalR's own client over each of its transports, in each of its protocols. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, request as httpRequest, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { HttpTransportType, type HubConnection } from '@microsoft/signalr'
import { ALICE, BOB, type HubServer, startHub } from '../doors/hub/hub-server.ts'
import { until, within } from '../helpers/wait.ts'
import { CutLine } from './cut-line.ts'
import { connectionTo, WAYS, type Way } from './ways.ts'

const HUB = '/notifications/hub'
const AT = new Date('2024-01-02T03:04:05.678Z')

/** A client, and what it was told. */
class Client implements AsyncDisposable {
  readonly connection: HubConnection
  /** Of each event, the folder's id or else the type, in the order they came. */
  readonly heard: string[] = []
  readonly closed: Promise<Error | undefined>

  static async start(url: string, way: Way, token = ALICE): Promise<Client> {
    const client = new Client(url, way, token)
    await within(client.connection.start(), 'the start')
    return client
  }

  constructor(url: string, way: Way, token = ALICE) {
    this.connection = connectionTo(url, way, token).withAutomaticReconnect([0, 20, 100, 500]).build()
    this.connection.on('ReceiveMessage', (event) => {
      const payload = event.Payload ?? event.payload
      this.heard.push(String(payload.Id ?? payload.id ?? event.Type ?? event.type))
    })
    this.closed = new Promise((resolve) => this.connection.onclose(resolve))
  }

  async hears(hub: HubServer, id: string): Promise<void> {
    tell(hub, id)
    await until(() => this.heard.includes(id), `event ${id}`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.connection.stop()
  }
}

function tell(hub: HubServer, id: string): void {
  hub.notifier.folder('SyncFolderUpdate', { id, userId: ALICE, revisionDate: AT }, null)
}

const urlOf = ({ port }: { readonly port: number }) => `http://127.0.0.1:${port}${HUB}`

for (const [name, way] of WAYS) {
  test(`${name}: every event arrives, in order, however fast they come`, async () => {
    await using hub = await startHub()
    await using client = await Client.start(urlOf(hub), way)
    const ids = Array.from({ length: 500 }, (_, i) => `folder ${i} ä€😀\u2028`)
    for (const [i, id] of ids.entries()) {
      tell(hub, id)
      if (i % 7 === 0) await new Promise((resolve) => setImmediate(resolve))
    }
    await until(() => client.heard.length >= ids.length, 'all events')
    assert.deepEqual(client.heard, ids)
  })

  test(`${name}: a call is answered, and a client that stops is gone at once, without an error`, async () => {
    await using hub = await startHub()
    const client = await Client.start(urlOf(hub), way)
    await assert.rejects(client.connection.invoke('X', 'ä'), /Unknown hub method 'X'/)
    await within(client.connection.stop(), 'the stop')
    assert.equal(await client.closed, undefined)
    await within(hub.everyoneGone(), 'the end of the connection')
  })

  test(`${name}: a server that goes away closes without an error, and without waiting for anybody`, async () => {
    await using hub = await startHub()
    const client = await Client.start(urlOf(hub), way)
    const { promise: isReconnecting, resolve } = Promise.withResolvers<Error | undefined>()
    client.connection.onreconnecting(resolve)
    // Whoever does not answer is cut after 2.5 seconds.
    await within(hub.door.close(), 'the end of the door', 2_000)
    assert.equal(await within(isReconnecting, 'the client to notice'), undefined)
    await client.connection.stop()
  })

  test(`${name}: a session that ends is told so and closed for good`, async () => {
    await using hub = await startHub()
    const client = await Client.start(urlOf(hub), way)
    hub.notifier.account('LogOut', ALICE, AT, null)
    assert.equal(await within(client.closed, 'the close'), undefined)
    assert.deepEqual(client.heard, ['11'])
    await within(hub.everyoneGone(), 'the end of the connection')
  })

  test(`${name}: a client whose network fails comes back and hears again`, async () => {
    await using hub = await startHub()
    await using line = await CutLine.to(`http://127.0.0.1:${hub.port}`)
    await using client = await Client.start(line.url + HUB, way)
    for (const id of ['first', 'second']) {
      const { promise: isBack, resolve } = Promise.withResolvers<unknown>()
      client.connection.onreconnected(resolve)
      await client.hears(hub, `before the ${id} cut`)
      line.cut()
      await within(isBack, 'the client to come back')
      await client.hears(hub, `after the ${id} cut`)
    }
  })

  test(`${name}: a token that is not good is refused`, async () => {
    await using hub = await startHub()
    await assert.rejects(new Client(urlOf(hub), way, 'expired').connection.start())
    assert.equal(hub.door.connectionCount, 0)
  })
}

test('clients of all kinds are told the same, and only their own users', async () => {
  await using hub = await startHub()
  await using clients = new AsyncDisposableStack()
  const friends: Client[] = []
  const strangers: Client[] = []
  for (const [, way] of WAYS) {
    friends.push(clients.use(await Client.start(urlOf(hub), way)))
    strangers.push(clients.use(await Client.start(urlOf(hub), way, BOB)))
  }
  tell(hub, 'f1')
  hub.notifier.account('SyncSettings', BOB, AT, null)
  await until(() => [...friends, ...strangers].every(({ heard }) => heard.length > 0), 'the events')
  assert.deepEqual(
    friends.map(({ heard }) => heard),
    WAYS.map(() => ['f1']),
  )
  assert.deepEqual(
    strangers.map(({ heard }) => heard),
    WAYS.map(() => ['10']),
  )
})

test('MessagePack does not go over Server-Sent Events, as the negotiation says', async () => {
  await using hub = await startHub()
  const { connection } = new Client(urlOf(hub), {
    transport: HttpTransportType.ServerSentEvents,
    protocol: 'messagepack',
  })
  await assert.rejects(connection.start(), /'ServerSentEvents' does not support Binary/)
})

/** A proxy that knows no upgrades, as those of some companies; it keeps what it was asked for. */
async function startOldProxy(to: HubServer) {
  const asked: IncomingMessage[] = []
  const proxy = createServer((request, response) => {
    asked.push(request)
    const { method, url, headers } = request
    const onward = httpRequest({ host: '127.0.0.1', port: to.port, method, path: url, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      response.flushHeaders()
      answer.pipe(response)
    })
    onward.on('error', () => response.destroy())
    response.on('close', () => onward.destroy())
    request.pipe(onward)
  })
  proxy.on('upgrade', (_request, socket) => socket.end('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n'))
  proxy.listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  return {
    port: (proxy.address() as AddressInfo).port,
    asked,
    async [Symbol.asyncDispose]() {
      proxy.closeAllConnections()
      proxy.close()
      await once(proxy, 'close')
    },
  }
}

const isStream = ({ headers }: IncomingMessage) => headers.accept?.includes('text/event-stream') ?? false
const isPoll = (request: IncomingMessage) => request.method === 'GET' && !isStream(request)

test('where WebSockets are blocked, JSON falls back to Server-Sent Events and MessagePack to long polling', async () => {
  await using hub = await startHub()
  await using proxy = await startOldProxy(hub)
  {
    await using client = await Client.start(urlOf(proxy), { protocol: 'json' })
    await client.hears(hub, 'f1')
    assert.ok(proxy.asked.some(isStream) && !proxy.asked.some(isPoll))
  }
  proxy.asked.length = 0
  {
    await using client = await Client.start(urlOf(proxy), { protocol: 'messagepack' })
    await client.hears(hub, 'f2')
    assert.ok(proxy.asked.some(isPoll) && !proxy.asked.some(isStream))
  }
})

test('a client that others of its user push out is told why, and does not come back by itself', async () => {
  for (const [name, way] of WAYS) {
    await using hub = await startHub({ maxConnectionsPerUser: 1 })
    await using client = await Client.start(urlOf(hub), way)
    client.connection.onreconnecting(() => assert.fail(`${name}: it comes back`))
    const socket = new WebSocket(`ws://127.0.0.1:${hub.port}${HUB}?access_token=${ALICE}`)
    const error = await within(client.closed, `${name}: the close`)
    assert.match(error?.message ?? '', /Too many connections of this user\./, name)
    socket.close()
  }
})

test('the log has neither tokens nor ids of connections', async () => {
  await using hub = await startHub()
  for (const [, way] of WAYS) {
    await using client = await Client.start(urlOf(hub), way, `${ALICE}/topsecret`)
    await client.hears(hub, 'f1')
  }
  const log = hub.log.join('\n')
  assert.equal(log.match(/hub connection opened/g)?.length, WAYS.length)
  assert.doesNotMatch(log, /access_token|[?&]id=|111\/topsecret|negotiate/)
})
