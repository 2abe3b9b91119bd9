/** permessage-deflate (RFC 7692): what is inflated, what is not accepted, and when and how the server deflates. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, test } from 'node:test'
import { TcpClient } from '../raw-client.ts'
import { type Implementation, newerRow, type RunningImplementation, table } from './servers.ts'
import {
  BINARY,
  BROWSER,
  CONTINUATION,
  compressedFrame,
  deflated,
  frame,
  NO_CLOSE_FRAME,
  OFFERS_COMPRESSION,
  PING,
  WireClient,
} from './wire-client.ts'

const BROWSER_FRAME_BYTES = 4_096
/** What is not longer is not worth compressing. */
const THRESHOLD_BYTES = 64

const SAFARI = {
  'User-Agent':
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Safari/605.1.15',
}

const config = (more = '') => `${more}\nwebsocket { listen: "127.0.0.1:-1", no_tls: true, compression: true }`

function delivery(payload: string): string {
  return `MSG foo 1 ${payload.length}\r\n${payload}\r\n`
}

/** Becomes about half as long. */
function dense(length: number): string {
  return randomBytes(length / 2).toString('hex')
}

/** Too random to become smaller. */
function noise(length: number): string {
  return randomBytes(length).toString('latin1')
}

table((implementation) => {
  const { name, start } = implementation
  let server: RunningImplementation
  before(async () => {
    server = await start(config())
  })
  after(() => server?.[Symbol.asyncDispose]())

  const ready = (at = server, headers = {}) =>
    WireClient.ready(at.webSocket, { headers: { ...OFFERS_COMPRESSION, ...headers } })
  const subscribed = async (at = server, headers = {}) => {
    const client = await ready(at, headers)
    client.say('SUB foo 1\r\n')
    await client.untilPong()
    client.frames.length = 0
    return client
  }
  const publish = async (payloads: readonly string[], at = server) => {
    using client = await TcpClient.connect(at.tcp)
    client.say('CONNECT {"verbose":false}\r\n')
    for (const payload of payloads) client.say(`PUB foo ${payload.length}\r\n${payload}\r\n`)
    assert.equal(await client.untilPong(), 'PONG\r\n')
  }

  test('WSPubSub: with compression, both ways, and to those who have none', async () => {
    using compressing = await subscribed()
    using plain = await WireClient.ready(server.webSocket)
    plain.say('SUB foo 1\r\n')
    await plain.untilPong()
    for (const payload of ['short', 'long '.repeat(100)]) {
      compressing.write(compressedFrame(`PUB foo ${payload.length}\r\n${payload}\r\n`))
      for (const client of [compressing, plain]) {
        assert.equal(await client.hear(delivery(payload).length), delivery(payload))
      }
    }
    assert.ok(plain.frames.every(({ isCompressed }) => !isCompressed))
  })

  test('WSCompressedPubInSingleFrame: within max_payload', async () => {
    await using small = await start(config('max_payload: 64'))
    using client = await subscribed(small)
    client.write(compressedFrame('PUB foo 1\r\na\r\n'))
    assert.equal(await client.hearThrough('a\r\n'), delivery('a'))
    client.write(compressedFrame('PING\r\n'))
    assert.equal(await client.hearThrough('\r\n'), 'PONG\r\n')
  })

  test('WSCompressedSequentialFramesRemainResponsive: 64 messages one after the other', async () => {
    using client = await subscribed()
    for (let count = 0; count < 64; count++) client.write(compressedFrame('PUB foo 1\r\na\r\n'))
    assert.equal(await client.hear(delivery('a').length * 64), delivery('a').repeat(64))
    client.write(compressedFrame('PING\r\n'))
    assert.equal(await client.hearThrough('\r\n'), 'PONG\r\n')
  })

  const inFragments = async (splits: readonly number[], bytes: Buffer) => {
    using client = await subscribed()
    for (const split of splits) {
      client.write(frame(bytes.subarray(0, split), { isFinal: false, rsv: 4 }))
      client.write(frame('now', { opcode: PING }))
      client.write(frame(bytes.subarray(split), { opcode: CONTINUATION }))
      assert.equal(await client.hearThrough('a\r\n'), delivery('a'))
    }
    client.write(compressedFrame('PING\r\n'))
    assert.equal(await client.hearThrough('\r\n'), 'PONG\r\n')
  }
  const publishing = deflated('PUB foo 1\r\na\r\n')

  test('WSCompressedFragmentedFrame: cut anywhere, only the first fragment says that it is compressed', () =>
    inFragments(
      Array.from({ length: publishing.length - 1 }, (_, index) => index + 1),
      publishing,
    ))

  newerRow(implementation, 'WSCompressedFragmentedFrame: an empty first fragment', 'it crashes', () =>
    inFragments([0], publishing),
  )

  if (name === 'belfry') {
    // Other servers wait forever for such a message to end.
    test('WSCompressedFragmentedFrame: an empty last fragment', () => inFragments([publishing.length], publishing))
  }

  test('WSCompressedFragmentedFrame: messages with and without compression take turns', async () => {
    using client = await subscribed()
    for (let count = 0; count < 5; count++) {
      client.write(compressedFrame('PUB foo 1\r\na\r\n'))
      client.write(frame('PUB foo 1\r\nb\r\n'))
      client.write(
        Buffer.concat([frame('PUB foo', { isFinal: false }), frame(' 1\r\nc\r\n', { opcode: CONTINUATION })]),
      )
    }
    const turns = delivery('a') + delivery('b') + delivery('c')
    assert.equal(await client.hear(turns.length * 5), turns.repeat(5))
  })

  test('WSCorruptedCompressedFrameIsRejected: the connection is closed, others go on', async () => {
    using client = await ready()
    using other = await ready()
    const bytes = compressedFrame('PING\r\n')
    bytes[bytes.length - 1]! ^= 0xff
    client.write(bytes)
    const ending = await client.ended()
    if (name === 'belfry') assert.notEqual(ending, NO_CLOSE_FRAME)
    else await server.logged(/corrupt/)
    assert.equal(await other.untilPong(), 'PONG\r\n')
  })

  test('WSCompressionBasic: one compressed frame for what is long', async () => {
    using client = await subscribed()
    const payload = `This is the content of a message that will be compresse${'d'.repeat(70)}.`
    await publish([payload])
    assert.equal(await client.hear(delivery(payload).length), delivery(payload))
    const [first, ...more] = client.frames
    assert.deepEqual([first!.isFinal, first!.isCompressed, first!.opcode, more.length], [true, true, BINARY, 0])
    assert.ok(first!.payload.length < payload.length)
    assert.notEqual(first!.payload.subarray(-4).toString('hex'), '0000ffff')
  })

  test('WSCompressionBasic: nothing of one message is needed for the next', async () => {
    using client = await subscribed()
    const payload = 'abcdefghijklmnopqrstuvwxyz'.repeat(4)
    for (let count = 0; count < 3; count++) {
      await publish([payload])
      assert.equal(await client.hear(delivery(payload).length), delivery(payload))
    }
    const sizes = client.frames.map((part) => part.payload.length)
    assert.deepEqual(sizes, [sizes[0], sizes[0], sizes[0]])
  })

  for (const [length, isCompressed] of [
    [THRESHOLD_BYTES - 1, false],
    [THRESHOLD_BYTES, false],
    [THRESHOLD_BYTES + 1, true],
  ] as const) {
    test(`WSCompressionBasic: ${length} bytes are ${isCompressed ? '' : 'not '}compressed`, async () => {
      using client = await subscribed()
      const payload = 'a'.repeat(length - delivery('aaaaaaaaaa').length + 10)
      assert.equal(delivery(payload).length, length)
      await publish([payload])
      assert.equal(await client.hear(length), delivery(payload))
      assert.deepEqual(
        client.frames.map((part) => part.isCompressed),
        [isCompressed],
      )
    })
  }

  test('WSCompressionFrameSizeLimit: browsers get one message in fragments of at most 4096 bytes', async () => {
    using client = await subscribed(server, BROWSER)
    const payload = dense(6 * BROWSER_FRAME_BYTES)
    await publish([payload])
    assert.equal(await client.hear(delivery(payload).length), delivery(payload))
    const { frames } = client
    assert.ok(frames.length > 2)
    for (const [index, part] of frames.entries()) {
      assert.ok(part.payload.length <= BROWSER_FRAME_BYTES)
      const isFirst = index === 0
      assert.deepEqual(
        [part.opcode, part.isCompressed, part.isFinal],
        [isFirst ? BINARY : CONTINUATION, isFirst, index === frames.length - 1],
      )
    }
  })

  test('WSCompressionFrameSizeLimit: Safari gets it in one frame', async () => {
    using client = await subscribed(server, SAFARI)
    const payload = dense(6 * BROWSER_FRAME_BYTES)
    await publish([payload])
    assert.equal(await client.hear(delivery(payload).length), delivery(payload))
    assert.deepEqual([client.frames.length, client.frames[0]!.isCompressed], [1, true])
  })

  test('WSCompressionFrameSizeLimit: what does not become smaller arrives as well', async () => {
    using client = await subscribed(server, BROWSER)
    const payload = noise(2 * BROWSER_FRAME_BYTES)
    await publish([payload])
    assert.equal(await client.hear(delivery(payload).length), delivery(payload))
    assert.ok(client.frames.every((part) => part.payload.length <= BROWSER_FRAME_BYTES))
    // Belfry then sends it as it is, which needs no fragments.
    assert.ok(client.frames.every((part) => part.isFinal && !part.isCompressed) === (name === 'belfry'))
  })

  test('WSCompressionWithPartialWrite: what does not fit into the socket comes later, a pong in between', async () => {
    using client = await subscribed()
    client.raw.socket.pause()
    client.write(frame('my ping', { opcode: PING }))
    const payloads = Array.from({ length: 60 }, () => noise(100_000))
    await publish(payloads)
    client.raw.socket.resume()
    for (const payload of payloads) assert.ok((await client.hear(delivery(payload).length)) === delivery(payload))
    assert.deepEqual(client.pongs, ['my ping'])
    assert.equal(await client.untilPong(), 'PONG\r\n')
  })

  for (const row of ['WSCompressionPoolBufferRecycling', 'WSCompressedFragmentsDoNotShareNbPoolBuffer']) {
    const headers = row.includes('Fragments') ? BROWSER : {}
    test(`${row}: many receivers, many messages, the same bytes for all`, async () => {
      const clients = await Promise.all(Array.from({ length: 4 }, () => subscribed(server, headers)))
      const payloads = Array.from({ length: 50 }, (_, index) => (index % 2 ? noise(20_000) : 'x'.repeat(256 + index)))
      await publish(payloads)
      for (const client of clients) {
        for (const payload of payloads) assert.ok((await client.hear(delivery(payload).length)) === delivery(payload))
        client[Symbol.dispose]()
      }
    })
  }

  limitRows(implementation)
})

function limitRows(implementation: Implementation): void {
  const { name, start } = implementation
  const open = async (server: RunningImplementation) =>
    WireClient.ready(server.webSocket, { headers: OFFERS_COMPRESSION })

  for (const [what, more, maxPayload] of [
    ['not configured', '', 1_048_576],
    ['high', 'max_payload: 2097152', 2_097_152],
    ['low', 'max_payload: 4096', 4_096],
  ] as const) {
    test(`WSDecompressLimit: a PUB beyond max_payload, ${what}`, async () => {
      await using server = await start(config(more))
      using client = await open(server)
      const size = maxPayload + 1
      client.write(compressedFrame(`PUB foo ${size}\r\n${'\0'.repeat(size)}\r\n`))
      assert.match(await client.hearThrough("'\r\n"), /^-ERR 'Maximum Payload Violation'\r\n$/)
      const ending = await client.ended()
      if (name === 'belfry') assert.equal(ending.code, 1009)
      await server.logged(/maximum (message )?payload exceeded/i)
    })
  }

  newerRow(implementation, 'WSDecompressLimit: operations that are too much together', 'has no limit', async () => {
    await using server = await start(config('max_payload: 4096'))
    using client = await open(server)
    using witness = await open(server)
    client.write(compressedFrame('PUB foo 1000\r\n'.padEnd(1014, 'x').concat('\r\n').repeat(5)))
    const ending = await client.ended()
    if (name === 'belfry') assert.equal(ending.code, 1009)
    assert.equal(await witness.untilPong(), 'PONG\r\n')
  })

  newerRow(implementation, 'WSDecompressLimit: a bomb of many fragments', 'has no limit', async () => {
    await using server = await start(config('max_payload: 4096'))
    using client = await open(server)
    using witness = await open(server)
    const bomb = deflated(`PING\r\n${' '.repeat(20_000_000)}\r\n`)
    for (let at = 0; at < bomb.length; at += 1_000) {
      const isFinal = at + 1_000 >= bomb.length
      const opcode = at === 0 ? BINARY : CONTINUATION
      client.write(frame(bomb.subarray(at, at + 1_000), { opcode, isFinal, rsv: at === 0 ? 4 : 0 }))
    }
    const ending = await client.ended()
    if (name === 'belfry') assert.equal(ending.code, 1009)
    assert.equal(await witness.untilPong(), 'PONG\r\n')
  })

  newerRow(
    implementation,
    'WSDecompressLimit: a compressed message beyond eight times max_payload',
    'has no limit',
    async () => {
      await using server = await start(config('max_payload: 4096'))
      using client = await open(server)
      using witness = await open(server)
      client.write(frame(Buffer.alloc(8 * 4_096 + 1), { rsv: 4, isFinal: false }))
      const ending = await client.ended()
      if (name === 'belfry') assert.equal(ending.code, 1009)
      assert.equal(await witness.untilPong(), 'PONG\r\n')
    },
  )
}
