import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeMaskedFrame, MessageAssembler, Opcode, WebSocketError } from '#wire/websocket'
import { waysToCut } from '../cuts.ts'

const MASK = Buffer.from([1, 2, 3, 4])

function assemble(maxMessageBytes: number): { assembler: MessageAssembler; messages: [number, Buffer][] } {
  const messages: [number, Buffer][] = []
  const assembler = new MessageAssembler(
    { maskRequired: true, validateText: true, maxMessageBytes },
    { onMessage: (data, opcode) => messages.push([opcode, data]), onPing() {}, onPong() {}, onClose() {} },
  )
  return { assembler, messages }
}

function masked(opcode: Opcode, payload: string, fin = true): Buffer {
  return encodeMaskedFrame(opcode, Buffer.from(payload), MASK, fin)
}

test('messages are whole, however frames and reads are cut', () => {
  const bytes = Buffer.concat([
    masked(Opcode.TEXT, '{"protocol":"messagepack"}\x1e'),
    masked(Opcode.BINARY, 'one, ', false),
    masked(Opcode.PING, 'p'),
    masked(Opcode.CONTINUATION, 'two', false),
    masked(Opcode.CONTINUATION, ''),
    masked(Opcode.BINARY, ''),
  ])
  for (const { how, pieces } of waysToCut(bytes)) {
    const { assembler, messages } = assemble(1000)
    for (const piece of pieces) assembler.feed(piece)
    assert.deepEqual(
      messages.map(([opcode, data]) => [opcode, data.toString()]),
      [
        [1, '{"protocol":"messagepack"}\x1e'],
        [2, 'one, two'],
        [2, ''],
      ],
      how,
    )
  }
})

test('a message in one piece is not copied', () => {
  const { assembler, messages } = assemble(1000)
  const chunk = masked(Opcode.BINARY, 'hello')
  assembler.feed(chunk)
  assert.equal(messages[0]?.[1].buffer, chunk.buffer)
})

test('messages that were put together do not share their bytes', () => {
  const { assembler, messages } = assemble(1000)
  for (const text of ['abc', 'xyz']) {
    assembler.feed(masked(Opcode.BINARY, text.slice(0, 1), false))
    assembler.feed(masked(Opcode.CONTINUATION, text.slice(1)))
  }
  assert.deepEqual(
    messages.map(([, data]) => data.toString()),
    ['abc', 'xyz'],
  )
})

test('a message over the bound is refused as soon as its length is declared', () => {
  const { assembler, messages } = assemble(8)
  assembler.feed(masked(Opcode.BINARY, '12345678'))
  assembler.feed(masked(Opcode.BINARY, '12345', false))
  assert.throws(
    () => assembler.feed(masked(Opcode.CONTINUATION, '6789').subarray(0, 6)),
    (error) => error instanceof WebSocketError && error.closeCode === 1009 && error.message === 'message too big',
  )
  assembler.feed(masked(Opcode.BINARY, 'x'))
  assert.equal(messages.length, 1)
})
