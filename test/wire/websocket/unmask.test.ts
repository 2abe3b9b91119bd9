import assert from 'node:assert/strict'
import { test } from 'node:test'
import { unmask } from '../../../src/wire/websocket/unmask.ts'

const MASK = Buffer.from([0x11, 0x92, 0x33, 0xf4])

test('every length at every alignment, in one piece and in two, is XORed with the turning key', () => {
  for (let start = 0; start < 8; start++) {
    for (const length of [0, 1, 3, 4, 5, 63, 64, 65, 66, 67, 130]) {
      const expected = Buffer.alloc(start + length + 9, 0x5a)
      for (let i = 0; i < length; i++) expected[start + i]! ^= MASK[i & 3]!
      for (const at of [0, 1, 2, 3, 66].filter((place) => place <= length)) {
        const bytes = Buffer.alloc(start + length + 9, 0x5a)
        const key = unmask(bytes, start, start + at, MASK.readInt32LE(0))
        unmask(bytes, start + at, start + length, key)
        assert.deepEqual(bytes, expected, `${length} bytes at ${start}, cut at ${at}`)
      }
    }
  }
})
