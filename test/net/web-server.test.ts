import assert from 'node:assert/strict'
import http, { type IncomingMessage } from 'node:http'
import https from 'node:https'
import net from 'node:net'
import { test } from 'node:test'
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls'
import {
  createWebServer,
  Listener,
  loadTls,
  proxyProtocolRules,
  refuseRequest,
  refuseUpgrade,
  remoteOf,
  type TlsOptions,
  type WebServer,
  type WebServerOptions,
  withoutBodyDeadline,
} from '#net'
import { TestAuthority } from '../helpers/certificates.ts'
import { RunningProgram } from '../helpers/processes.ts'
import { requireProgram } from '../helpers/programs.ts'
import { temporaryFolder } from '../helpers/temp.ts'
import { once, until, within } from '../helpers/wait.ts'
import { RawSocket } from './raw-socket.ts'
import { upgradeRequest } from './raw-websocket.ts'
import { tlsOptions } from './tls-options.ts'

interface World extends AsyncDisposable {
  readonly server: WebServer
  readonly listener: Listener
  /** What was said of connections that came to nothing: level and text, without ports. */
  readonly failures: string[]
}

/** A server that refuses requests and upgrades, the latter with the client's address as 418. */
async function startWorld(options: Partial<WebServerOptions> = {}): Promise<World> {
  const failures: string[] = []
  const server = createWebServer({
    portIs: 'NATS over WebSocket',
    onRequest: (request, response) => void refuseRequest(request, response),
    onUpgrade: (request, socket) => refuseUpgrade(socket, 418, { body: remoteOf(request.socket).address }),
    onFailedConnection: ({ level, text }) => failures.push(`${level}: ${text.replace(/:\d+/, '')}`),
    ...options,
  })
  const listener = await Listener.open(server, { host: '127.0.0.1', port: 0 })
  return { server, listener, failures, [Symbol.asyncDispose]: () => listener.close(0) }
}

async function answerTo({ listener }: World, bytes: string | Buffer): Promise<string> {
  const client = await RawSocket.connect(listener.address)
  client.write(bytes)
  const answer = await client.readToEnd()
  client.destroy()
  return answer
}

/** A TLS client that trusts anybody. */
async function secureClient({ listener }: World, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const client = connect({ port: listener.address.port, host: '127.0.0.1', rejectUnauthorized: false, ...options })
  await once(client, 'secureConnect')
  return client
}

async function secureAnswer(world: World, bytes: string, options?: ConnectionOptions): Promise<string> {
  const client = await secureClient(world, options)
  client.write(bytes)
  return new RawSocket(client).readToEnd()
}

async function withTls(
  work: (
    make: (options?: Partial<TlsOptions>) => ReturnType<typeof loadTls>,
    authority: TestAuthority,
  ) => Promise<void>,
) {
  await using folder = await temporaryFolder()
  const authority = await TestAuthority.create(folder)
  const certificates = [await authority.issue({ subject: 'CN=server' })]
  await work((options) => loadTls(tlsOptions({ certificates, ...options })), authority)
}

for (const [start, status] of [
  ['GET / HTTP/1.1', '400 Bad Request'],
  ['POST /x HTTP/1.1', '405 Method Not Allowed'],
] as const) {
  test(`${start} that asks for no upgrade is told what the port is, with nats-server's status and headers`, async () => {
    await using world = await startWorld()
    const [head, body] = (await answerTo(world, `${start}\r\nHost: x\r\nContent-Length: 0\r\n\r\n`)).split('\r\n\r\n')
    const lines = head!.split('\r\n').filter((line) => !line.startsWith('Date: '))
    assert.deepEqual(lines, [
      `HTTP/1.1 ${status}`,
      'Content-Type: text/plain; charset=utf-8',
      `Content-Length: ${body!.length}`,
      'Sec-Websocket-Version: 13',
      'X-Content-Type-Options: nosniff',
      'Connection: close',
    ])
    assert.match(body!, /^This port is for NATS over WebSocket; .*ws:\/\/host:port\n$/)
  })
}

for (const bytes of ['CONNECT {"verbose":false}\r\nPING\r\n', 'PING\r\n', 'SUB foo 1\r\n']) {
  test(`NATS over TCP on a WebSocket port is answered in NATS: ${bytes.split(' ', 1)[0]?.trim()}`, async () => {
    await using world = await startWorld()
    const answer = "-ERR 'This port is for NATS over WebSocket, not for NATS over TCP'\r\n"
    assert.equal(await answerTo(world, bytes), answer)
    assert.deepEqual(world.failures, ['warn: 127.0.0.1 speaks NATS over TCP to a port for NATS over WebSocket'])
  })
}

test('a TLS hello on a plain port is answered so that TLS clients see what is wrong, and logged', async () => {
  await using world = await startWorld()
  await assert.rejects(secureClient(world), { code: 'ERR_SSL_WRONG_VERSION_NUMBER' })
  await until(() => world.failures.length > 0, 'the log')
  assert.deepEqual(world.failures, ['warn: 127.0.0.1 speaks TLS to a port for NATS over WebSocket'])
})

test('nonsense, and a head that is too long, are answered as by any HTTP server', async () => {
  await using world = await startWorld()
  assert.equal(await answerTo(world, 'hello\r\n\r\n'), 'HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n')
  const tooLong = `GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`
  assert.match(await answerTo(world, tooLong), /^HTTP\/1.1 431 /)
  assert.deepEqual(world.failures, [])
})

test('plain HTTP on a TLS port gets Go’s answer, and NATS one in NATS', () =>
  withTls(async (make) => {
    await using world = await startWorld({ tls: await make() })
    const answer = 'HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n'
    assert.equal(await answerTo(world, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'), answer)
    const inNats = "-ERR 'This port is for NATS over WebSocket with TLS, not for NATS over TCP'\r\n"
    assert.equal(await answerTo(world, 'PING\r\n'), inNats)
    assert.equal(await answerTo(world, '\x00\x01'), '')
    await until(() => world.failures.length === 3, 'the log')
    assert.deepEqual(world.failures, [
      'error: TLS handshake error from 127.0.0.1: client sent an HTTP request to an HTTPS server',
      'error: TLS handshake error from 127.0.0.1: client speaks NATS over TCP',
      'debug: TLS handshake error from 127.0.0.1: tls: first record does not look like a TLS handshake',
    ])
  }))

test('requests and upgrades are served over TLS, with ALPN for HTTP/1.1', () =>
  withTls(async (make, authority) => {
    await using world = await startWorld({ tls: await make() })
    const url = `https://localhost:${world.listener.address.port}/`
    const request = https.get(url, {
      ca: authority.ca,
      lookup: (_name, _options, found) => found(null, [{ address: '127.0.0.1', family: 4 }]),
    })
    const [response] = (await once(request, 'response')) as [IncomingMessage]
    assert.equal(response.statusCode, 400)
    assert.match((await response.toArray()).join(''), /wss:\/\//)
    const client = await secureClient(world, { ALPNProtocols: ['h2', 'http/1.1'] })
    assert.equal(client.alpnProtocol, 'http/1.1')
    client.destroy()
    assert.match(await secureAnswer(world, upgradeRequest()), /^HTTP\/1.1 418 [\s\S]*127\.0\.0\.1$/)
    assert.match(await secureAnswer(world, 'PING\r\n'), /^-ERR 'This port is for NATS over WebSocket, /)
  }))

test('a client that breaks its handshake off is logged and costs nobody else anything', () =>
  withTls(async (make) => {
    await using world = await startWorld({ tls: await make() })
    const client = net.connect(world.listener.address.port, '127.0.0.1')
    client.end(Buffer.from([0x16, 3, 1]))
    await until(() => world.failures.length === 1, 'the log')
    assert.deepEqual(world.failures, ['error: TLS handshake error from 127.0.0.1: EOF'])
    client.destroy()
    assert.match(await secureAnswer(world, upgradeRequest()), /418/)
  }))

test('TLS settings that are changed hold for new handshakes, client certificates included; who is in stays', () =>
  withTls(async (make, authority) => {
    await using world = await startWorld({ tls: await make() })
    const before = new RawSocket(await secureClient(world))
    const certificate = await authority.issue({ subject: 'CN=renewed' })
    world.server.configure({
      tls: await make({ certificates: [certificate], verify: true, caFile: authority.caFile }),
    })
    // Over TLS 1.3 a client takes itself for connected until the alert comes.
    assert.equal(await secureAnswer(world, upgradeRequest()), '')
    await until(() => world.failures.length === 1, 'the log')
    assert.match(world.failures[0]!, /client didn't provide a certificate$/)
    const { cert, key } = certificate
    const after = await secureClient(world, { cert, key })
    assert.equal(after.getPeerX509Certificate()?.subject, 'CN=renewed')
    after.destroy()
    before.write(upgradeRequest())
    assert.match(await before.readToEnd(), /418/)
    world.server.configure({ tls: undefined })
    assert.match(await answerTo(world, upgradeRequest()), /418/)
  }))

test('a PROXY header is read in front of plain HTTP and of TLS, and has the client’s address', () =>
  withTls(async (make) => {
    await using world = await startWorld({ proxyProtocol: proxyProtocolRules('local') })
    const header = 'PROXY TCP4 192.0.2.7 10.0.0.1 4711 4222\r\n'
    assert.match(await answerTo(world, header + upgradeRequest()), /192\.0\.2\.7$/)
    assert.equal(await answerTo(world, upgradeRequest()), '')
    world.server.configure({ tls: await make() })
    const plain = net.connect(world.listener.address.port, '127.0.0.1')
    plain.write(header)
    const client = connect({ socket: plain, rejectUnauthorized: false })
    client.write(upgradeRequest())
    assert.match(await new RawSocket(client).readToEnd(), /192\.0\.2\.7$/)
    assert.deepEqual(world.failures, [
      'warn: Error reading PROXY protocol header from 127.0.0.1: unrecognized PROXY protocol format',
    ])
  }))

test('where the header need not be there, requests without one are served, slow ones too', async () => {
  await using world = await startWorld({ proxyProtocol: proxyProtocolRules('none') })
  const client = await RawSocket.connect(world.listener.address)
  const request = upgradeRequest()
  client.write(request.slice(0, 3))
  await new Promise((resolve) => setImmediate(resolve))
  client.write(request.slice(3))
  assert.match(await client.readToEnd(), /127\.0\.0\.1$/)
  client.destroy()
})

test('the handshake timeout is one for PROXY header, TLS and request, and silent', () =>
  withTls(async (make) => {
    const tls = await make()
    const request = upgradeRequest()
    for (const [options, begin, log] of [
      [{}, (client: RawSocket) => client.write(request.slice(0, 20)), []],
      [{ tls }, () => {}, ['debug: TLS handshake error from 127.0.0.1: i/o timeout']],
      [
        { tls },
        (client: RawSocket) => client.write(Buffer.from([0x16, 3, 1])),
        ['debug: TLS handshake error from 127.0.0.1: i/o timeout'],
      ],
      [
        { proxyProtocol: proxyProtocolRules('all') },
        (client: RawSocket) => client.write('PRO'),
        ['warn: Error reading PROXY protocol header from 127.0.0.1: timeout reading PROXY protocol header'],
      ],
    ] as const) {
      await using world = await startWorld({ handshakeTimeoutMs: 100, ...options })
      // Before the connection is there, since its time may have begun when we are told of it.
      const startMs = performance.now()
      const client = await RawSocket.connect(world.listener.address)
      begin(client)
      assert.equal(await client.readToEnd(), '')
      assert.ok(performance.now() - startMs > 90)
      assert.deepEqual(world.failures, log)
      client.destroy()
    }
    await using world = await startWorld({ handshakeTimeoutMs: 300, tls })
    const client = await secureClient(world)
    client.write(request.slice(0, 20))
    assert.equal(await new RawSocket(client).readToEnd(), '')
  }))

test('what is connected longer than the handshake timeout is not cut', async () => {
  let upgraded: net.Socket | undefined
  await using world = await startWorld({
    handshakeTimeoutMs: 50,
    onUpgrade: (_request, socket) => {
      upgraded = socket as net.Socket
      socket.write('HTTP/1.1 101 Switching Protocols\r\n\r\n')
      setTimeout(() => socket.end('still here'), 200)
    },
  })
  assert.match(await answerTo(world, upgradeRequest()), /still here$/)
  assert.ok(upgraded)
})

test(
  'openssl can tell what a TLS port is, and is told by the port what it is not',
  { skip: requireProgram('openssl').skip },
  () =>
    withTls(async (make, authority) => {
      await using world = await startWorld({ tls: await make({ verify: true, caFile: authority.caFile }) })
      const { path: command } = requireProgram('openssl')
      const args = ['s_client', '-connect', `127.0.0.1:${world.listener.address.port}`, '-tls1_3', '-ign_eof']
      const client = new RunningProgram({ command, args })
      await within(client.exited, 'openssl to end')
      assert.match(client.output, /alert certificate required/)
      assert.deepEqual(world.failures, [
        "error: TLS handshake error from 127.0.0.1: tls: client didn't provide a certificate",
      ])
    }),
)

test('an idle connection is kept open for the next request', async () => {
  await using world = await startWorld({ onRequest: (_request, response) => void response.end('here') })
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
  for (const isReused of [false, true]) {
    const request = http.get({ port: world.listener.address.port, host: '127.0.0.1', agent })
    const [response] = (await once(request, 'response')) as [IncomingMessage]
    assert.equal((await response.toArray()).join(''), 'here')
    assert.equal(request.reusedSocket, isReused)
  }
  agent.destroy()
})

test('a request that outlasts the end of listening is answered, and its connection not kept for another', async () => {
  const { promise: arrived, resolve: onArrived } = Promise.withResolvers<http.ServerResponse>()
  await using world = await startWorld({ onRequest: (_request, response) => onArrived(response) })
  const client = await RawSocket.connect(world.listener.address)
  client.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
  const response = await within(arrived, 'the request')
  const closed = world.listener.close(60_000)
  response.end('here')
  assert.match(await client.readToEnd(), /here/)
  await within(closed, 'the end')
})

const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`

/** A world whose requests the test answers, in the order in which they are served. */
async function startSlowWorld() {
  const served: { readonly url: string | undefined; readonly response: http.ServerResponse }[] = []
  const world = await startWorld({ onRequest: ({ url }, response) => void served.push({ url, response }) })
  return { world, served }
}

test('requests that are sent ahead are served one after the other', async () => {
  const { world, served } = await startSlowWorld()
  await using _ = world
  const client = await RawSocket.connect(world.listener.address)
  client.write(get('/1') + get('/2') + get('/3'))
  for (const count of [1, 2, 3]) {
    await until(() => served.length >= count, `request ${count}`)
    assert.deepEqual([served.length, served.at(-1)?.url], [count, `/${count}`])
    served.at(-1)?.response.end(`answer ${count}`)
    await client.readThrough(`answer ${count}`)
  }
  client.write(get('/4'))
  await until(() => served.length === 4, 'a request after those')
  client.destroy()
})

test('who sends far too much ahead is cut, whatever waits is not served, and others are', async () => {
  const { world, served } = await startSlowWorld()
  await using _ = world
  const other = await RawSocket.connect(world.listener.address)
  const client = await RawSocket.connect(world.listener.address)
  client.write(get('/1').repeat(100))
  assert.equal(await client.readToEnd(), '')
  assert.equal(served.length, 1)
  other.write(get('/2'))
  await until(() => served.length > 1, 'the request of another')
  assert.deepEqual(
    served.map(({ url }) => url),
    ['/1', '/2'],
  )
  other.destroy()
})

test('of a connection that is gone nothing more is served', async () => {
  const { world, served } = await startSlowWorld()
  await using _ = world
  const client = await RawSocket.connect(world.listener.address)
  client.write(get('/1') + get('/2'))
  await until(() => served.length > 0, 'the first request')
  client.destroy()
  await once(served[0]!.response, 'close')
  assert.equal(served.length, 1)
})

test('an upgrade cannot overtake the answer to an earlier request: the connection is cut', async () => {
  const { world, served } = await startSlowWorld()
  await using _ = world
  const client = await RawSocket.connect(world.listener.address)
  client.write(get('/1') + upgradeRequest())
  assert.equal(await client.readToEnd(), '')
  assert.equal(served.length, 1)
})

test('a body that does not come in time ends its connection, unless its reader keeps time', async () => {
  const served: string[] = []
  await using world = await startWorld({
    bodyTimeoutMs: 50,
    onRequest(request, response) {
      served.push(request.url!)
      if (request.url === '/patient') withoutBodyDeadline(request)
      // Who has the whole body may think about it for longer.
      if (request.url === '/slow') setTimeout(() => response.end('at last'), 100)
      else request.on('end', () => response.end('all there')).resume()
    },
  })
  const post = async (path: string, body: string) => {
    const client = await RawSocket.connect(world.listener.address)
    client.write(`POST ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 4\r\n\r\n${body}`)
    return client
  }
  const patient = await post('/patient', 'ab')
  await until(() => served.length === 1, 'the first request')
  const [hasty, slow] = [await post('/hasty', 'ab'), await post('/slow', 'abcd')]
  assert.match(await hasty.readToEnd(), /^HTTP\/1\.1 408 /)
  assert.match(await slow.readToEnd(), /at last$/)
  assert.equal(patient.hasEnded, false)
  patient.write('cd')
  assert.match(await patient.readToEnd(), /all there$/)
})
