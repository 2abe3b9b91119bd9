import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { test } from 'node:test'
import { Outbox, Turn } from '#core'
import { encodeClose, encodeFrame, encodeMaskedFrame, Opcode } from '#wire/websocket'
import { until } from '../helpers/wait.ts'
import type { RecordingReceiver } from './carrier-server.ts'
import { compressionOf, OFFER, openStream, startCompressingServer, untilRead } from './compressing-server.ts'
import { MASK, type RawWebSocket } from './raw-websocket.ts'
import { compressedMessage, contentOf, type Frame, inFragments, parseFrames } from './websocket-frames.ts'

const { BINARY, CLOSE, CONTINUATION, PING } = Opcode
/** RFC 1951 §3.2.3: a block of the reserved type. */
const NO_DEFLATE = Buffer.alloc(50, 0x07)
const CHROME = 'Mozilla/5.0 (Macintosh) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36'
const SAFARI = 'Mozilla/5.0 (Macintosh) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15'

test('64 compressed messages one after the other, and uncompressed ones between, are one stream', async () => {
  await using server = await startCompressingServer(compressionOf())
  const { client, door } = await openStream(server)
  using _ = client
  let expected = ''
  for (let i = 0; i < 64; i++) {
    const lines = `PUB orders.${i} 5\r\nhello\r\n`.repeat(1 + (i % 5))
    expected += lines
    if (i % 7 === 3) client.frame(BINARY, lines)
    else client.raw.write(compressedMessage(lines))
  }
  await untilRead(door, expected)
})

test('several publishes in one compressed message, and one message in many fragments, arrive', async () => {
  await using server = await startCompressingServer(compressionOf())
  const { client, door } = await openStream(server)
  using _ = client
  const lines = Array.from({ length: 500 }, (_, i) => `PUB orders.${i} 5\r\nhello\r\n`).join('')
  client.raw.write(compressedMessage(lines))
  client.raw.write(compressedMessage(lines, 50))
  // Control frames may come between the fragments.
  const [first, ...others] = inPieces(compressedMessage('PUB a 5\r\nhello\r\n', 8))
  client.raw.write(Buffer.concat([first!, encodeMaskedFrame(PING, Buffer.from('p'), MASK), ...others]))
  await untilRead(door, `${lines}${lines}PUB a 5\r\nhello\r\n`)
  await client.until(() => client.pongs.length === 1, 'a pong')
})

/** Masked frames of less than 126 bytes, apart. */
function inPieces(bytes: Buffer): Buffer[] {
  const frames: Buffer[] = []
  for (let at = 0; at < bytes.length; ) {
    const end = at + 6 + (bytes[at + 1]! & 0x7f)
    frames.push(bytes.subarray(at, end))
    at = end
  }
  return frames
}

test('a compressed frame that was not agreed on is refused', async () => {
  await using server = await startCompressingServer(compressionOf())
  const { client } = await openStream(server, {})
  using _ = client
  client.raw.write(compressedMessage('PING\r\n'))
  const reason = 'compressed frame received without negotiated permessage-deflate'
  assert.deepEqual(await client.ended(), { code: 1002, reason })
})

test('a bomb closes the connection with 1009 and gives nothing to the door', async () => {
  const { limits, shared } = compressionOf()
  await using server = await startCompressingServer({ limits, shared })
  const { client, door } = await openStream(server)
  using _ = client
  client.raw.write(Buffer.concat([compressedMessage('before'), compressedMessage(Buffer.alloc(64 * 1024 * 1024), 999)]))
  assert.deepEqual(await client.ended(), { code: 1009, reason: 'maximum payload exceeded' })
  await door.closed()
  assert.deepEqual(door.events, ['bytes before', 'closing: maximum payload exceeded', 'closed'])
  assert.equal(shared.budget.usedBytes, 0)
})

test('the door may end a connection in its own words when the carrier has to', async () => {
  await using server = await startCompressingServer(compressionOf({ maxPayloadBytes: 1000 }))
  const { client, door } = await openStream(server)
  using _ = client
  door.lastWords = encodeFrame(BINARY, Buffer.from("-ERR 'Maximum Payload Violation'\r\n"))
  door.farewell = { code: 1009, reason: 'Maximum Message Payload Exceeded' }
  client.raw.write(compressedMessage(Buffer.alloc(1001)))
  assert.deepEqual(await client.ended(), { code: 1009, reason: 'Maximum Message Payload Exceeded' })
  assert.equal(client.messages[0]?.payload, "-ERR 'Maximum Payload Violation'\r\n")
  const error = await door.closed()
  assert.deepEqual([error?.name, (error as { code?: string }).code], ['WebSocketError', 'TOO_BIG'])
})

test('a limit that is changed holds for connections that are there', async () => {
  const { shared, limits, change } = compressionOf({ maxPayloadBytes: 10 })
  await using server = await startCompressingServer({ shared, limits })
  const { client, door } = await openStream(server)
  using _ = client
  change(2000)
  client.raw.write(compressedMessage('x'.repeat(2000)))
  await untilRead(door, 'x'.repeat(2000))
  change(1999)
  client.raw.write(compressedMessage('x'.repeat(2000)))
  assert.equal((await client.ended()).code, 1009)
})

test('corrupt data costs its connection and no other', async () => {
  await using server = await startCompressingServer(compressionOf())
  const { client: bad, door: badDoor } = await openStream(server)
  const { client: good, door: goodDoor } = await openStream(server)
  using _bad = bad
  using _good = good
  bad.raw.write(Buffer.concat([compressedMessage('PUB a 1\r\nx\r\n'), inFragments(NO_DEFLATE)]))
  assert.deepEqual(await bad.ended(), { code: 1002, reason: 'invalid compressed data' })
  await badDoor.closed()
  assert.deepEqual(badDoor.events, ['bytes PUB a 1\r\nx\r\n', 'closing: invalid compressed data', 'closed'])
  good.raw.write(compressedMessage('PING\r\n'))
  await untilRead(goodDoor, 'PING\r\n')
})

test('over the budget the connection that asks for more is closed; the budget is freed with the connections', async () => {
  const { limits, shared } = compressionOf({ maxUnfinishedBytes: 100_000 })
  await using server = await startCompressingServer({ limits, shared })
  const unfinished = (byteLength: number) => {
    const frame = encodeMaskedFrame(BINARY, randomBytes(byteLength), MASK, false)
    frame[0]! |= 0x40
    return frame
  }
  const { client: holder, door: holderDoor } = await openStream(server)
  holder.raw.write(unfinished(60_000))
  await until(() => shared.budget.usedBytes >= 60_000, 'what the first connection holds')

  const { client: asker } = await openStream(server)
  using _asker = asker
  asker.raw.write(unfinished(60_000))
  assert.deepEqual(await asker.ended(), { code: 1013, reason: 'too many unfinished compressed messages' })

  // What needs no budget is served all the same.
  const { client: other, door: otherDoor } = await openStream(server)
  using _other = other
  other.raw.write(compressedMessage('PING\r\n'))
  await untilRead(otherDoor, 'PING\r\n')

  holder.raw.destroy()
  await holderDoor.closed()
  assert.equal(shared.budget.usedBytes, 0)
})

test('a close by the server frees what a half message holds, though the peer goes on with it', async () => {
  const { limits, shared } = compressionOf()
  await using server = await startCompressingServer({ limits, shared })
  const { client, door } = await openStream(server)
  using _ = client
  const [first, second, ...others] = inPieces(compressedMessage(randomBytes(500), 100))
  client.raw.write(Buffer.concat([first!, encodeMaskedFrame(PING, Buffer.from('p'), MASK)]))
  await client.until(() => client.pongs.length === 1, 'a pong')
  assert.ok(shared.budget.usedBytes > 0)
  door.carrier.close(1001, 'Server Shutdown')
  client.raw.write(Buffer.concat([second!, ...others]))
  assert.deepEqual(await client.ended(), { code: 1001, reason: 'Server Shutdown' })
  await door.closed()
  assert.deepEqual([door.events, shared.budget.usedBytes], [['closed'], 0])
})

test('a protocol error is always told: the close frame arrives behind what was written, read or not', async () => {
  await using server = await startCompressingServer(compressionOf())
  for (let round = 0; round < 20; round++) {
    const { client, door } = await openStream(server)
    using _ = client
    const answer = encodeFrame(BINARY, randomBytes(100_000))
    door.lastWords = answer
    // More comes behind the bad frame, which has to be read away for the close frame not to be lost to a reset.
    client.raw.write(Buffer.concat([encodeMaskedFrame(CONTINUATION, Buffer.from('x'), MASK), randomBytes(200_000)]))
    assert.deepEqual(await client.closeFrame(), { code: 1002, reason: 'invalid continuation frame' }, `round ${round}`)
    assert.equal(client.messages[0]?.payload.length, 100_000)
    client.raw.socket.end()
    await door.closed()
  }
})

test('a protocol error of a paused connection is told too', async () => {
  await using server = await startCompressingServer(compressionOf())
  const { client, door } = await openStream(server)
  using _ = client
  door.carrier.pause(true)
  door.carrier.close(1008, 'Authentication Timeout')
  assert.deepEqual(await client.ended(), { code: 1008, reason: 'Authentication Timeout' })
  await door.closed()
})

/** Connections that get what is published, through outboxes as a door has them. */
class Subscribers {
  readonly #turn = new Turn((work) => void setImmediate(work))
  readonly #outboxes: Outbox[] = []

  add(door: RecordingReceiver): Outbox {
    const outbox = new Outbox(this.#turn, door.carrier, 64 * 1024 * 1024, () => assert.fail('a slow consumer'))
    this.#outboxes.push(outbox)
    return outbox
  }

  publish(payload: Buffer): void {
    for (const outbox of this.#outboxes) outbox.append(`MSG a 1 ${payload.length}\r\n`, payload, '\r\n')
  }
}

class FrameCollector {
  readonly #client: RawWebSocket
  readonly frames: Frame[] = []
  #rest = Buffer.alloc(0)

  constructor(client: RawWebSocket) {
    this.#client = client
  }

  /** Until the frames are complete messages of `byteLength` bytes together, or a close frame has come. */
  async content(byteLength: number): Promise<Buffer> {
    const { raw } = this.#client
    const isComplete = () => {
      const { frames, rest } = parseFrames(Buffer.concat([this.#rest, raw.take()]))
      this.frames.push(...frames)
      this.#rest = Buffer.from(rest)
      const last = this.frames.at(-1)
      if (last === undefined || !last.isFinal || this.#rest.length > 0) return false
      return last.opcode === CLOSE || contentOf(this.frames).length >= byteLength
    }
    await raw.until(isComplete, () => 'everything')
    return contentOf(this.frames)
  }
}

test('browsers, Safari and services get the same messages intact, each in its own frames', async () => {
  await using server = await startCompressingServer(compressionOf())
  const subscribers = new Subscribers()
  const collectors: { name: string; collector: FrameCollector; client: RawWebSocket }[] = []
  for (const [name, headers] of [
    ['service', OFFER],
    ['another service', OFFER],
    ['uncompressed service', {}],
    ['Chrome', { ...OFFER, 'User-Agent': CHROME }],
    ['Safari', { ...OFFER, 'User-Agent': SAFARI }],
    ['uncompressed Chrome', { 'User-Agent': CHROME }],
  ] as const) {
    const { client, door } = await openStream(server, headers)
    subscribers.add(door)
    collectors.push({ name, client, collector: new FrameCollector(client) })
  }
  const expected: Buffer[] = []
  for (let turn = 0; turn < 60; turn++) {
    const length = [1, 60, 500, 5000, 20_000, 150_000][turn % 6]!
    const payload = Buffer.concat([randomBytes(length / 3), Buffer.alloc(length, `turn ${turn} `)])
    subscribers.publish(payload)
    expected.push(Buffer.from(`MSG a 1 ${payload.length}\r\n`), payload, Buffer.from('\r\n'))
    // Some turns have several messages, as it comes.
    if (turn % 4 !== 0) await new Promise((resolve) => setImmediate(resolve))
  }
  const bytes = Buffer.concat(expected)
  for (const { name, client, collector } of collectors) {
    assert.ok((await collector.content(bytes.length)).equals(bytes), name)
    const { frames } = collector
    const isFragmented = frames.some(({ opcode }) => opcode === CONTINUATION)
    const longest = Math.max(...frames.map(({ payload }) => payload.length))
    assert.equal(
      frames.some(({ isCompressed }) => isCompressed),
      !name.startsWith('uncompressed'),
      name,
    )
    assert.equal(isFragmented, name === 'Chrome', name)
    assert.equal(longest <= 4096, name.endsWith('Chrome'), name)
    client.raw.destroy()
  }
})

test('what is deflated elsewhere keeps its place, and counts as pending until it has gone', async () => {
  await using server = await startCompressingServer(compressionOf())
  const { client, door } = await openStream(server)
  using _ = client
  const outbox = new Subscribers().add(door)
  const long = Buffer.alloc(3_000_000, 'a long story ')
  outbox.append('', long, '')
  outbox.flush()
  assert.equal(door.carrier.backlogBytes, long.length)
  outbox.append('', Buffer.from('short'), '')
  outbox.flush()
  outbox.append('', long, '')
  outbox.flush()
  assert.equal(door.carrier.backlogBytes, 2 * long.length + encodeFrame(BINARY, Buffer.from('short')).length)
  const collector = new FrameCollector(client)
  const content = await collector.content(2 * long.length + 5)
  assert.ok(content.equals(Buffer.concat([long, Buffer.from('short'), long])))
  assert.deepEqual(
    collector.frames.map(({ isCompressed }) => isCompressed),
    [true, false, true],
  )
  assert.equal(door.carrier.backlogBytes, 0)
})

test('a close does not wait for what is deflated elsewhere: it goes out as it is, and before the close frame', async () => {
  await using server = await startCompressingServer(compressionOf())
  const { client, door } = await openStream(server)
  using _ = client
  const outbox = new Subscribers().add(door)
  const long = Buffer.alloc(1_000_000, 'a long story ')
  outbox.append('', long, '')
  outbox.flush()
  door.carrier.close(1001, 'Server Shutdown')
  const collector = new FrameCollector(client)
  assert.ok((await collector.content(Infinity)).equals(long))
  const last = collector.frames.at(-1)
  assert.deepEqual(last?.payload, encodeClose(1001, 'Server Shutdown').subarray(2))
  client.frame(CLOSE)
  client.raw.socket.end()
  await door.closed()
})

test('a connection that goes while its batch is deflated elsewhere takes nothing with it', async () => {
  await using server = await startCompressingServer(compressionOf())
  const { client: gone, door: goneDoor } = await openStream(server)
  const { client, door } = await openStream(server)
  using _ = client
  const subscribers = new Subscribers()
  subscribers.add(goneDoor)
  subscribers.add(door)
  const long = Buffer.alloc(5_000_000, 'a long story ')
  subscribers.publish(long)
  await new Promise((resolve) => setImmediate(resolve))
  assert.ok(goneDoor.carrier.backlogBytes >= long.length)
  gone.raw.destroy()
  await goneDoor.closed()
  assert.equal(goneDoor.carrier.backlogBytes, 0)
  const content = await new FrameCollector(client).content(long.length)
  assert.ok(content.includes(long))
})

test('a slow reader, to whom everything is written in parts, gets compressed frames intact', async () => {
  await using server = await startCompressingServer(compressionOf())
  const { client, door } = await openStream(server, { ...OFFER, 'User-Agent': CHROME })
  using _ = client
  const outbox = new Subscribers().add(door)
  client.raw.socket.pause()
  const parts: Buffer[] = []
  for (let i = 0; i < 200; i++) {
    const part = Buffer.concat([randomBytes(20_000), Buffer.alloc(20_000, `part ${i} `)])
    parts.push(part)
    outbox.append('', part, '')
    if (i % 10 === 9) await new Promise((resolve) => setImmediate(resolve))
  }
  await until(() => door.carrier.backlogBytes > 0, 'a backlog')
  client.raw.socket.resume()
  await once(client.raw.socket, 'data')
  const expected = Buffer.concat(parts)
  assert.ok((await new FrameCollector(client).content(expected.length)).equals(expected))
})
