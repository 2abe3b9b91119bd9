import assert from 'node:assert/strict'
import { test } from 'node:test'
import { GrowingBuffer } from '../../src/wire/growing-buffer.ts'

test('appended parts come out in one piece, which later appends leave alone', () => {
  const buffer = new GrowingBuffer()
  const source = Buffer.from('abcdefghij')
  for (let i = 0; i < 10; i++) buffer.append(source, i, i + 1)
  assert.equal(buffer.length, 10)
  assert.equal(buffer.peek().toString(), 'abcdefghij')
  const taken = buffer.take()
  assert.equal(buffer.length, 0)
  buffer.append(Buffer.from('XYZ'))
  assert.equal(taken.toString(), 'abcdefghij')
  assert.equal(buffer.take().toString(), 'XYZ')
})

test('an empty buffer gives nothing', () => {
  assert.equal(new GrowingBuffer().take().length, 0)
})
