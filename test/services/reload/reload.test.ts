/** A reload as a whole: it happens or it does not, it disturbs nobody, and what it would do can be asked before. */
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import net from 'node:net'
import { afterEach, describe, test } from 'node:test'
import { connectTcp, connectWebSocket } from '../../conformance/nats-clients.ts'
import { WireClient } from '../../doors/nats/websocket-table/wire-client.ts'
import { once, within } from '../../helpers/wait.ts'
import { RawSocket } from '../../net/raw-socket.ts'
import { block, ConfiguredServer, websocket, websockets } from '../configured-server.ts'
import { freePorts } from '../free-ports.ts'

const AT_ANY = 'listen: "127.0.0.1:-1"\n'

test('twenty reloads under traffic cost nobody a message or its connection', async () => {
  const configs = [
    websocket('compression: true, allowed_origins: ["https://a.example"], headers: { X-A: a }, ping_interval: "1m"'),
    `max_payload: 2MB\nmax_connections: 100\n${websocket('handshake_timeout: "5s", ping_interval: "2m"')}`,
    `ping_interval: "1m"\nmax_subscriptions: 50\nhttp: "127.0.0.1:-1"\n${websocket('token_cookie: t')}`,
  ]
  await using server = await ConfiguredServer.start(configs[0]!)
  const publisher = await connectTcp(server.natsUrl, { reconnect: false })
  const subscribers = [
    await connectTcp(server.natsUrl, { reconnect: false }),
    await connectWebSocket(server.webSocketUrl(), { reconnect: false }),
    // Compressed.
    await connectWebSocket(server.webSocketUrl(), { reconnect: false, upgrade: {} }),
  ]
  const received = subscribers.map((subscriber) => {
    const numbers: number[] = []
    subscriber.subscribe('count', { callback: (_, message) => void numbers.push(Number(message.string())) })
    return numbers
  })
  await Promise.all(subscribers.map((subscriber) => subscriber.flush()))

  let sent = 0
  let isReloading = true
  const traffic = async () => {
    while (isReloading) {
      for (let i = 0; i < 50; i++) publisher.publish('count', String(sent++))
      await publisher.flush()
    }
  }
  const reloads = async () => {
    for (let i = 1; i <= 20 || sent < 1000; i++) {
      const lines = await server.reload(configs[i % configs.length]!)
      assert.deepEqual(
        lines.filter((line) => line.startsWith('closed')),
        [],
      )
    }
    isReloading = false
  }
  await Promise.all([traffic(), reloads()])
  await Promise.all(subscribers.map((subscriber) => subscriber.flush()))
  const all = Array.from({ length: sent }, (_, i) => i)
  for (const numbers of received) assert.deepEqual(numbers, all)
  for (const client of [publisher, ...subscribers]) await client.close()
})

describe('a reload that cannot be', () => {
  for (const [what, change, reason] of [
    ['a mistake in the file', () => 'max_payload: none\n', /^nats\.conf:2:1: /],
    [
      'a certificate that is not there',
      () => 'tls { cert_file: "no.pem", key_file: "no.key" }\n',
      /error parsing X509 certificate\/key pair: open .*no\.pem: no such file or directory/,
    ],
    [
      'another server name, which clients were told once and for all',
      () => 'server_name: other\n',
      /^config reload not supported for nats\.serverName: none -> "other"$/,
    ],
  ] as const) {
    test(`${what}: the reason is told, and nothing has changed`, async () => {
      const before = `http: "127.0.0.1:-1"\n${websocket()}`
      await using server = await ConfiguredServer.start(before)
      using client = await WireClient.ready(server.webSocket())
      const addresses = server.server.addresses
      await assert.rejects(server.reload(`${AT_ANY}${change()}${websocket('path: "/p"')}`), {
        code: 'CONFIG',
        message: reason,
      })
      assert.deepEqual(server.server.addresses, addresses)
      await client.untilPong()
      using _newcomer = await WireClient.ready(server.webSocket())
      assert.deepEqual(await server.reload(before), [])
    })
  }

  const taken: net.Server[] = []
  afterEach(() => {
    for (const server of taken.splice(0)) server.close()
  })

  async function takenPort(): Promise<number> {
    const server = net.createServer().listen(0, '127.0.0.1')
    taken.push(server)
    await once(server, 'listening')
    return (server.address() as net.AddressInfo).port
  }

  for (const which of ['NATS', 'WebSocket', 'monitoring'] as const) {
    test(`a port for ${which} that is taken: all that was opened for it is closed again`, async () => {
      const busy = await takenPort()
      const [one, two, three] = (await freePorts(3)) as [number, number, number]
      const before = `${AT_ANY}http: "127.0.0.1:-1"\n${websocket()}`
      await using server = await ConfiguredServer.start(before)
      const addresses = server.server.addresses
      const [nats, webSocket, monitoring] = [
        which === 'NATS' ? busy : one,
        which === 'WebSocket' ? busy : two,
        which === 'monitoring' ? busy : three,
      ]
      const after = `listen: "127.0.0.1:${nats}"\nhttp: "127.0.0.1:${monitoring}"\n${websocket('', webSocket)}`
      const expected = { code: 'CONFIG', message: `Cannot bind "127.0.0.1:${busy}": address in use` }
      await assert.rejects(server.rehearse(after), expected)
      await assert.rejects(server.reload(after), expected)
      assert.deepEqual(server.server.addresses, addresses)
      for (const port of [one, two, three]) {
        await assert.rejects(RawSocket.connect({ host: '127.0.0.1', port }), /ECONNREFUSED/)
      }
      for (const address of [addresses.nats, addresses.websockets[0]!, addresses.monitoring.http!]) {
        ;(await RawSocket.connect(address)).destroy()
      }
      assert.deepEqual(await server.reload(before), [])
    })
  }

  test('listeners that had made way for it listen again', async () => {
    const busy = await takenPort()
    const [one, two] = (await freePorts(2)) as [number, number]
    await using server = await ConfiguredServer.start(`listen: "127.0.0.1:${one}"\n${websocket('', two)}`)
    using client = await WireClient.ready(server.webSocket())
    const swapped = `listen: "127.0.0.1:${two}"\nhttp: "127.0.0.1:${busy}"\n${websocket('', one)}`
    await assert.rejects(server.reload(swapped), /address in use/)
    const tcp = await RawSocket.connect({ host: '127.0.0.1', port: one })
    assert.match(await tcp.readThrough('\r\n'), /^INFO /)
    tcp.destroy()
    using _newcomer = await WireClient.ready({ host: '127.0.0.1', port: two })
    await client.untilPong()
  })

  test('while another is under way it waits for it; the last one counts', async () => {
    await using server = await ConfiguredServer.start(websocket())
    const ports = await freePorts(3)
    const options = []
    for (const port of ports) options.push(await server.read(websocket('', port)))
    const lines = await Promise.all(options.map((one) => server.server.reload(one)))
    const [one, two, three] = ports
    const changes = [`0 -> ${one}`, `${one} -> ${two}`, `${two} -> ${three}`]
    assert.deepEqual(
      lines,
      changes.map((change) => [`websockets[0].port: ${change}`]),
    )
    assert.equal(server.webSocket().port, three)
    for (const port of [one!, two!])
      await assert.rejects(RawSocket.connect({ host: '127.0.0.1', port }), /ECONNREFUSED/)
    using _client = await WireClient.ready(server.webSocket())
  })

  test('while the server closes it leaves no port open', async () => {
    const [port] = (await freePorts(1)) as [number]
    await using server = await ConfiguredServer.start(websocket())
    const reloading = server.reload(websocket('', port))
    const refused = assert.rejects(reloading, { code: 'CONFIG', message: 'the server is on its way out' })
    await server.server.close()
    await refused
    await assert.rejects(RawSocket.connect({ host: '127.0.0.1', port }), /ECONNREFUSED/)
    await assert.rejects(server.reload(websocket()), { message: 'the server is on its way out' })
  })

  test('in lame duck mode it is refused', async () => {
    await using server = await ConfiguredServer.start(websocket())
    using client = await WireClient.ready(server.webSocket())
    const left = server.server.lameDuck()
    await assert.rejects(server.reload(websocket('path: "/p"')), { message: 'the server is on its way out' })
    await client.untilPong()
    await server.server.close()
    await within(left, 'the end')
  })
})

describe('ports that stand in each other’s way', () => {
  test('two listeners swap theirs', async () => {
    const [one, two] = (await freePorts(2)) as [number, number]
    await using server = await ConfiguredServer.start(`listen: "127.0.0.1:${one}"\n${websocket('', two)}`)
    using client = await WireClient.ready(server.webSocket())
    const lines = await server.reload(`listen: "127.0.0.1:${two}"\n${websocket('', one)}`)
    assert.deepEqual(lines, [`nats.port: ${one} -> ${two}`, `websockets[0].port: ${two} -> ${one}`])
    assert.deepEqual([server.tcp.port, server.webSocket().port], [two, one])
    using _newcomer = await WireClient.ready(server.webSocket())
    const tcp = await RawSocket.connect(server.tcp)
    assert.match(await tcp.readThrough('\r\n'), /^INFO /)
    tcp.destroy()
    await client.untilPong()
  })

  test('another host with the same port', async () => {
    const [port] = (await freePorts(1)) as [number]
    const at = (host: string) => `websocket { listen: "${host}:${port}", no_tls: true }\n`
    await using server = await ConfiguredServer.start(at('127.0.0.1'))
    using client = await WireClient.ready(server.webSocket())
    assert.deepEqual(await server.rehearse(at('0.0.0.0')), ['websockets[0].host: "127.0.0.1" -> "0.0.0.0"'])
    await server.reload(at('0.0.0.0'))
    using _newcomer = await WireClient.ready({ host: '127.0.0.1', port })
    await server.reload(at('127.0.0.1'))
    await client.untilPong()
  })

  test('the port that any would have done for is asked for by its number', async () => {
    await using server = await ConfiguredServer.start(websocket())
    const { port } = server.webSocket()
    await server.reload(websocket('', port))
    assert.equal(server.webSocket().port, port)
    using _client = await WireClient.ready(server.webSocket())
  })
})

test('a rehearsal tells what a reload would do, and does none of it', async () => {
  const before = websockets(block(), block('path: "/two"'))
  await using server = await ConfiguredServer.start(before)
  using first = await WireClient.connect(server.webSocket(0), { headers: { Origin: 'https://a.example' } })
  using second = await WireClient.connect(server.webSocket(1), { path: '/two' })
  using third = await WireClient.connect(server.webSocket(0))
  for (const client of [first, second, third]) {
    client.say('CONNECT {"verbose":false,"name":"app"}\r\n')
    await client.untilPong()
  }
  const after = `max_connections: 0\n${websockets(block('allowed_origins: ["https://b.example"]'))}`
  const lines = await server.rehearse(after)
  assert.deepEqual(
    lines.map((line) => line.replace(/127\.0\.0\.1:\d+/, 'A').replace(/\{.*\}/, '{…}')),
    [
      'nats.maxConnections: 65536 -> 0',
      'websockets[0].allowedOrigins: [] -> ["https://b.example"]',
      'websockets[1]: {…} -> none',
      'would close connection 1 of A "app": Authentication Failure',
      'would close connection 2 of A "app": Server Shutdown',
      'would close connection 3 of A "app": Maximum Connections Exceeded',
    ],
  )
  for (const client of [first, second, third]) await client.untilPong()
  using _newcomer = await WireClient.ready(server.webSocket(1), { path: '/two' })
  assert.deepEqual(await server.reload(before), [])

  const done = await server.reload(after)
  const [, ...expected] = [...lines.map((line) => line.replace('would close', 'closed'))]
  assert.deepEqual(done.slice(1, expected.length), expected.slice(0, -1))
})

test('a change of authorization ends those whom it would not let in again, over TCP too', async () => {
  const config = (password: string) => `authorization { user: u, password: ${password} }\n${websocket()}`
  await using server = await ConfiguredServer.start(config('one'))
  const login = { user: 'u', pass: 'one', reconnect: false, name: 'service' }
  const tcp = await connectTcp(server.natsUrl, login)
  const webSocket = await connectWebSocket(server.webSocketUrl(), login)
  await writeFile(server.folder.join('unrelated'), '')
  const closed = await server.rehearse(config('two'))
  assert.deepEqual(
    closed.filter((line) => line.startsWith('would close')).map((line) => line.replace(/127\.0\.0\.1:\d+/, 'A')),
    [1, 2].map((cid) => `would close connection ${cid} of A "service": Authentication Failure`),
  )
  assert.equal(tcp.isClosed(), false)
  await server.reload(config('two'))
  for (const client of [tcp, webSocket])
    assert.match(String(await within(client.closed(), 'the end')), /Authorization Violation/)
})

const lineOf = async (client: RawSocket) => (await client.readThrough('\r\n')).trimEnd()

describe('who has not logged in yet when the rules change', () => {
  const usersWith = (password: string) =>
    `authorization { users: [ { user: ada, password: ${password} } ], timeout: 30 }`

  for (const [password, said] of [
    ['before', "-ERR 'Authorization Violation'"],
    ['after', 'PONG'],
  ] as const) {
    test(`is judged by the new ones: ${password}`, async () => {
      await using server = await ConfiguredServer.start(usersWith('before'))
      using client = await RawSocket.connect(server.tcp)
      await lineOf(client)
      await server.reload(usersWith('after'))
      client.write(`CONNECT {"user":"ada","pass":"${password}","verbose":false}\r\nPING\r\n`)
      assert.equal(await lineOf(client), said)
    })
  }

  test('and needed not to before: is ended, unless there is a user for it', async () => {
    await using server = await ConfiguredServer.start('')
    using client = await RawSocket.connect(server.tcp)
    await lineOf(client)
    client.write('SUB news 1\r\nPING\r\n')
    for (const line of ['+OK', 'PONG']) assert.equal(await lineOf(client), line)
    const users = 'authorization { users: [ { user: ada, password: secret, permissions: { subscribe: news } } ] }'
    await server.reload(`${users}\nno_auth_user: ada`)
    client.write('SUB other 2\r\n')
    assert.equal(await lineOf(client), `-ERR 'Permissions Violation for Subscription to "other"'`)
    const lines = await server.rehearse(users)
    assert.match(lines.at(-1) ?? '', /^would close /)
    const reloaded = await server.reload(users)
    assert.match(reloaded.at(-1) ?? '', /^closed /)
    assert.equal(await lineOf(client), "-ERR 'Authorization Violation'")
  })

  test('and needed not to before: is ended where the rules leave it nobody to be', async () => {
    await using server = await ConfiguredServer.start('')
    using client = await RawSocket.connect(server.tcp)
    await lineOf(client)
    const lines = await server.reload('authorization { token: secret }')
    assert.match(lines.at(-1) ?? '', /^closed /)
    assert.equal(await lineOf(client), "-ERR 'Authorization Violation'")
  })
})
