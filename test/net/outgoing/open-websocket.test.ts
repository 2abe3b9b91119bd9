import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { setImmediate as turnOver } from 'node:timers/promises'
import { deflateRawSync } from 'node:zlib'
import { type Clock, systemClock } from '#kit'
import { DialError, dial, upgradeToWebSocket, type WebSocketRequest } from '#net'
import {
  acceptKey,
  DEFLATE_ACCEPTED,
  encodeClose,
  encodeFrame,
  encodeMaskedFrame,
  type FrameHandler,
  FrameReader,
  type HeaderList,
  Opcode,
  switchingProtocols,
} from '#wire/websocket'
import { FakeClock } from '../../helpers/fake-clock.ts'
import { until, within } from '../../helpers/wait.ts'
import { compressionOf, startCompressingServer, untilRead, writeBatch } from '../compressing-server.ts'
import type { RawSocket } from '../raw-socket.ts'
import { type RawServer, startRawServer } from './raw-server.ts'
import { openedStream, openStreamTo, type StreamRules } from './stream-opener.ts'

const { BINARY, CONTINUATION, PING, PONG, TEXT } = Opcode

/** Takes apart what a client sent; `wire` keeps the bytes. */
class ClientFrames implements FrameHandler {
  readonly #raw: RawSocket
  readonly #reader: FrameReader
  readonly wire: Buffer[] = []
  data = ''
  compressed = 0
  readonly events: string[] = []

  constructor(raw: RawSocket, maskRequired = true) {
    this.#raw = raw
    this.#reader = new FrameReader({ maskRequired, validateText: false }, this)
  }

  async until(check: () => boolean, what: string): Promise<void> {
    const isThere = () => {
      const bytes = this.#raw.take()
      this.wire.push(Buffer.from(bytes))
      this.#reader.feed(bytes)
      return check()
    }
    await this.#raw.until(isThere, () => what)
  }

  onData(data: Buffer): void {
    this.data += data.toString('latin1')
  }

  onCompressed(data: Buffer): void {
    this.compressed += data.length
  }

  onPing(payload: Buffer): void {
    this.events.push(`ping ${payload}`)
  }

  onPong(payload: Buffer): void {
    this.events.push(`pong ${payload}`)
  }

  onClose(code: number | undefined, reason: string): void {
    this.events.push(`close ${code} ${reason}`)
  }
}

/** A hub whose every byte is the test's, behind its 101, and the stream that was opened to it. */
async function openTo(server: RawServer, { request, rules, headers, behind = '' }: Opening = {}) {
  const accepted = server.accepted()
  const opened = openStreamTo(server.address, request, rules)
  const raw = await accepted
  const asked = await raw.readThrough('\r\n\r\n')
  const [, key = ''] = /Sec-WebSocket-Key: (.*)\r\n/.exec(asked) ?? []
  raw.write(switchingProtocols(key, headers) + behind)
  return { ...(await opened), raw, asked, hub: new ClientFrames(raw) }
}

interface Opening {
  readonly request?: Partial<WebSocketRequest>
  readonly rules?: StreamRules
  /** Of the hub's answer, and a byte string behind it. */
  readonly headers?: HeaderList
  readonly behind?: string
}

for (const [name, isCompressed, isMasked] of [
  ['masked', false, true],
  ['without masks', false, false],
  ['compressed and masked', true, true],
  ['compressed and without masks', true, false],
] as const) {
  test(`a stream to a server of ours goes both ways, ${name}`, async () => {
    await using server = await startCompressingServer()
    const rules = isCompressed ? { compression: compressionOf() } : {}
    const { door: here, carrier } = await openStreamTo(server.address, { path: '/stream', noMasking: !isMasked }, rules)
    const there = await server.accepted()
    assert.deepEqual(carrier.agreed, { isCompressed, isMasked, isBrowser: false, isClient: true })
    let text = ''
    for (const length of [0, 1, 64, 65, 125, 126, 1000, 65_535, 65_536, 300_000]) {
      const piece = 'LMSG orders.new 5\r\nhello\r\n'.repeat(Math.ceil(length / 26)).slice(0, length)
      writeBatch(carrier, Buffer.from(piece))
      writeBatch(there.carrier, Buffer.from(piece))
      text += piece
    }
    await untilRead(there, text)
    await untilRead(here, text)
    carrier.close(1000, 'Client Closed')
    await here.closed()
    await there.closed()
    assert.equal(there.events.at(-2), 'closing')
  })
}

test('what comes in one packet with the answer is not lost', async () => {
  await using server = await startRawServer()
  const { door, asked, hub, carrier } = await openTo(server, {
    request: { path: '/prefix/leafnode', host: '[::1]:80', headers: [['X-Extra', 'yes']] },
    behind: encodeFrame(BINARY, Buffer.from('INFO {}\r\n')).toString('latin1'),
  })
  assert.match(
    asked,
    /^GET \/prefix\/leafnode HTTP\/1\.1\r\nHost: \[::1\]:80\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: [A-Za-z0-9+/]{22}==\r\nSec-WebSocket-Version: 13\r\nX-Extra: yes\r\n\r\n$/,
  )
  await door.untilEvent('bytes INFO {}\r\n')
  writeBatch(carrier, Buffer.from('CONNECT {}\r\n'))
  await hub.until(() => hub.data === 'CONNECT {}\r\n', 'CONNECT')
  carrier.destroy()
})

test('every frame has a masking key of its own, also control frames', async () => {
  await using server = await startRawServer()
  const { raw, hub, carrier } = await openTo(server)
  const keys = new Set<string>()
  for (let i = 0; i < 2000; i++) writeBatch(carrier, Buffer.alloc(4))
  raw.write(encodeFrame(PING, Buffer.alloc(4)))
  await hub.until(() => hub.events.length === 1, 'the pong')
  const wire = Buffer.concat(hub.wire)
  for (let at = 0; at < wire.length; at += 10) {
    assert.equal(wire[at + 1], 0x84)
    const key = wire.toString('hex', at + 2, at + 6)
    // Zeros XORed with the key.
    assert.equal(wire.toString('hex', at + 6, at + 10), key)
    keys.add(key)
  }
  assert.equal(wire.length, 20_010)
  // Two of two thousand may be the same by chance, hardly ever more.
  assert.ok(keys.size >= 1998, `${keys.size} keys`)
  carrier.destroy()
})

test('pings are answered, frames may be cut and in pieces, and text is bytes as well', async () => {
  await using server = await startRawServer()
  const { raw, hub, door, carrier } = await openTo(server)
  raw.write(Buffer.from([TEXT, 3, ...Buffer.from('one')]))
  raw.write(encodeFrame(PING, Buffer.from('here?')))
  for (const byte of encodeFrame(CONTINUATION, Buffer.from(' two'))) raw.write(Buffer.from([byte]))
  await hub.until(() => hub.events.length === 1, 'a pong')
  assert.deepEqual(hub.events, ['pong here?'])
  await untilRead(door, 'one two')
  carrier.askTaken()
  await hub.until(() => hub.events.length === 2, 'a ping')
  raw.write(encodeFrame(PONG, Buffer.from('read?')))
  await door.untilEvent('taken')
  carrier.destroy()
})

test('who says goodbye waits for the server to close the connection', async () => {
  await using server = await startRawServer()
  const clock = new FakeClock()
  const { raw, hub, door, carrier } = await openTo(server, { rules: { clock } })
  writeBatch(carrier, Buffer.from('last words'))
  carrier.close(1001, 'Server Shutdown')
  await hub.until(() => hub.events.length === 1, 'goodbye')
  assert.deepEqual([hub.data, hub.events], ['last words', ['close 1001 Server Shutdown']])
  raw.write(encodeClose(1001, 'Server Shutdown'))
  for (let turns = 0; turns < 20; turns++) await turnOver()
  assert.equal(raw.hasEnded, false)
  raw.socket.end()
  assert.equal(await door.closed(), undefined)
  assert.deepEqual(door.events, ['closed'])
  assert.equal(clock.pending, 0)
})

test('a goodbye of the server is answered, behind the last words, and the connection is the server’s to close', async () => {
  await using server = await startRawServer()
  const clock = new FakeClock()
  const { raw, hub, door } = await openTo(server, { rules: { clock } })
  door.lastWords = encodeMaskedFrame(BINARY, Buffer.from('last words'), randomBytes(4))
  raw.write(encodeClose(1000, 'bye'))
  await hub.until(() => hub.events.length === 1, 'the answer')
  assert.deepEqual([hub.data, hub.events], ['last words', ['close 1000 bye']])
  for (let turns = 0; turns < 20; turns++) await turnOver()
  assert.equal(raw.hasEnded, false)
  clock.advance(1999)
  await turnOver()
  assert.deepEqual(door.events, ['closing'])
  clock.advance(1)
  await door.closed()
  assert.equal(clock.pending, 0)
})

for (const [name, frames, code, reason] of [
  ['masks its frames', encodeMaskedFrame(BINARY, Buffer.from('INFO'), randomBytes(4)), 1002, 'mask bit set'],
  [
    'compresses unasked',
    Buffer.from([0xc2, 1, 0]),
    1002,
    'compressed frame received without negotiated permessage-deflate',
  ],
  ['uses bits that mean nothing', Buffer.from([0xa2, 0]), 1002, 'RSV2 and RSV3 must be clear'],
] as const) {
  test(`a server that ${name} is told so and left`, async () => {
    await using server = await startRawServer()
    const { raw, hub, door } = await openTo(server)
    raw.write(frames)
    await hub.until(() => hub.events.length === 1, 'goodbye')
    assert.deepEqual(hub.events, [`close ${code} ${reason}`])
    await raw.until(
      () => raw.hasEnded,
      () => 'nothing more',
    )
    raw.socket.end()
    assert.equal((await door.closed())?.message, reason)
    assert.deepEqual(door.events, [`closing: ${reason}`, 'closed'])
  })
}

test('a server that is cut off in the middle of a frame ends the stream', async () => {
  await using server = await startRawServer()
  const { raw, door } = await openTo(server)
  raw.write(encodeFrame(BINARY, Buffer.from('INFO {}\r\n')).subarray(0, 6))
  await door.untilEvent('bytes INFO')
  raw.socket.resetAndDestroy()
  assert.equal(((await door.closed()) as NodeJS.ErrnoException).code, 'ECONNRESET')
})

test('a compressed message over the limit ends the stream before it is inflated whole', async () => {
  await using server = await startRawServer()
  const compression = compressionOf({ maxPayloadBytes: 100_000 })
  const { raw, hub, door } = await openTo(server, { rules: { compression }, headers: [DEFLATE_ACCEPTED] })
  const bomb = deflateRawSync(Buffer.alloc(64 * 1024 * 1024))
  const frame = encodeFrame(BINARY, bomb)
  frame[0]! |= 0x40
  raw.write(frame)
  await hub.until(() => hub.events.length === 1, 'goodbye')
  assert.deepEqual(hub.events, ['close 1009 maximum payload exceeded'])
  raw.socket.end()
  assert.equal((await door.closed())?.message, 'maximum payload exceeded')
})

test('what is longer than the server takes inflated goes out as it is', async () => {
  await using server = await startRawServer()
  const rules = { compression: compressionOf(), maxCompressedBytes: () => 1000 }
  const { hub, carrier } = await openTo(server, { rules, headers: [DEFLATE_ACCEPTED] })
  writeBatch(carrier, Buffer.alloc(1001, 'x'))
  await hub.until(() => hub.data.length === 1001, 'what was written')
  assert.equal(hub.compressed, 0)
  writeBatch(carrier, Buffer.alloc(1000, 'x'))
  await hub.until(() => hub.compressed > 0, 'what was written')
  assert.equal(hub.data.length, 1001)
  carrier.destroy()
})

const REQUEST: WebSocketRequest = { host: 'hub.example', path: '/leafnode', compression: true, noMasking: false }

async function upgradeAt(server: RawServer, signal?: AbortSignal, clock: Clock = systemClock) {
  const accepted = server.accepted()
  const socket = await dial(server.address, { clock: systemClock, timeoutMs: 5_000 })
  const upgraded = upgradeToWebSocket(socket, REQUEST, { clock, timeoutMs: 900, signal })
  upgraded.catch(() => {})
  const raw = await accepted
  const request = await raw.readThrough('\r\n\r\n')
  const [, key = ''] = /Sec-WebSocket-Key: (.*)\r\n/.exec(request) ?? []
  return { raw, key, upgraded, socket }
}

const head = (...lines: string[]) => `${lines.join('\r\n')}\r\n\r\n`
const upgrading = ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade']
const accepting = (key: string) => `Sec-WebSocket-Accept: ${acceptKey(key)}`

for (const [name, answer, reason] of [
  ['another key', () => head(...upgrading, accepting('other')), "invalid value for header 'Sec-WebSocket-Accept'"],
  ['no key', () => head(...upgrading), "'Sec-WebSocket-Accept' missing"],
  ['a 101 for nothing', (key) => head(upgrading[0]!, accepting(key)), "invalid value for header 'Upgrade'"],
  [
    'contexts that are kept',
    (key) => head(...upgrading, accepting(key), 'Sec-WebSocket-Extensions: permessage-deflate'),
    'compression negotiation error',
  ],
  [
    'a refusal',
    () => `${head('HTTP/1.1 404 Not Found', 'Content-Length: 10')}Not Found\n`,
    'the server answered 404 Not Found',
  ],
  [
    'a page',
    () =>
      `${head('HTTP/1.1 502 Bad Gateway', 'Content-Length: 71')}<html><head><style>p{}</style></head><body><h1>upstream</h1>\x1b[2J</body>`,
    'the server answered 502 Bad Gateway: upstream [2J',
  ],
  [
    'a long page in chunks',
    () => `${head('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked')}${'a\r\n0123456789\r\n'.repeat(300)}`,
    `the server answered 200 OK: ${'0123456789'.repeat(12).slice(0, 117)}...`,
  ],
  [
    'a redirect',
    () =>
      head(
        'HTTP/1.1 301 Moved Permanently',
        'Location: https://u:secret@hub.example/leafnode?token=secret',
        'Content-Length: 0',
      ),
    'the server answered 301 Moved Permanently to https://hub.example/leafnode',
  ],
  [
    'TLS wanted',
    () => `${head('HTTP/1.0 400 Bad Request')}Client sent an HTTP request to an HTTPS server.\n`,
    'the server answered 400 Bad Request: Client sent an HTTP request to an HTTPS server.',
  ],
  ['an alert of TLS', () => '\x15\x03\x01\x00\x02\x02\x46', 'this port speaks TLS (use wss://)'],
  [
    'NATS over TCP',
    () => 'INFO {"server_id":"N"} \r\n',
    'this port speaks NATS without WebSocket (use nats://, or the port of its websocket block)',
  ],
  ['garbage', () => '\x00\x01\x02', 'the answer is not HTTP (Parse Error: Expected HTTP/, RTSP/ or ICE/)'],
  [
    'headers without an end',
    () => `${upgrading.join('\r\n')}\r\n${'X-Long: 0123456789\r\n'.repeat(2000)}`,
    'the head of the answer is too long',
  ],
] as const satisfies readonly (readonly [string, (key: string) => string, string])[]) {
  test(`${name} instead of a WebSocket is named, and costs only this attempt`, async () => {
    await using server = await startRawServer()
    const { raw, key, upgraded, socket } = await upgradeAt(server)
    raw.write(answer(key))
    if (name === 'TLS wanted') raw.socket.end()
    await assert.rejects(within(upgraded, 'the refusal'), (error) => {
      assert.ok(error instanceof DialError)
      assert.deepEqual([error.code, error.message], ['WEBSOCKET', `invalid websocket connection: ${reason}`])
      return true
    })
    assert.equal(socket.destroyed, true)
    await raw.readToEnd()
  })
}

for (const [name, said] of [
  ['at once', ''],
  ['in the middle of its answer', upgrading.join('\r\n')],
] as const) {
  test(`a server that hangs up ${name} is named`, async () => {
    await using server = await startRawServer()
    const { raw, upgraded } = await upgradeAt(server)
    raw.socket.end(said)
    await assert.rejects(within(upgraded, 'the end'), {
      code: 'WEBSOCKET',
      message: 'invalid websocket connection: the server closed the connection',
    })
  })
}

test('a server that never answers, or never ends its answer, is left when the time is over', async () => {
  await using server = await startRawServer()
  const silence = { code: 'TIMEOUT', message: 'invalid websocket connection: no answer within 900 ms' }
  const refusal = {
    code: 'WEBSOCKET',
    message: 'invalid websocket connection: the server answered 404 Not Found',
  }
  for (const [said, error] of [
    ['', silence],
    [upgrading.join('\r\n'), silence],
    [head('HTTP/1.1 103 Early Hints'), silence],
    [`${head('HTTP/1.1 404 Not Found', 'Content-Length: 9')}Not`, refusal],
  ] as const) {
    const clock = new FakeClock()
    const { raw, upgraded, socket } = await upgradeAt(server, undefined, clock)
    raw.write(said)
    await until(() => socket.bytesRead === said.length, 'what the server says')
    await turnOver()
    clock.advance(899)
    await turnOver()
    assert.equal(raw.hasEnded, false)
    clock.advance(1)
    await assert.rejects(within(upgraded, 'the timeout'), error)
    await raw.readToEnd()
    assert.equal(clock.pending, 0)
  }
})

test('whoever gives up while the server thinks leaves nothing behind', async () => {
  await using server = await startRawServer()
  const stop = new AbortController()
  const clock = new FakeClock()
  const { raw, upgraded } = await upgradeAt(server, stop.signal, clock)
  stop.abort()
  await assert.rejects(within(upgraded, 'the end'), { code: 'ABORTED' })
  await raw.readToEnd()
  assert.equal(clock.pending, 0)
})

for (const [name, leave, error] of [
  ['broke', (raw: RawSocket) => raw.socket.resetAndDestroy(), undefined],
  ['was ended by the server', (raw: RawSocket) => raw.socket.end(), undefined],
] as const) {
  test(`a stream whose socket ${name} while nobody listened ends like any other`, async () => {
    await using server = await startRawServer()
    const { raw, key, upgraded } = await upgradeAt(server)
    raw.write(head(...upgrading, accepting(key)))
    const { socket, agreed, head: behind } = await upgraded
    leave(raw)
    socket.resume()
    await until(() => socket.closed || socket.readableEnded, 'the end of the connection')
    const { door } = openedStream({ socket, agreed, head: behind })
    assert.equal(await door.closed(), error)
    assert.equal(door.events.filter((event) => event === 'closed').length, 1)
  })
}
