import assert from 'node:assert/strict'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, test } from 'node:test'
import { silentLogger } from '#kit'
import { type Arrival, concludeClient, PROBE_HEADER, Probe, peerClass, STREAM_MS } from '#net'
import { Opcode } from '#wire/websocket'
import { FakeClock } from '../../helpers/fake-clock.ts'
import { once, until } from '../../helpers/wait.ts'
import { RawSocket } from '../raw-socket.ts'
import { RawWebSocket, upgradeRequest } from '../raw-websocket.ts'

interface ProbedServer extends AsyncDisposable {
  readonly url: string
  readonly address: { readonly host: string; readonly port: number }
  readonly clock: FakeClock
  readonly probe: Probe
  /** Requests that were none for the probe. */
  readonly others: string[]
}

async function startProbedServer(): Promise<ProbedServer> {
  const clock = new FakeClock()
  const probe = new Probe({ clock, logger: silentLogger })
  const listener = probe.at(concludeClient({ header: 'X-Real-IP', trustedProxies: 'local' }))
  const others: string[] = []
  const server = http.createServer((request, response) => {
    if (listener.takeRequest(request, response)) return
    others.push(request.url ?? '')
    response.end('owner')
  })
  server.on('upgrade', (request, socket, head) => {
    if (listener.takeUpgrade(request, socket, head)) return
    others.push(`upgrade ${request.url}`)
    socket.destroy()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    address: { host: '127.0.0.1', port },
    clock,
    probe,
    others,
    async [Symbol.asyncDispose]() {
      probe.close()
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

async function arrivalOf(response: Response): Promise<Arrival> {
  assert.equal(response.headers.get(PROBE_HEADER), '1')
  return (await response.json()) as Arrival
}

describe('what arrived', () => {
  test('is told of a request, without what its sender keeps to itself', async () => {
    await using server = await startProbedServer()
    const response = await fetch(`${server.url}/notifications/hub?access_token=secret`, {
      headers: {
        [PROBE_HEADER]: 'headers',
        Authorization: 'Bearer secret',
        Cookie: 'session=secret',
        'X-Real-IP': '198.51.100.7',
        'X-Forwarded-For': '198.51.100.8, 198.51.100.9',
        'X-Forwarded-Proto': 'https',
      },
    })
    const text = await response.clone().text()
    assert.ok(!text.includes('secret'))
    assert.equal(response.headers.get('cache-control'), 'no-store')
    const { peer, headers, ...arrival } = await arrivalOf(response)
    assert.deepEqual(arrival, {
      method: 'GET',
      path: '/notifications/hub',
      httpVersion: '1.1',
      isUpgrade: false,
      isTls: false,
      hasWebSocketKey: false,
      namesAreLowerCase: false,
      client: { address: '198.51.100.7', header: 'X-Real-IP', why: 'believed' },
    })
    assert.deepEqual(headers, {
      host: server.url.slice('http://'.length),
      connection: 'keep-alive',
      'x-real-ip': '198.51.100.7',
      'x-forwarded-for': '198.51.100.8, 198.51.100.9',
      'x-forwarded-proto': 'https',
    })
    assert.equal(peer.class, 'loopback')
    assert.deepEqual(server.others, [])
  })

  test('is told of an upgrade as well, by an answer that is none', async () => {
    await using server = await startProbedServer()
    const raw = await RawSocket.connect(server.address)
    raw.write(upgradeRequest({ [PROBE_HEADER]: 'headers', Host: 'vault.example.com', Origin: 'https://a.example' }))
    const [head = '', body = ''] = (await raw.readToEnd()).split('\r\n\r\n')
    assert.match(head, /^HTTP\/1\.1 200 OK\r\n/)
    const { isUpgrade, hasWebSocketKey, headers, peer, client } = JSON.parse(body) as Arrival
    assert.deepEqual([isUpgrade, hasWebSocketKey], [true, true])
    assert.deepEqual(headers, {
      host: 'vault.example.com',
      upgrade: 'websocket',
      connection: 'Upgrade',
      origin: 'https://a.example',
      'sec-websocket-version': '13',
    })
    assert.equal(peer.port, raw.socket.localPort)
    assert.deepEqual(client, { address: '127.0.0.1', header: 'X-Real-IP', why: 'absent' })
    raw.destroy()
  })

  test('says so when every name of a header came in lower case, and by HTTP/1.0', async () => {
    await using server = await startProbedServer()
    const raw = await RawSocket.connect(server.address)
    raw.write('GET /a HTTP/1.0\r\nhost: x\r\nbelfry-probe: headers\r\n\r\n')
    const arrival = JSON.parse((await raw.readToEnd()).split('\r\n\r\n')[1] ?? '') as Arrival
    assert.deepEqual([arrival.namesAreLowerCase, arrival.httpVersion], [true, '1.0'])
    raw.destroy()
  })

  test('is cut where a header is long', async () => {
    await using server = await startProbedServer()
    const headers = { [PROBE_HEADER]: 'headers', Via: 'x'.repeat(5000) }
    assert.equal((await arrivalOf(await fetch(server.url, { headers }))).headers.via?.length, 256)
  })
})

test('requests without the header, and those by another, are left to who owns the path', async () => {
  await using server = await startProbedServer()
  assert.equal(await (await fetch(`${server.url}/a`)).text(), 'owner')
  assert.equal((await fetch(`${server.url}/b`, { headers: { [PROBE_HEADER]: 'nonsense' } })).status, 400)
  assert.equal(
    (await fetch(`${server.url}/c`, { method: 'POST', headers: { [PROBE_HEADER]: 'headers' }, body: 'x' })).status,
    405,
  )
  const raw = await RawSocket.connect(server.address)
  raw.write(upgradeRequest({}, 'GET /d HTTP/1.1'))
  await raw.readToEnd()
  raw.destroy()
  assert.deepEqual(server.others, ['/a', 'upgrade /d'])
})

describe('the WebSocket of the probe', () => {
  const headers = { [PROBE_HEADER]: 'websocket' }

  test('sends back what it gets, text as text, and says nothing by itself', async () => {
    await using server = await startProbedServer()
    using socket = await RawWebSocket.connect(server.address, '/notifications/hub', headers)
    server.clock.advance(60_000)
    assert.deepEqual(socket.messages, [])
    socket.frame(Opcode.TEXT, 'hello')
    socket.frame(Opcode.BINARY, '\x02\x91\x06')
    await socket.until(() => socket.messages.length === 2, 'two messages')
    assert.deepEqual(socket.messages, [
      { opcode: Opcode.TEXT, payload: 'hello' },
      { opcode: Opcode.BINARY, payload: '\x02\x91\x06' },
    ])
  })

  test('is refused where no upgrade arrived, with what did', async () => {
    await using server = await startProbedServer()
    const response = await fetch(server.url, { headers })
    assert.deepEqual([response.status, response.headers.get('upgrade')], [426, 'websocket'])
    assert.equal((await arrivalOf(response)).isUpgrade, false)
  })

  test('ends when a message is too long, when its time is over, and with the server', async () => {
    await using server = await startProbedServer()
    using long = await RawWebSocket.connect(server.address, '/', headers)
    using old = await RawWebSocket.connect(server.address, '/', headers)
    long.frame(Opcode.TEXT, 'x'.repeat(1025))
    assert.equal((await long.closeFrame()).code, 1009)
    server.clock.advance(15 * 60_000)
    assert.deepEqual(await old.ended(), { code: 1001, reason: 'the time of the probe is over' })
    using last = await RawWebSocket.connect(server.address, '/', headers)
    server.probe.close()
    assert.equal((await last.ended()).code, 1001)
    await until(() => server.clock.pending === 0, 'no timer')
  })

  test('is there sixteen times for one client, whoever is in front of it', async () => {
    await using server = await startProbedServer()
    await using sockets = new AsyncDisposableStack()
    const theirs = { ...headers, 'X-Real-IP': '198.51.100.7' }
    const open = async (more: Record<string, string>) =>
      sockets.use(await RawWebSocket.connect(server.address, '/', more))
    const [first] = [await open(theirs)]
    for (let i = 1; i < 16; i++) await open(theirs)
    const raw = await RawSocket.connect(server.address)
    raw.write(upgradeRequest(theirs))
    assert.match(await raw.readToEnd(), /^HTTP\/1\.1 429 /)
    raw.destroy()
    await open({ ...headers, 'X-Real-IP': '198.51.100.8' })
    first.raw.destroy()
    await until(
      () =>
        open(theirs).then(
          () => true,
          () => false,
        ),
      'a free place',
    )
  })
})

test('a streamed answer comes in three parts, with time between them', async () => {
  await using server = await startProbedServer()
  const response = await fetch(server.url, { headers: { [PROBE_HEADER]: 'stream' } })
  assert.equal(response.headers.get('x-accel-buffering'), 'no')
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
  assert.equal((await reader.read()).value, 'data: 1\n\n')
  server.clock.advance(STREAM_MS / 2)
  assert.equal((await reader.read()).value, 'data: 2\n\n')
  server.clock.advance(STREAM_MS / 2)
  assert.equal((await reader.read()).value, 'data: 3\n\n')
  assert.equal((await reader.read()).done, true)
  await until(() => server.clock.pending === 0, 'no timer')
})

test('a client gets eight streamed answers at a time', async () => {
  await using server = await startProbedServer()
  const ask = () => fetch(server.url, { headers: { [PROBE_HEADER]: 'stream' } })
  const answers = await Promise.all(Array.from({ length: 9 }, ask))
  assert.deepEqual(answers.map(({ status }) => status).sort(), [...Array(8).fill(200), 429])
  server.clock.advance(STREAM_MS)
  await Promise.all(answers.map((answer) => answer.text()))
})

for (const [address, expected] of [
  ['127.0.0.1', 'loopback'],
  ['::1', 'loopback'],
  ['172.17.0.1', 'private'],
  ['fd00::1', 'private'],
  ['9.9.9.9', 'public'],
  ['2620:fe::fe', 'public'],
  ['', 'unknown'],
] as const) {
  test(`${address || 'no address'} is ${expected}`, () => assert.equal(peerClass(address), expected))
}
