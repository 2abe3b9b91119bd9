/** Frames as they may come: of any size, cut anywhere, in fragments, with control frames in between. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type RunningImplementation, table } from './servers.ts'
import {
  BINARY,
  CLOSE,
  CONTINUATION,
  close,
  frame,
  NO_CLOSE_FRAME,
  PING,
  PONG,
  TEXT,
  WireClient,
} from './wire-client.ts'

/** `PUB x` whose frame has a payload of exactly `length` bytes, of which those of the message tell their place. */
function publishOf(length: number): { readonly operation: string; readonly message: string } {
  const sizes = Array.from({ length: 20 }, (_, taken) => length - taken)
  const size = sizes.find((candidate) => candidate >= 0 && `PUB x ${candidate}\r\n\r\n`.length + candidate === length)
  assert.ok(size !== undefined, `there is a PUB of ${length} bytes`)
  const message = Array.from({ length: size }, (_, index) =>
    String.fromCharCode((index * 7 + (index >> 8)) & 0xff),
  ).join('')
  return { operation: `PUB x ${size}\r\n${message}\r\n`, message }
}

table(({ name, start }) => {
  let server: RunningImplementation
  before(async () => {
    server = await start('max_payload: 200000\nwebsocket { listen: "127.0.0.1:-1", no_tls: true }')
  })
  after(() => server?.[Symbol.asyncDispose]())

  const ready = () => WireClient.ready(server.webSocket)
  const subscribed = async () => {
    const client = await ready()
    client.say('SUB x 1\r\n')
    return client
  }

  /** Writes `bytes` in two parts, and the second only when the first was read. */
  async function writeCut(client: WireClient, bytes: Buffer, position: number): Promise<void> {
    const mark = String(client.pongs.length)
    client.write(Buffer.concat([frame(mark, { opcode: PING }), bytes.subarray(0, position)]))
    await client.pongIs(mark)
    client.write(bytes.subarray(position))
  }

  async function assertHears(client: WireClient, message: string): Promise<void> {
    const expected = `MSG x 1 ${message.length}\r\n${message}\r\n`
    assert.equal(await client.hear(expected.length), expected)
  }

  test('WSGet: what is wanted may lie in any two reads', async () => {
    using client = await subscribed()
    const { operation, message } = publishOf(40)
    const bytes = frame(operation)
    for (let position = 1; position < bytes.length; position++) {
      await writeCut(client, bytes, position)
      await assertHears(client, message)
    }
  })

  test('WSGet: what is wanted may come byte by byte', async () => {
    using client = await subscribed()
    const { operation, message } = publishOf(30)
    for (const byte of frame(operation)) {
      client.write(Buffer.from([byte]))
      await new Promise((resolve) => setImmediate(resolve))
    }
    await assertHears(client, message)
  })

  test('WSIsControlFrame: opcodes of 8 and more interrupt a message, others do not', async () => {
    using client = await ready()
    client.write(
      Buffer.concat([
        frame('PI', { isFinal: false }),
        frame('now', { opcode: PING }),
        frame('ignored', { opcode: PONG }),
        frame('NG\r\n', { opcode: CONTINUATION }),
      ]),
    )
    assert.equal(await client.hearThrough('\r\n'), 'PONG\r\n')
    assert.deepEqual(client.pongs, ['now'])
  })

  for (const opcode of [3, 7, 11, 15]) {
    test(`WSIsControlFrame: opcode ${opcode} is neither`, async () => {
      using client = await ready()
      client.write(frame('x', { opcode }))
      const ending = await client.ended()
      // nats-server often loses the close frame after what it calls a read error.
      if (name === 'belfry' || ending !== NO_CLOSE_FRAME) {
        assert.deepEqual(ending, { code: 1002, reason: `unknown opcode ${opcode}` })
      }
    })
  }

  test('WSUnmask: any key, and payloads of any length modulo the key', async () => {
    using client = await subscribed()
    const keys = ['00000000', 'ffffffff', '000000ff', 'ff000000', '01020304', '80402010']
    for (const [index, key] of keys.entries()) {
      for (let length = 40; length < 48; length++) {
        const { operation, message } = publishOf(length + 64 * index)
        client.write(frame(operation, { mask: Buffer.from(key, 'hex') }))
        await assertHears(client, message)
      }
    }
  })

  test('WSUnmask: the key goes on where a read has cut the payload', async () => {
    using client = await subscribed()
    const { operation, message } = publishOf(300)
    const bytes = frame(operation)
    for (const position of [8, 9, 10, 11, 12, 71, 72, 73, 74, 75, 136, 137, 138, 139, 299, 304, 307]) {
      await writeCut(client, bytes, position)
      await assertHears(client, message)
    }
  })

  test('WSReadUncompressedFrames: one frame, and many in one read', async () => {
    using client = await subscribed()
    const { operation, message } = publishOf(20)
    client.write(frame(operation))
    await assertHears(client, message)
    client.write(Buffer.concat([...Array.from({ length: 10 }, () => frame(operation)), frame('PING\r\n')]))
    for (let count = 0; count < 10; count++) await assertHears(client, message)
    assert.equal(await client.hearThrough('\r\n'), 'PONG\r\n')
  })

  test('WSReadUncompressedFrames: text is as good as binary, and need not be UTF-8; empty frames are nothing', async () => {
    using client = await subscribed()
    client.write(
      Buffer.concat([frame(''), frame('PUB x 2\r\n\xff\xfe\r\n', { opcode: TEXT }), frame('', { opcode: TEXT })]),
    )
    await assertHears(client, '\xff\xfe')
    assert.ok(client.frames.every(({ opcode }) => opcode === BINARY))
  })

  test('WSReadUncompressedFrames: operations do not care for frames', async () => {
    using client = await subscribed()
    const { operation, message } = publishOf(25)
    client.write(Buffer.concat([...operation].map((character) => frame(character))))
    await assertHears(client, message)
  })

  for (const length of [11, 124, 125, 126, 127, 4_095, 4_096, 4_097, 32_768, 65_534, 65_535, 65_536, 65_537, 150_000]) {
    test(`WSReadVariousFrameSizes: a frame of ${length} bytes`, async () => {
      using client = await subscribed()
      const { operation, message } = publishOf(length)
      assert.equal(operation.length, length)
      client.write(frame(operation))
      await assertHears(client, message)
      assert.equal(await client.untilPong(), 'PONG\r\n')
    })
  }

  test('WSReadVariousFrameSizes: a length in more bytes than it needs', async () => {
    using client = await ready()
    const masked = frame('PING\r\n').subarray(2)
    client.write(Buffer.concat([Buffer.from([0x82, 0xfe, 0, 6]), masked]))
    assert.equal(await client.hearThrough('\r\n'), 'PONG\r\n')
    client.write(Buffer.concat([Buffer.from([0x82, 0xff, 0, 0, 0, 0, 0, 0, 0, 6]), masked]))
    assert.equal(await client.hearThrough('\r\n'), 'PONG\r\n')
  })

  test('WSReadFragmentedFrames: fragments are put together in their order, empty ones too', async () => {
    using client = await subscribed()
    const { operation, message } = publishOf(30)
    const parts = [operation.slice(0, 3), '', operation.slice(3, 17), operation.slice(17, 18), operation.slice(18)]
    const last = parts.length - 1
    const frames = parts.map((part, index) =>
      frame(part, { opcode: index === 0 ? BINARY : CONTINUATION, isFinal: index === last }),
    )
    client.write(Buffer.concat(frames))
    await assertHears(client, message)
    for (const part of frames) {
      client.write(part)
      await new Promise((resolve) => setImmediate(resolve))
    }
    await assertHears(client, message)
  })

  for (const length of [60, 200, 70_000]) {
    test(`WSReadPartialFrameHeaderAtEndOfReadBuffer: the header of ${length} bytes in two reads`, async () => {
      using client = await subscribed()
      const { operation, message } = publishOf(length)
      const bytes = frame(operation)
      const headerBytes = bytes.length - length
      for (let position = 1; position <= headerBytes; position++) {
        await writeCut(client, bytes, position)
        await assertHears(client, message)
      }
    })
  }

  for (const [what, payload] of [
    ['nothing', ''],
    ['text', 'optional payload'],
    ['any bytes', '\0\xff\r\n'],
    ['125 bytes', 'x'.repeat(125)],
  ] as const) {
    test(`WSReadPingFrame: a ping with ${what} gets a pong with the same`, async () => {
      using client = await ready()
      client.write(frame(payload, { opcode: PING }))
      await client.pongIs(payload)
      assert.equal(await client.untilPong(), 'PONG\r\n')
      assert.deepEqual(client.pongs, [payload])
    })

    test(`WSReadPongFrame: a pong with ${what} is ignored`, async () => {
      using client = await ready()
      client.write(frame(payload, { opcode: PONG }))
      assert.equal(await client.untilPong(), 'PONG\r\n')
      assert.deepEqual(client.pongs, [])
    })
  }

  for (const [code, reason] of [
    [1000, ''],
    [1000, 'optional payload'],
    [1001, 'going ✓'],
    [4999, 'x'.repeat(123)],
  ] as const) {
    test(`WSReadCloseFrame: ${code} ${JSON.stringify(reason.slice(0, 20))} is answered with itself`, async () => {
      using client = await ready()
      client.write(close(code, reason))
      assert.deepEqual(await client.ended(), { code, reason })
    })
  }

  test('WSReadCloseFrame: an empty one is answered with an empty one', async () => {
    using client = await ready()
    client.write(frame('', { opcode: CLOSE }))
    const illegal = { code: 1005, reason: '' }
    assert.deepEqual(await client.ended(), name === 'natsServer' ? illegal : { code: undefined, reason: '' })
  })

  test('WSReadCloseFrame: what came before it is carried out, what comes behind it is not', async () => {
    using client = await ready()
    using other = await subscribed()
    await other.untilPong()
    const operations = [frame('PUB x 1\r\na\r\nPING\r\n'), close(1000), frame('PUB x 1\r\nb\r\n')]
    // Now and then it says what it had to say before behind its close frame.
    client.mayBeLate = name === 'natsServer'
    client.write(Buffer.concat(operations))
    assert.deepEqual(await client.ended(), { code: 1000, reason: '' })
    assert.equal(client.heard, 'PONG\r\n')
    await assertHears(other, 'a')
    assert.equal(await other.untilPong(), 'PONG\r\n')
  })

  test('WSReadControlFrameBetweebFragmentedFrames: a pong and a ping between fragments, cut anywhere', async () => {
    using client = await subscribed()
    const { operation, message } = publishOf(20)
    const bytes = Buffer.concat([
      frame(operation.slice(0, 9), { isFinal: false }),
      frame('', { opcode: PONG }),
      frame('between', { opcode: PING }),
      frame(operation.slice(9), { opcode: CONTINUATION }),
    ])
    client.write(bytes)
    await assertHears(client, message)
    assert.deepEqual(client.pongs, ['between'])
    for (let position = 16; position < bytes.length; position++) {
      // A ping would be none of the fragments' business before the first of them.
      await writeCut(client, bytes, position)
      await assertHears(client, message)
    }
  })
})
