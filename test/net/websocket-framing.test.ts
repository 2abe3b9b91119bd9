import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import type { Batch } from '#core'
import { Opcode } from '#wire/websocket'
import { Deflater } from '../../src/net/deflater.ts'
import {
  BINARY_FRAME,
  BROWSER_FRAMES,
  CompressedFraming,
  compressedFramings,
  type LateFrames,
  type WebSocketFraming,
} from '../../src/net/websocket-framing.ts'
import { within } from '../helpers/wait.ts'
import { contentOf, type Frame, parseFrames } from './websocket-frames.ts'

const { BINARY, CONTINUATION } = Opcode

/** A batch that counts how often it is copied, which deflating it takes. */
function batchOf(bytes: Buffer): Batch & { copies: number } {
  return {
    byteLength: bytes.length,
    copies: 0,
    copyTo(target, offset) {
      this.copies++
      bytes.copy(target, offset)
    },
  }
}

function text(byteLength: number): Buffer {
  const lines = Array.from({ length: byteLength / 20 + 1 }, (_, i) => `MSG orders.${i} 1 ${i % 7}\r\n`)
  return Buffer.from(lines.join('').slice(0, byteLength))
}

function framesOf(bytes: Buffer): Frame[] {
  const { frames, rest } = parseFrames(bytes)
  assert.equal(rest.length, 0)
  return frames
}

function shape({ opcode, isFinal, isCompressed, payload }: Frame): string {
  const name = { [BINARY]: 'binary', [CONTINUATION]: 'continuation' }[opcode]
  return `${name}${isCompressed ? ' compressed' : ''}${isFinal ? ' final' : ''} ${payload.length}`
}

async function ready(late: LateFrames): Promise<Buffer> {
  const { promise, resolve } = Promise.withResolvers<void>()
  if (!late.isReady) late.wait(resolve)
  else resolve()
  await within(promise, 'the other thread')
  return late.frames
}

test('everything goes in one binary frame', () => {
  for (const length of [1, 125, 126, 65_535, 65_536, 300_000]) {
    const bytes = randomBytes(length)
    const frames = framesOf(BINARY_FRAME.encode(batchOf(bytes)))
    assert.deepEqual(frames.map(shape), [`binary final ${length}`])
    assert.deepEqual(frames[0]?.payload, bytes)
  }
})

test('a browser gets complete messages of at most 4096 bytes', () => {
  for (const [length, shapes] of [
    [100, ['binary final 100']],
    [4096, ['binary final 4096']],
    [4097, ['binary final 4096', 'binary final 1']],
    [4096 + 125, ['binary final 4096', 'binary final 125']],
    [10_017, ['binary final 4096', 'binary final 4096', 'binary final 1825']],
  ] as const) {
    const bytes = randomBytes(length)
    const frames = framesOf(BROWSER_FRAMES.encode(batchOf(bytes)))
    assert.deepEqual(frames.map(shape), shapes)
    assert.deepEqual(contentOf(frames), bytes)
  }
})

test('up to 64 bytes are sent as they are, 65 are compressed', () => {
  const { standard } = compressedFramings(new Deflater())
  const compressible = (length: number) => standard.encode(batchOf(Buffer.alloc(length, 'PONG\r\n')))
  assert.deepEqual(framesOf(compressible(64)).map(shape), ['binary final 64'])
  const [frame, ...others] = framesOf(compressible(65))
  assert.deepEqual([frame?.isCompressed, frame?.isFinal, others.length], [true, true, 0])
  assert.ok(frame!.payload.length < 20)
})

test('what gets no shorter is sent as it is', () => {
  const { standard, browser } = compressedFramings(new Deflater())
  const bytes = randomBytes(5000)
  assert.deepEqual(framesOf(standard.encode(batchOf(bytes))).map(shape), ['binary final 5000'])
  assert.deepEqual(framesOf(browser.encode(batchOf(bytes))).map(shape), ['binary final 4096', 'binary final 904'])
})

test('compressed, a browser gets one message in fragments, and Safari gets it whole', () => {
  const { browser, safari } = compressedFramings(new Deflater())
  // Half noise: shorter than it was, and long enough for several fragments.
  const bytes = Buffer.concat([randomBytes(10_000), text(10_000)])
  const fragments = framesOf(browser.encode(batchOf(bytes)))
  const [first, second, third, ...others] = fragments.map(shape)
  assert.deepEqual([first, second], ['binary compressed 4096', 'continuation 4096'])
  assert.match(third!, /^continuation final \d+$/)
  assert.deepEqual(others, [])
  assert.deepEqual(contentOf(fragments), bytes)
  const frames = framesOf(safari.encode(batchOf(bytes)))
  assert.match(frames.map(shape).join(), /^binary compressed final \d+$/)
  assert.deepEqual(contentOf(frames), bytes)
})

test('batches of all lengths come out as they went in', async () => {
  const { standard, browser, safari } = compressedFramings(new Deflater())
  for (const framing of [standard, browser, safari, BINARY_FRAME, BROWSER_FRAMES]) {
    for (const length of [1, 64, 65, 1000, 4096, 8191, 8192, 8193, 65_535, 65_536, 65_537, 1_000_000]) {
      for (const bytes of [text(length), randomBytes(length)]) {
        assert.ok(contentOf(framesOf(await encoded(framing, bytes))).equals(bytes), `${length} bytes`)
      }
    }
  }
})

async function encoded(framing: WebSocketFraming, bytes: Buffer): Promise<Buffer> {
  const answer = framing.encode(batchOf(bytes))
  const late = framing.late?.(answer)
  return late === undefined ? answer : ready(late)
}

test('what is framed in several ways is deflated once', () => {
  const { standard, browser, safari } = compressedFramings(new Deflater())
  const batch = batchOf(text(50_000))
  for (const framing of [standard, browser, safari]) assert.ok(framing.encode(batch).length < 20_000)
  assert.equal(batch.copies, 1)
})

test('a long batch is deflated elsewhere, and sent as it is by who cannot wait', async () => {
  const { standard, browser } = compressedFramings(new Deflater())
  const bytes = text(500_000)
  const batch = batchOf(bytes)
  const late = standard.late!(standard.encode(batch))!
  const lateForBrowsers = browser.late!(browser.encode(batch))!
  assert.equal(batch.copies, 1)
  assert.deepEqual([late.isReady, late.byteLength], [false, 500_000])
  assert.deepEqual(framesOf(late.frames).map(shape), ['binary final 500000'])

  const frames = framesOf(await ready(late))
  assert.match(frames.map(shape).join(), /^binary compressed final \d+$/)
  assert.deepEqual(contentOf(frames), bytes)
  assert.equal(late.frames, late.frames, 'the same buffer for all')
  const fragments = framesOf(await ready(lateForBrowsers))
  assert.ok(fragments.length > 1 && fragments.every(({ payload }) => payload.length <= 4096))
  assert.deepEqual(contentOf(fragments), bytes)
})

test('a long batch that gets no shorter is sent as it is', async () => {
  const framing = new CompressedFraming(new Deflater())
  const bytes = randomBytes(100_000)
  const frames = framesOf(await ready(framing.late(framing.encode(batchOf(bytes)))!))
  assert.deepEqual(frames.map(shape), ['binary final 100000'])
  assert.deepEqual(frames[0]?.payload, bytes)
})

test('one turn deflates only so much while everybody waits, the next turn as much again', async () => {
  const framing = new CompressedFraming(new Deflater())
  const isLate = () => framing.late(framing.encode(batchOf(text(60_000)))) !== undefined
  const encodeShort = () => framesOf(framing.encode(batchOf(text(1000))))
  assert.deepEqual([isLate(), isLate(), isLate(), isLate(), isLate()], [false, false, false, false, true])
  // Another thread would cost more than it saves.
  assert.equal(encodeShort()[0]?.isCompressed, true)
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal(isLate(), false)
})

test('what waits for the other threads is bounded: more is sent as it is', async () => {
  const framing = new CompressedFraming(new Deflater())
  const bytes = Buffer.alloc(30 * 1024 * 1024)
  const answers = [1, 2, 3].map(() => framing.encode(batchOf(bytes)))
  const [first, second, third] = answers.map((answer) => framing.late(answer))
  assert.equal(third, undefined)
  assert.equal(framesOf(answers[2]!)[0]?.payload.length, bytes.length)
  for (const late of [first, second]) assert.ok((await ready(late!)).length < bytes.length / 100)
  const later = framing.encode(batchOf(bytes))
  assert.ok((await ready(framing.late(later)!)).length < bytes.length / 100)
})

test('what nobody waits for any more is not deflated, and who comes for it still gets it', async () => {
  const framing = new CompressedFraming(new Deflater())
  const bytes = text(4_000_000)
  const late = () => framing.late(framing.encode(batchOf(bytes)))!
  const running = [late(), late()]
  const waiting = late()
  const wake = () => assert.fail('it was forgotten')
  waiting.wait(wake)
  waiting.forget(wake)
  await Promise.all(running.map(ready))
  assert.deepEqual(framesOf(await ready(waiting)).map(shape), ['binary final 4000000'])
})
