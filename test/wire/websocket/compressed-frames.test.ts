import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeMaskedFrame, FrameReader, Opcode, WebSocketError } from '#wire/websocket'
import { waysToCut } from '../cuts.ts'

const { BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT } = Opcode
const MASK = Buffer.from([0x37, 0xfa, 0x21, 0x3d])
const RSV1 = 0x40

interface FrameOptions {
  readonly isFinal?: boolean
  readonly isCompressed?: boolean
}

function masked(opcode: Opcode, payload: string, { isFinal = true, isCompressed = false }: FrameOptions = {}): Buffer {
  const frame = encodeMaskedFrame(opcode, Buffer.from(payload, 'latin1'), MASK, isFinal)
  if (isCompressed) frame[0]! |= RSV1
  return frame
}

/** What the reader hands on: `plain` and `compressed` with the pieces of a message put together, or how it ended. */
function read(pieces: readonly Buffer[]): string[] {
  const events: string[] = []
  let message = ''
  const collect = (kind: string, data: Buffer, isLast: boolean) => {
    message += data.toString('latin1')
    if (!isLast) return
    events.push(`${kind} ${message}`)
    message = ''
  }
  const reader = new FrameReader(
    { maskRequired: true, validateText: true },
    {
      onData: (data, _opcode, _isFirst, isLast) => collect('plain', data, isLast),
      onCompressed: (data, isLast) => collect('compressed', data, isLast),
      onPing: (payload) => events.push(`ping ${payload}`),
      onPong: () => {},
      onClose: () => events.push('close'),
    },
  )
  try {
    for (const piece of pieces) reader.feed(piece)
  } catch (error) {
    assert.ok(error instanceof WebSocketError)
    events.push(`${error.closeCode} ${error.message}`)
  }
  return events
}

const STREAMS: readonly [what: string, bytes: Buffer, events: readonly string[]][] = [
  [
    'compressed and uncompressed messages in turn',
    Buffer.concat([
      masked(BINARY, 'one', { isCompressed: true }),
      masked(BINARY, 'two'),
      masked(TEXT, '\xff', { isCompressed: true }),
    ]),
    ['compressed one', 'plain two', 'compressed \xff'],
  ],
  [
    'a compressed message in fragments, of which only the first says so',
    Buffer.concat([
      masked(BINARY, 'on', { isCompressed: true, isFinal: false }),
      masked(PING, 'p'),
      masked(CONTINUATION, 'e', { isFinal: false }),
      masked(CONTINUATION, ''),
      masked(BINARY, 'two', { isFinal: false }),
      masked(CONTINUATION, ' three'),
    ]),
    ['ping p', 'compressed one', 'plain two three'],
  ],
  ['an empty compressed message', masked(BINARY, '', { isCompressed: true }), ['compressed ']],
]

for (const [what, bytes, events] of STREAMS) {
  test(`with compression agreed on, the reader understands ${what}, however it is cut`, () => {
    for (const { how, pieces } of waysToCut(bytes)) assert.deepEqual(read(pieces), events, how)
  })
}

const inMessage = (isCompressed: boolean) => masked(BINARY, 'start', { isFinal: false, isCompressed })

const VIOLATIONS: readonly [what: string, bytes: Buffer, reason: string][] = [
  ['a compressed ping', masked(PING, '', { isCompressed: true }), 'control frame must not be compressed'],
  ['a compressed pong', masked(PONG, '', { isCompressed: true }), 'control frame must not be compressed'],
  ['a compressed close', masked(CLOSE, '', { isCompressed: true }), 'control frame must not be compressed'],
  [
    'a compressed ping in two parts',
    masked(PING, '', { isCompressed: true, isFinal: false }),
    'control frame does not have final bit set',
  ],
  [
    'a compressed continuation of a compressed message',
    Buffer.concat([inMessage(true), masked(CONTINUATION, 'x', { isCompressed: true })]),
    'invalid continuation frame',
  ],
  [
    'a compressed continuation of an uncompressed message',
    Buffer.concat([inMessage(false), masked(CONTINUATION, 'x', { isCompressed: true })]),
    'invalid continuation frame',
  ],
  [
    'a compressed message inside a message',
    Buffer.concat([inMessage(false), masked(BINARY, 'x', { isCompressed: true })]),
    'new message started before final frame for previous message was received',
  ],
  ['RSV1 with RSV2', withFirstByte(0xe2), 'RSV2 and RSV3 must be clear'],
  ['RSV1 on an unknown opcode', withFirstByte(0xc3), 'unknown opcode 3'],
]

for (const [what, bytes, reason] of VIOLATIONS) {
  test(`with compression agreed on, ${what} is refused: ${reason}`, () => {
    for (const { how, pieces } of waysToCut(Buffer.concat([masked(BINARY, 'before'), bytes]))) {
      assert.deepEqual(read(pieces), ['plain before', `1002 ${reason}`], how)
    }
  })
}

function withFirstByte(first: number): Buffer {
  const frame = masked(BINARY, '')
  frame[0] = first
  return frame
}
