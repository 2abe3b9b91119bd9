/** Frames that no client may send, and connections that break off: what the sender is told, and what is kept. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { RawSocket } from '../../../net/raw-socket.ts'
import { type Differing, expectationOf, type ImplementationName, type RunningImplementation, table } from './servers.ts'
import {
  BINARY,
  CLOSE,
  CONTINUATION,
  close,
  compressedFrame,
  type Ending,
  frame,
  KEY,
  NO_CLOSE_FRAME,
  OFFERS_COMPRESSION,
  PING,
  WireClient,
} from './wire-client.ts'

/**
 * `published`: the PUB in it is carried out as any other. `harmless`: the connection goes on, or ends, but nothing else
 * happens. `not asked`: it brings nats-server 2.9.10 down (CVE-2026-27889).
 */
type Outcome = Ending | 'published' | 'harmless' | 'not asked'

interface Violation {
  readonly row: string
  readonly what: string
  readonly bytes: Buffer
  readonly ends: Differing<Outcome>
}

const protocolError = (reason: string): Ending => ({ code: 1002, reason })
const MISSING_STATUS: Ending = { code: 1005, reason: '' }
const publish = 'PUB bad 1\r\nb\r\n'

function lengthOf64Bits(length: bigint): Buffer {
  const bytes = Buffer.alloc(10)
  bytes[0] = 0x82
  bytes[1] = 0xff
  bytes.writeBigUInt64BE(length, 2)
  return Buffer.concat([bytes, KEY])
}

const VIOLATIONS: readonly Violation[] = [
  {
    row: 'WSCloseFrameWithPartialOrInvalid',
    what: 'a close frame of one byte',
    bytes: frame('x', { opcode: CLOSE }),
    ends: { belfry: protocolError('close frame payload cannot be 1 byte'), natsServer: MISSING_STATUS },
  },
  ...[0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000].map((code) => ({
    row: 'WSCloseFrameWithPartialOrInvalid',
    what: `a close frame with status ${code}`,
    bytes: close(code),
    ends: { belfry: protocolError(`invalid close status code ${code}`), natsServer: { code, reason: '' } },
  })),
  {
    row: 'WSHandleControlFrameErrors',
    what: 'a close reason that is not UTF-8',
    bytes: close(1000, Buffer.from([0x61, 0xf1, 0x62])),
    ends: { code: 1007, reason: 'invalid utf8 body in close frame' },
  },
  {
    row: 'WSReadErrors',
    what: 'mask bit missing',
    bytes: frame(publish, { mask: false }),
    ends: protocolError('mask bit missing'),
  },
  {
    row: 'WSReadErrors',
    what: 'control frame longer than 125 bytes',
    bytes: frame('x'.repeat(200), { opcode: PING }),
    ends: protocolError('control frame length bigger than maximum allowed of 125 bytes'),
  },
  {
    row: 'WSReadErrors',
    what: 'control frame without the final bit',
    bytes: frame('hello', { opcode: PING, isFinal: false }),
    ends: protocolError('control frame does not have final bit set'),
  },
  {
    row: 'WSReadErrors',
    what: 'new message before the end of the last',
    bytes: Buffer.concat([frame('PU', { isFinal: false }), frame('PING\r\n')]),
    ends: protocolError('new message started before final frame for previous message was received'),
  },
  {
    row: 'WSReadErrors',
    what: 'continuation after a whole message',
    bytes: Buffer.concat([frame('PUB x 1\r\nb\r\n'), frame('c', { opcode: CONTINUATION, isFinal: false })]),
    ends: protocolError('invalid continuation frame'),
  },
  {
    row: 'WSReadErrors',
    what: 'continuation of nothing',
    bytes: frame('frame', { opcode: CONTINUATION, isFinal: false }),
    ends: protocolError('invalid continuation frame'),
  },
  {
    row: 'WSReadErrors',
    what: 'unknown opcode',
    bytes: frame('hello', { opcode: 11, isFinal: false }),
    ends: protocolError('unknown opcode 11'),
  },
  {
    row: 'WSReadErrors',
    what: '64-bit length with its top bit',
    bytes: lengthOf64Bits(1n << 63n),
    ends: { belfry: protocolError('invalid 64-bit payload length'), natsServer: 'not asked' },
  },
  {
    row: 'WSReadHugePayloadLenDoesNotPanic',
    what: 'a length of 64 ones',
    bytes: lengthOf64Bits(0xffff_ffff_ffff_ffffn),
    ends: { belfry: protocolError('invalid 64-bit payload length'), natsServer: 'not asked' },
  },
  {
    row: 'WSReadErrors',
    what: 'RSV1 without compression agreed on',
    bytes: compressedFrame(publish),
    ends: {
      belfry: protocolError('compressed frame received without negotiated permessage-deflate'),
      natsServer: 'published',
    },
  },
  ...[2, 1, 3].map((rsv) => ({
    row: 'WSReadErrors',
    what: `RSV bits ${rsv.toString(2).padStart(3, '0')}`,
    bytes: frame(publish, { rsv }),
    ends: { belfry: protocolError('RSV2 and RSV3 must be clear'), natsServer: 'published' as const },
  })),
]

const VIOLATIONS_WITH_COMPRESSION: readonly Violation[] = [
  {
    row: 'WSReadErrors',
    what: 'compressed control frame',
    bytes: frame('hello', { opcode: PING, rsv: 4 }),
    ends: { belfry: protocolError('control frame must not be compressed'), natsServer: 'harmless' },
  },
  {
    row: 'WSReadErrors',
    what: 'RSV1 on a continuation',
    bytes: Buffer.concat([frame('PI', { isFinal: false }), frame('NG', { opcode: CONTINUATION, rsv: 4 })]),
    ends: protocolError('invalid continuation frame'),
  },
  {
    row: 'WSReadByteWithEmptyCompressedBufferDoesNotPanic',
    what: 'a compressed message of no bytes',
    bytes: frame('', { rsv: 4 }),
    ends: 'harmless',
  },
]

/** Belfry always says why; of the others' close frames some are lost after what they call a read error. */
function assertEnding(ending: Ending, expected: Ending, name: ImplementationName): void {
  if (name === 'belfry' || ending !== NO_CLOSE_FRAME) assert.deepEqual(ending, expected)
}

table(({ name, start }) => {
  const violate = (compression: 'off' | 'on', violations: readonly Violation[]) => {
    let server: RunningImplementation
    before(async () => {
      server = await start(
        `websocket { listen: "127.0.0.1:-1", no_tls: true${compression === 'on' ? ', compression: true' : ''} }`,
      )
    })
    after(() => server?.[Symbol.asyncDispose]())

    /** The text of the other client is what came of the operations. */
    const pair = async () => {
      const headers = compression === 'on' ? OFFERS_COMPRESSION : {}
      const client = await WireClient.ready(server.webSocket, { headers })
      const witness = await WireClient.ready(server.webSocket)
      witness.say('SUB good 1\r\nSUB bad 2\r\n')
      await witness.untilPong()
      return { client, witness }
    }

    for (const { row, what, bytes, ends } of violations) {
      const expected = expectationOf(ends, name)
      // 2.9.10 crashes.
      if (expected === 'not asked') continue
      test(`${row}: ${what}`, async () => {
        const { client, witness } = await pair()
        using _one = client
        using _other = witness
        client.write(Buffer.concat([frame('PUB good 1\r\na\r\n'), bytes]))
        // What was whole before it is carried out.
        assert.equal(await witness.hearThrough('a\r\n'), 'MSG good 1 1\r\na\r\n')
        if (expected === 'published') assert.equal(await client.untilPong(), 'PONG\r\n')
        else if (expected !== 'harmless') assertEnding(await client.ended(), expected as Ending, name)
        const published = expected === 'published' ? 'MSG bad 2 1\r\nb\r\n' : ''
        assert.equal(await witness.untilPong(), `${published}PONG\r\n`)
      })
    }

    return pair
  }

  describe('with compression', () => {
    violate('on', VIOLATIONS_WITH_COMPRESSION)
  })

  describe('without compression', () => {
    const pair = violate('off', VIOLATIONS)

    for (const [length, sent] of [
      [10, 1],
      [10, 3],
      [200, 1],
      [200, 2],
      [200, 5],
      [70_000, 1],
      [70_000, 5],
      [70_000, 13],
      [70_000, 40_000],
    ] as const) {
      test(`WSReadGetErrors: the connection breaks after ${sent} bytes of a frame of ${length}`, async () => {
        const { client, witness } = await pair()
        using _other = witness
        client.write(Buffer.concat([frame('PUB good 1\r\na\r\n'), frame('x'.repeat(length)).subarray(0, sent)]))
        client.raw.socket.end()
        assert.equal(await witness.hearThrough('a\r\n'), 'MSG good 1 1\r\na\r\n')
        // It does not wait for the rest.
        await client.raw.readToEnd()
        assert.equal(await witness.untilPong(), 'PONG\r\n')
      })
    }

    test('WSHandleControlFrameErrors: the connection breaks within a close frame', async () => {
      const { client, witness } = await pair()
      using _other = witness
      const bytes = close(1000, 'this is a close message')
      client.write(Buffer.concat([frame('PUB good 1\r\na\r\n'), bytes.subarray(0, bytes.length - 4)]))
      client.raw.socket.end()
      assert.equal(await witness.hearThrough('a\r\n'), 'MSG good 1 1\r\na\r\n')
      assert.ok(!(await client.raw.readToEnd()).includes('this is'))
      assert.equal(await witness.untilPong(), 'PONG\r\n')
    })

    test('WSCloseFrameWithPartialOrInvalid: a close frame in two reads is answered whole', async () => {
      const { client, witness } = await pair()
      using _one = client
      using _other = witness
      const bytes = close(1000, 'hello')
      client.write(Buffer.concat([frame('1', { opcode: PING }), bytes.subarray(0, 1)]))
      await client.pongIs('1')
      client.write(bytes.subarray(1))
      assert.deepEqual(await client.ended(), { code: 1000, reason: 'hello' })
    })

    test('WSReadHugePayloadLenDoesNotPanic: a frame of 4 GiB is only announced', async () => {
      const { client, witness } = await pair()
      using _one = client
      using _other = witness
      client.write(Buffer.concat([lengthOf64Bits(1n << 32n), frame('PUB good 1\r\na\r\n', { mask: false })]))
      // Its bytes are masked with the key of the announcement, so they say something else.
      assert.equal(await witness.untilPong(), 'PONG\r\n')
    })

    test('WSFlushesBufferedDeliveryBeforeProtocolClose: the sender hears what it is due before it is closed', async () => {
      const { client, witness } = await pair()
      using _one = client
      using _other = witness
      client.say('SUB good 9\r\n')
      client.write(Buffer.concat([frame('PUB good 1\r\na\r\n'), frame('', { opcode: PING, mask: false })]))
      assert.equal(await witness.hearThrough('a\r\n'), 'MSG good 1 1\r\na\r\n')
      assertEnding(await client.ended(), protocolError('mask bit missing'), name)
      if (name === 'belfry') assert.equal(client.heard, 'MSG good 9 1\r\na\r\n')
    })

    test('WSFlushesBufferedDeliveryBeforeProtocolClose: a PUB before a frame of bytes that are none', async () => {
      const { client, witness } = await pair()
      using _one = client
      using _other = witness
      client.write(Buffer.concat([frame('PUB good 1\r\na\r\n'), Buffer.from('GET / HTTP/1.1\r\n\r\n')]))
      assert.equal(await witness.hearThrough('a\r\n'), 'MSG good 1 1\r\na\r\n')
      await client.ended()
    })
  })

  test('WSReadErrors: bytes of NATS instead of a request cost nobody anything', async () => {
    await using server = await start('websocket { listen: "127.0.0.1:-1", no_tls: true }')
    const raw = await RawSocket.connect(server.webSocket)
    raw.write('CONNECT {}\r\nPING\r\n\r\n')
    raw.socket.end()
    await raw.readToEnd()
    raw.destroy()
    using client = await WireClient.ready(server.webSocket)
    client.write(frame('PING\r\n', { opcode: BINARY }))
    assert.equal(await client.hearThrough('\r\n'), 'PONG\r\n')
  })
})
