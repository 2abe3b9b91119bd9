import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type DataOpcode,
  encodeFrame,
  encodeMaskedFrame,
  FrameReader,
  type FrameReaderOptions,
  Opcode,
  WebSocketError,
} from '#wire/websocket'
import { seededRandom, waysToCut } from '../cuts.ts'

type Event = readonly [kind: string, ...details: unknown[]]

const SERVER: FrameReaderOptions = { maskRequired: true, validateText: true }
const MASK = Buffer.from([0x37, 0xfa, 0x21, 0x3d])

/** What a reader says about the pieces, the pieces of one message put together, and the error it ends with. */
function read(pieces: readonly Buffer[], options = SERVER): { events: Event[]; error?: WebSocketError } {
  const events: Event[] = []
  let message: Buffer[] = []
  const reader = new FrameReader(options, {
    onData(data: Buffer, opcode: DataOpcode, isFirst: boolean, isLast: boolean) {
      assert.equal(isFirst, message.length === 0, 'isFirst marks the first piece')
      message.push(data)
      if (!isLast) return
      events.push([opcode === Opcode.TEXT ? 'text' : 'binary', Buffer.concat(message).toString('latin1')])
      message = []
    },
    onPing: (payload) => events.push(['ping', payload.toString('latin1')]),
    onPong: (payload) => events.push(['pong', payload.toString('latin1')]),
    onClose: (code, reason) => events.push(['close', code, reason]),
  })
  for (const piece of pieces) {
    try {
      reader.feed(piece)
    } catch (error) {
      assert.ok(error instanceof WebSocketError)
      reader.feed(masked(Opcode.BINARY, 'ignored'))
      return { events, error }
    }
  }
  return { events }
}

function masked(opcode: Opcode, payload: string | Buffer, fin = true): Buffer {
  return encodeMaskedFrame(opcode, Buffer.from(payload as string, 'latin1'), MASK, fin)
}

/** One message in several frames. */
function fragments(opcode: Opcode, ...parts: string[]): Buffer {
  return Buffer.concat(
    parts.map((part, i) => masked(i === 0 ? opcode : Opcode.CONTINUATION, part, i === parts.length - 1)),
  )
}

/** A masked frame's bytes with its first two replaced. */
function withHeader(first: number, second: number, payload = ''): Buffer {
  const frame = masked(Opcode.BINARY, payload)
  frame[0] = first
  frame[1] = second
  return frame
}

const { TEXT, BINARY, CONTINUATION, PING, PONG, CLOSE } = Opcode

const STREAMS: readonly [what: string, bytes: Buffer, events: readonly Event[]][] = [
  ['the masked example of RFC 6455', Buffer.from('818537fa213d7f9f4d5158', 'hex'), [['text', 'Hello']]],
  ['an empty message', masked(BINARY, ''), [['binary', '']]],
  [
    '125, 126 and 127 bytes',
    Buffer.concat([125, 126, 127].map((length) => masked(BINARY, 'x'.repeat(length)))),
    [
      ['binary', 'x'.repeat(125)],
      ['binary', 'x'.repeat(126)],
      ['binary', 'x'.repeat(127)],
    ],
  ],
  [
    'several messages',
    Buffer.concat([masked(BINARY, 'one'), masked(TEXT, 'two'), masked(BINARY, 'three')]),
    [
      ['binary', 'one'],
      ['text', 'two'],
      ['binary', 'three'],
    ],
  ],
  ['a message in fragments', fragments(TEXT, 'PUB fo', 'o 3', '.'), [['text', 'PUB foo 3.']]],
  ['a message in empty fragments', fragments(BINARY, '', '', ''), [['binary', '']]],
  ['an empty first fragment', fragments(TEXT, '', 'ab'), [['text', 'ab']]],
  ['an empty last fragment', fragments(BINARY, 'ab', ''), [['binary', 'ab']]],
  [
    'control frames between fragments',
    Buffer.concat([masked(BINARY, 'a', false), masked(PING, 'p'), masked(PONG, ''), masked(CONTINUATION, 'b')]),
    [
      ['ping', 'p'],
      ['pong', ''],
      ['binary', 'ab'],
    ],
  ],
  ['the longest ping', masked(PING, 'p'.repeat(125)), [['ping', 'p'.repeat(125)]]],
  [
    'text that fragments cut inside characters',
    fragments(TEXT, 'a\xe2', '\x82', '\xac\xf0\x9f', '\x92\xa9'),
    [['text', 'a\xe2\x82\xac\xf0\x9f\x92\xa9']],
  ],
  ['binary that is no UTF-8', masked(BINARY, '\xff\xfe'), [['binary', '\xff\xfe']]],
  ['a length in more bytes than it needs', Buffer.from('82fe0002000000006869', 'hex'), [['binary', 'hi']]],
  ['a close frame without a code', masked(CLOSE, ''), [['close', undefined, '']]],
  ['a close frame without a reason', masked(CLOSE, '\x03\xe8'), [['close', 1000, '']]],
  ['a close frame with a reason', masked(CLOSE, '\x0f\xa0gr\xc3\xbc\xc3\x9fe'), [['close', 4000, 'grüße']]],
  [
    'nothing after a close frame',
    Buffer.concat([masked(CLOSE, '\x03\xe8bye'), masked(BINARY, 'x')]),
    [['close', 1000, 'bye']],
  ],
]

for (const [what, bytes, events] of STREAMS) {
  test(`the reader understands ${what}, however it is cut`, () => {
    for (const { how, pieces } of waysToCut(bytes)) assert.deepEqual(read(pieces).events, events, how)
  })
}

for (const length of [65_535, 65_536, 200_000]) {
  test(`a frame of ${length} bytes is read`, () => {
    const payload = Buffer.alloc(length, 'abcdefg')
    assert.deepEqual(read([masked(BINARY, payload)]).events, [['binary', payload.toString()]])
  })
}

const VIOLATIONS: readonly [bytes: Buffer, closeCode: number, reason: string][] = [
  [withHeader(0xa2, 0x80), 1002, 'RSV2 and RSV3 must be clear'],
  [withHeader(0x92, 0x80), 1002, 'RSV2 and RSV3 must be clear'],
  [withHeader(0xc2, 0x80), 1002, 'compressed frame received without negotiated permessage-deflate'],
  [encodeFrame(BINARY, Buffer.from('hi')), 1002, 'mask bit missing'],
  [withHeader(0x89, 0xfe), 1002, 'control frame length bigger than maximum allowed of 125 bytes'],
  [withHeader(0x88, 0xff), 1002, 'control frame length bigger than maximum allowed of 125 bytes'],
  [withHeader(0x09, 0x80), 1002, 'control frame does not have final bit set'],
  [masked(CONTINUATION, 'x'), 1002, 'invalid continuation frame'],
  [
    Buffer.concat([masked(TEXT, 'a', false), masked(TEXT, 'b')]),
    1002,
    'new message started before final frame for previous message was received',
  ],
  [withHeader(0x83, 0x80), 1002, 'unknown opcode 3'],
  [withHeader(0x8f, 0x80), 1002, 'unknown opcode 15'],
  [Buffer.from('82ff8000000000000000', 'hex'), 1002, 'invalid 64-bit payload length'],
  [Buffer.from('82ff0020000000000000', 'hex'), 1009, 'message too big'],
  [masked(CLOSE, '\x03'), 1002, 'close frame payload cannot be 1 byte'],
  ...[0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65_535].map((code): [Buffer, number, string] => {
    const payload = Buffer.from([code >> 8, code & 0xff])
    return [masked(CLOSE, payload), 1002, `invalid close status code ${code}`]
  }),
  [masked(CLOSE, '\x03\xe8\xff'), 1007, 'invalid utf8 body in close frame'],
  [masked(TEXT, 'a\xff'), 1007, 'invalid utf8 in text message'],
  [fragments(TEXT, 'a\xe2\x82', 'b'), 1007, 'invalid utf8 in text message'],
  [fragments(TEXT, 'a', '\xe2\x82'), 1007, 'invalid utf8 in text message'],
  [masked(TEXT, '\xed\xa0\x80'), 1007, 'invalid utf8 in text message'],
]

for (const [bytes, closeCode, reason] of VIOLATIONS) {
  test(`${bytes.subarray(0, 12).toString('hex')} is refused with ${closeCode} "${reason}"`, () => {
    const before = Buffer.concat([masked(BINARY, 'before'), masked(PING, 'p')])
    for (const { how, pieces } of waysToCut(Buffer.concat([before, bytes]))) {
      const { events, error } = read(pieces)
      assert.deepEqual(
        events.slice(0, 2),
        [
          ['binary', 'before'],
          ['ping', 'p'],
        ],
        how,
      )
      assert.equal(events.length, 2, how)
      assert.equal(error?.message, reason, how)
      assert.equal(error?.closeCode, closeCode, how)
    }
  })
}

for (const code of [1000, 1001, 1002, 1003, 1007, 1011, 1012, 1014, 3000, 4999]) {
  test(`a close frame may carry ${code}`, () => {
    const { events } = read([masked(CLOSE, Buffer.from([code >> 8, code & 0xff]))])
    assert.deepEqual(events, [['close', code, '']])
  })
}

test('a message of exactly the maximum is read, one byte more is refused by its declared length', () => {
  const options = { ...SERVER, maxMessageBytes: 1000 }
  assert.equal(read([masked(BINARY, 'x'.repeat(1000))], options).events.length, 1)
  const header = masked(BINARY, 'x'.repeat(1001)).subarray(0, 8)
  const { error } = read([header], options)
  assert.deepEqual([error?.closeCode, error?.message], [1009, 'message too big'])
})

test('the maximum holds for the sum of the fragments', () => {
  const options = { ...SERVER, maxMessageBytes: 10 }
  assert.equal(read([fragments(BINARY, '12345', '67890')], options).events.length, 1)
  assert.equal(read([fragments(BINARY, '12345', '678901')], options).error?.closeCode, 1009)
  assert.equal(read([Buffer.concat([masked(BINARY, '1234567890'), masked(BINARY, '1')])], options).events.length, 2)
})

test('text is not checked where text and binary are the same', () => {
  const { events } = read([masked(TEXT, '\xff')], { ...SERVER, validateText: false })
  assert.deepEqual(events, [['text', '\xff']])
})

test('a reader of unmasked frames reads them and refuses masked ones', () => {
  const options = { maskRequired: false, validateText: true }
  const bytes = Buffer.concat([encodeFrame(BINARY, Buffer.from('a')), encodeFrame(PING, Buffer.from('b'))])
  for (const { how, pieces } of waysToCut(bytes)) {
    assert.deepEqual(
      read(pieces, options).events,
      [
        ['binary', 'a'],
        ['ping', 'b'],
      ],
      how,
    )
  }
  assert.equal(read([masked(BINARY, 'a')], options).error?.message, 'mask bit set')
})

test('a payload that arrives in one piece is a view of the chunk', () => {
  const chunk = masked(BINARY, 'hello')
  let seen: Buffer | undefined
  const onData = (data: Buffer) => {
    seen = data
  }
  new FrameReader(SERVER, { onData, onPing() {}, onPong() {}, onClose() {} }).feed(chunk)
  assert.equal(seen?.toString(), 'hello')
  assert.equal(seen?.buffer, chunk.buffer)
})

test('a reader that is stopped from a handler ignores the rest of the chunk', () => {
  const seen: string[] = []
  const reader: FrameReader = new FrameReader(SERVER, {
    onData(data) {
      seen.push(data.toString())
      reader.stop()
    },
    onPing() {},
    onPong() {},
    onClose() {},
  })
  reader.feed(Buffer.concat([masked(BINARY, 'one'), masked(BINARY, 'two')]))
  reader.feed(masked(BINARY, 'three'))
  assert.deepEqual(seen, ['one'])
})

test('a reader that is paused from a handler goes on where it stopped, however the bytes were cut', () => {
  const bytes = Buffer.concat([masked(BINARY, 'one'), masked(PING, 'two'), masked(BINARY, ''), masked(BINARY, 'four')])
  for (let cut = 0; cut <= bytes.length; cut++) {
    const seen: string[] = []
    const see = (data: Buffer) => {
      seen.push(data.toString())
      reader.pause()
    }
    const reader: FrameReader = new FrameReader(SERVER, { onData: see, onPing: see, onPong() {}, onClose() {} })
    // Unmasking is done in place.
    const copy = Buffer.from(bytes)
    reader.feed(copy.subarray(0, cut))
    reader.feed(copy.subarray(cut))
    assert.ok(seen.length <= 1)
    for (let had = -1; seen.length > had; ) {
      had = seen.length
      reader.resume()
      assert.ok(seen.length <= had + 1)
    }
    assert.equal(seen.join(''), 'onetwofour', `cut at ${cut}`)
  }
})

test('what a handler throws comes out of feed and ends the reading', () => {
  const reader = new FrameReader(SERVER, {
    onData() {
      throw new Error('mine')
    },
    onPing() {},
    onPong() {},
    onClose() {},
  })
  assert.throws(() => reader.feed(masked(BINARY, 'one')), /mine/)
  reader.feed(masked(BINARY, 'two'))
})

test('random messages in random fragments and random cuts come out as they went in', () => {
  const random = seededRandom(7)
  for (let round = 0; round < 60; round++) {
    const messages = Array.from({ length: 5 }, () => randomText(random))
    const bytes = Buffer.concat(messages.map((text) => randomFragments(text, random)))
    const pieces: Buffer[] = []
    for (let at = 0; at < bytes.length; ) {
      const end = at + 1 + random(200)
      pieces.push(Buffer.from(bytes.subarray(at, end)))
      at = end
    }
    const expected = messages.map((text) => ['text', Buffer.from(text).toString('latin1')])
    assert.deepEqual(read(pieces).events, expected, `round ${round}`)
  }
})

function randomText(random: (limit: number) => number): string {
  const alphabet = ['a', 'é', '€', '💩', '\u0800', '\ud7ff', '\uffff', '\u{10ffff}']
  return Array.from({ length: random(120) }, () => alphabet[random(alphabet.length)]).join('')
}

function randomFragments(text: string, random: (limit: number) => number): Buffer {
  const bytes = Buffer.from(text)
  const parts: string[] = []
  for (let at = 0; at < bytes.length; ) {
    const end = at + random(90)
    parts.push(bytes.subarray(at, end).toString('latin1'))
    at = end
  }
  return fragments(TEXT, ...parts, '')
}
