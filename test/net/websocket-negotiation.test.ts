import assert from 'node:assert/strict'
import http, { type IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import { Duplex } from 'node:stream'
import { test } from 'node:test'
import { silentLogger, systemClock } from '#kit'
import { acceptWebSocketStream, Listener, refuseUpgrade, WebSocketCarrier, WebSocketCompression } from '#net'
import { encodeFrame, Opcode } from '#wire/websocket'
import { FakeClock } from '../helpers/fake-clock.ts'
import { once } from '../helpers/wait.ts'
import {
  type CarrierServer,
  type CarrierServerOptions,
  RecordingReceiver,
  startWebSocketServer,
} from './carrier-server.ts'
import { RawSocket } from './raw-socket.ts'
import { RawWebSocket, upgradeRequest } from './raw-websocket.ts'

const { BINARY } = Opcode

const COMPRESSION = { shared: new WebSocketCompression(), limits: () => ({ maxPayloadBytes: 1000 }) }
const EXTENSION =
  'Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; client_no_context_takeover\r\n'
const STANDARD =
  'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
  'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n'

function start(options: Partial<CarrierServerOptions> = {}): Promise<CarrierServer> {
  return startWebSocketServer({ clock: new FakeClock(), ...options })
}

async function answerTo(
  server: CarrierServer,
  headers: Record<string, string> = {},
  path = '/stream',
): Promise<string> {
  const raw = await RawSocket.connect(server.address)
  raw.write(upgradeRequest(headers, `GET ${path} HTTP/1.1`))
  const head = await raw.readThrough('\r\n\r\n')
  raw.destroy()
  return head
}

async function agreedIn(server: CarrierServer) {
  const { carrier } = await server.accepted()
  assert.ok(carrier instanceof WebSocketCarrier)
  return carrier.agreed
}

test('compression is agreed on when the listener has it and the client offers it', async () => {
  const offer = {
    'Sec-WebSocket-Extensions': 'foo, permessage-deflate; client_max_window_bits; server_max_window_bits=9',
  }
  await using without = await start()
  assert.equal(await answerTo(without, offer), `${STANDARD}\r\n`)
  assert.equal((await agreedIn(without)).isCompressed, false)

  await using server = await start({ compression: COMPRESSION })
  assert.equal(await answerTo(server, offer), `${STANDARD}${EXTENSION}\r\n`)
  assert.deepEqual(await agreedIn(server), { isCompressed: true, isMasked: true, isBrowser: false })
  assert.equal(await answerTo(server), `${STANDARD}\r\n`)
  assert.equal((await agreedIn(server)).isCompressed, false)
  assert.equal(await answerTo(server, { 'Sec-WebSocket-Extensions': 'x-webkit-deflate-frame' }), `${STANDARD}\r\n`)
})

test('the 101 has the extension, no masking and the extra headers, in this order', async () => {
  await using server = await start({
    compression: COMPRESSION,
    responseHeaders: [
      ['X-First', '1'],
      ['x-second', '2'],
    ],
  })
  const everything = {
    'Nats-No-Masking': 'true',
    'Sec-WebSocket-Extensions': 'permessage-deflate',
    'User-Agent': 'Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0',
  }
  const extra = 'X-First: 1\r\nx-second: 2\r\n'
  assert.equal(await answerTo(server, everything), `${STANDARD}${EXTENSION}Nats-No-Masking: true\r\n${extra}\r\n`)
  assert.deepEqual(await agreedIn(server), { isCompressed: true, isMasked: false, isBrowser: true })
  assert.equal(await answerTo(server), `${STANDARD}${extra}\r\n`)
})

test('frames come unmasked where that was agreed on, and masked ones are refused then', async () => {
  await using server = await start()
  using client = await RawWebSocket.connect(server.address, '/stream', { 'Nats-No-Masking': 'true' })
  const door = await server.accepted()
  client.raw.write(encodeFrame(BINARY, Buffer.from('unmasked')))
  await door.untilEvent('bytes unmasked')
  client.frame(BINARY, 'masked')
  assert.deepEqual(await client.ended(), { code: 1002, reason: 'mask bit set' })
})

test('without the agreement an unmasked frame is refused', async () => {
  await using server = await start()
  using client = await RawWebSocket.connect(server.address, '/stream', { 'Nats-No-Masking': 'yes' })
  client.raw.write(encodeFrame(BINARY, Buffer.from('unmasked')))
  assert.deepEqual(await client.ended(), { code: 1002, reason: 'mask bit missing' })
})

test('an objection with a status of its own comes before what is wrong with the request, any other after it', async () => {
  await using server = await start()
  const malformed = { 'Sec-WebSocket-Version': '8' }
  for (const [path, headers, status] of [
    ['/nowhere', {}, 404],
    ['/nowhere', malformed, 404],
    ['/refused', {}, 403],
    ['/refused', malformed, 400],
  ] as const) {
    assert.match(await answerTo(server, headers, path), new RegExp(`^HTTP/1.1 ${status} `), `${path} ${status}`)
  }
  assert.deepEqual(server.refusals, ['no such place', 'no such place', 'a matter of principle', 'invalid version'])
})

test('a client that speaks before the 101 is cut, unless its request is refused anyway', async () => {
  await using server = await start()
  for (const [path, answer] of [
    ['/stream', ''],
    ['/refused', 'HTTP/1.1 403 Forbidden'],
  ] as const) {
    const raw = await RawSocket.connect(server.address)
    raw.write(`${upgradeRequest({}, `GET ${path} HTTP/1.1`)}too early`)
    assert.equal((await raw.readToEnd()).split('\r\n', 1)[0], answer)
    raw.destroy()
  }
  assert.deepEqual(server.refusals, ['client sent data before handshake is complete', 'a matter of principle'])
})

/** What a framework may hand on in a socket's place: a stream, with none of a socket's own methods. */
function streamOver(socket: Duplex): Duplex {
  const stream = new Duplex({
    read: () => void socket.resume(),
    write: (chunk, _encoding, done) => void socket.write(chunk, done),
    final: (done) => void socket.end(done),
    destroy: (error, done) => {
      socket.destroy()
      done(error)
    },
  })
  socket.on('data', (chunk) => stream.push(chunk) || socket.pause())
  socket.on('end', () => stream.push(null))
  socket.on('error', (error) => stream.destroy(error))
  socket.on('close', () => stream.destroy())
  return stream
}

test('a stream from somebody else’s HTTP server is upgraded, and refused, like a socket', async () => {
  const doors: RecordingReceiver[] = []
  const server = http.createServer()
  server.on('upgrade', (request: IncomingMessage, socket, head) => {
    const stream = streamOver(socket)
    if (request.url === '/refused') refuseUpgrade(stream, 403)
    else {
      acceptWebSocketStream(request, stream, head, {
        clock: systemClock,
        logger: silentLogger,
        writeDeadlineMs: 10_000,
        compression: COMPRESSION,
        receiver: (carrier) => {
          const door = new RecordingReceiver(carrier)
          doors.push(door)
          return door
        },
      })
    }
  })
  const listener = await Listener.open(server, { host: '127.0.0.1', port: 0 })
  try {
    using client = await RawWebSocket.connect(listener.address, '/any/path')
    client.frame(BINARY, 'hello')
    await doors[0]!.untilEvent('bytes hello')
    doors[0]!.carrier.write(encodeFrame(BINARY, Buffer.from('answer')))
    await client.until(() => client.messages.length > 0, 'the answer')
    doors[0]!.carrier.close(1001, 'Server Shutdown')
    assert.deepEqual(await client.ended(), { code: 1001, reason: 'Server Shutdown' })
    await doors[0]!.closed()

    const refused = new RawSocket(connect(listener.address.port, listener.address.host))
    await once(refused.socket, 'connect')
    refused.write(upgradeRequest({}, 'GET /refused HTTP/1.1'))
    assert.match(await refused.readToEnd(), /^HTTP\/1\.1 403 Forbidden\r\n.*\r\n\r\nForbidden\n$/s)
  } finally {
    await listener.close(0)
  }
})
