import assert from 'node:assert/strict'
import { test } from 'node:test'
import { constants, deflateRawSync } from 'node:zlib'
import { CompressionBudget, MessageInflater, WebSocketError } from '#wire/websocket'
import { seededRandom } from '../cuts.ts'

/** As a client sends it: without the end of the flush. */
function deflate(data: Buffer | string): Buffer {
  return deflateRawSync(Buffer.from(data as string), { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4)
}

function noise(byteLength: number, seed = 1): Buffer {
  const random = seededRandom(seed)
  return Buffer.from(Array.from({ length: byteLength }, () => random(256)))
}

interface Setup {
  readonly maxMessageBytes?: number
  readonly budget?: CompressionBudget
}

function inflaterOf({ maxMessageBytes = 1024 * 1024, budget = new CompressionBudget() }: Setup = {}) {
  const messages: Buffer[] = []
  const limits = { maxMessageBytes, budget }
  const options = { maxMessageBytes: () => limits.maxMessageBytes, budget: () => limits.budget }
  const inflater = new MessageInflater(options, (data) => {
    messages.push(data)
  })
  return { inflater, messages, budget, limits }
}

function isError(code: string, closeCode: number, message: string): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof WebSocketError)
    assert.deepEqual([error.code, error.closeCode, error.message], [code, closeCode, message])
    return true
  }
}

const IS_TOO_BIG = isError('TOO_BIG', 1009, 'maximum payload exceeded')
const IS_CORRUPT = isError('CORRUPT_DATA', 1002, 'invalid compressed data')
const IS_OVERLOADED = isError('OVERLOADED', 1013, 'too many unfinished compressed messages')

test('messages of all lengths come out as they went in, in one piece and in many', () => {
  const { inflater, messages, budget } = inflaterOf()
  const text = 'PUB orders.new 5\r\nhello\r\n'
  for (const length of [1, 2, 64, 127, 128, 129, 1023, 1024, 1025, 65_535, 65_536, 65_537, 131_072, 1024 * 1024]) {
    for (const payload of [Buffer.alloc(length, text), noise(length)]) {
      const compressed = deflate(payload)
      inflater.add(compressed, true)
      const step = Math.ceil(compressed.length / 7)
      for (let at = 0; at < compressed.length; at += step) {
        inflater.add(compressed.subarray(at, at + step), at + step >= compressed.length)
      }
      assert.deepEqual(
        messages.splice(0).map((message) => message.equals(payload)),
        [true, true],
        `${length} bytes`,
      )
      assert.equal(budget.usedBytes, 0)
    }
  }
})

test('the examples of RFC 7692 are understood: two blocks, no compression, a final block', () => {
  const { inflater, messages } = inflaterOf()
  for (const hex of ['f248cdc9c90700', 'f248050000 00ffffcac9c90700', '000500faff48656c6c6f00', 'f348cdc9c9070000']) {
    inflater.add(Buffer.from(hex.replaceAll(' ', ''), 'hex'), true)
  }
  assert.deepEqual(messages.map(String), ['Hello', 'Hello', 'Hello', 'Hello'])
})

test('empty messages are, whether the sender says it with the one zero byte or with nothing', () => {
  const { inflater, messages } = inflaterOf()
  inflater.add(Buffer.from([0]), true)
  inflater.add(Buffer.alloc(0), true)
  inflater.add(Buffer.alloc(0), false)
  inflater.add(Buffer.alloc(0), true)
  assert.deepEqual(messages.map(String), ['', '', ''])
})

test('a message of exactly the limit is taken, one byte more is refused', () => {
  for (const maxMessageBytes of [1, 100, 1024, 64 * 1024, 100_000]) {
    const { inflater, messages } = inflaterOf({ maxMessageBytes })
    inflater.add(deflate(Buffer.alloc(maxMessageBytes)), true)
    assert.equal(messages[0]?.length, maxMessageBytes)
    assert.throws(() => inflater.add(deflate(Buffer.alloc(maxMessageBytes + 1)), true), IS_TOO_BIG)
    assert.equal(messages.length, 1)
  }
})

test('the limit is the one that holds when the message comes', () => {
  const { inflater, messages, limits } = inflaterOf({ maxMessageBytes: 1000 })
  limits.maxMessageBytes = 2000
  inflater.add(deflate(Buffer.alloc(2000)), true)
  limits.maxMessageBytes = 999
  assert.throws(() => inflater.add(deflate(Buffer.alloc(1000)), true), IS_TOO_BIG)
  assert.equal(messages.length, 1)
})

test('a bomb takes no more memory than the limit and one piece', () => {
  const bomb = deflate(Buffer.alloc(64 * 1024 * 1024))
  const maxMessageBytes = 1024 * 1024
  const { inflater } = inflaterOf({ maxMessageBytes })
  const before = process.memoryUsage().arrayBuffers
  assert.throws(() => inflater.add(bomb, true), IS_TOO_BIG)
  // Nothing is collected in between: what was allocated, garbage included, is all there.
  const allocated = process.memoryUsage().arrayBuffers - before
  assert.ok(allocated <= maxMessageBytes + 64 * 1024 + 2 * bomb.length, `${allocated} bytes were allocated`)
})

test('compressed, a message may have eight times the limit and no more, whatever it would inflate to', () => {
  const { inflater, messages, budget } = inflaterOf({ maxMessageBytes: 1000 })
  // Empty stored blocks: five bytes each that inflate to nothing.
  const block = Buffer.from([0x00, 0x00, 0x00, 0xff, 0xff])
  const filler = (byteLength: number) => Buffer.alloc(byteLength, block)
  inflater.add(filler(5000), false)
  inflater.add(Buffer.concat([filler(2995), Buffer.from([0x00])]), true)
  assert.equal(messages[0]?.length, 0)
  inflater.add(filler(5000), false)
  assert.ok(budget.usedBytes > 0)
  assert.throws(() => inflater.add(filler(3001), false), IS_TOO_BIG)
  assert.equal(budget.usedBytes, 0)
  assert.throws(() => inflater.add(filler(8001), true), IS_TOO_BIG)
})

test('corrupt data is refused, and so is a message that was cut off', () => {
  const { inflater, messages } = inflaterOf()
  for (const bytes of [Buffer.from('ffffffff', 'hex'), noise(100)]) {
    assert.throws(() => inflater.add(bytes, true), IS_CORRUPT)
  }
  // One that zlib stores as it is, and one that it compresses. (A single zero byte would be an empty message.)
  assert.throws(() => inflater.add(deflate(noise(200)).subarray(0, 100), true), IS_CORRUPT)
  const whole = deflate(noise(200).toString('base64'))
  for (let end = 2; end < whole.length; end++) {
    assert.throws(() => inflater.add(whole.subarray(0, end), true), IS_CORRUPT, `${end} bytes`)
  }
  assert.equal(messages.length, 0)
})

test('messages in one piece need no budget; of unfinished ones it bounds what is kept for all together', () => {
  const budget = new CompressionBudget(10_000)
  const first = inflaterOf({ budget })
  const second = inflaterOf({ budget })
  const compressed = deflate(noise(20_000))
  first.inflater.add(compressed, true)
  assert.equal(budget.usedBytes, 0)

  first.inflater.add(compressed.subarray(0, 6000), false)
  second.inflater.add(compressed.subarray(0, 3000), false)
  assert.ok(budget.usedBytes >= 9000 && budget.usedBytes <= 10_000)
  assert.throws(() => second.inflater.add(compressed.subarray(3000, 6000), false), IS_OVERLOADED)
  // The one that asked gave back what it had.
  assert.ok(budget.usedBytes >= 6000 && budget.usedBytes < 9000)
  first.inflater.release()
  first.inflater.release()
  assert.equal(budget.usedBytes, 0)
  assert.equal(first.messages.length, 1)
})

test('another budget counts from the next message on', () => {
  const { inflater, messages, budget, limits } = inflaterOf()
  const compressed = deflate('PUB a 5\r\nhello\r\n')
  const other = new CompressionBudget()
  inflater.add(compressed.subarray(0, 2), false)
  limits.budget = other
  inflater.add(compressed.subarray(2, 5), false)
  assert.ok(budget.usedBytes > 0)
  assert.equal(other.usedBytes, 0)
  inflater.add(compressed.subarray(5), true)
  assert.equal(budget.usedBytes, 0)
  inflater.add(compressed.subarray(0, 2), false)
  assert.equal(budget.usedBytes, 0)
  assert.ok(other.usedBytes > 0)
  inflater.release()
  assert.deepEqual([budget.usedBytes, other.usedBytes, messages.length], [0, 0, 1])
})

test('what is kept is copied, not the reads it came in', () => {
  const { inflater, messages } = inflaterOf()
  const compressed = deflate('PUB a 5\r\nhello\r\n')
  const first = Buffer.from(compressed.subarray(0, 5))
  inflater.add(first, false)
  first.fill(0xee)
  inflater.add(compressed.subarray(5), true)
  assert.equal(messages[0]?.toString(), 'PUB a 5\r\nhello\r\n')
})
