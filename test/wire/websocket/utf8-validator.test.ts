import assert from 'node:assert/strict'
import { isUtf8 } from 'node:buffer'
import { test } from 'node:test'
import { Utf8Validator } from '../../../src/wire/websocket/utf8-validator.ts'

const BOUNDARY_BYTES = [0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xec, 0xed]
const MORE_BOUNDARY_BYTES = [0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xff]
const ALL = [...BOUNDARY_BYTES, ...MORE_BOUNDARY_BYTES]

function isValidInPieces(...pieces: Buffer[]): boolean {
  const validator = new Utf8Validator()
  return pieces.every((piece) => validator.isValid(piece)) && validator.end()
}

test('bytes in pieces are valid exactly when they are as a whole', () => {
  for (const a of ALL) {
    for (const b of ALL) {
      for (const c of ALL) {
        for (const d of [0x7f, 0x80, 0xbf, 0xc2]) {
          const bytes = Buffer.from([a, b, c, d])
          const expected = isUtf8(bytes)
          for (let at = 0; at <= 4; at++) {
            const isValid = isValidInPieces(bytes.subarray(0, at), bytes.subarray(at))
            if (isValid !== expected) assert.equal(isValid, expected, `${bytes.toString('hex')} cut at ${at}`)
          }
        }
      }
    }
  }
})

for (const [first, second] of [
  ['e0', '9f'],
  ['ed', 'a0'],
  ['f0', '8f'],
  ['f4', '90'],
  ['c2', '41'],
] as const) {
  test(`${second} after ${first} is refused before the character ends`, () => {
    const validator = new Utf8Validator()
    assert.equal(validator.isValid(Buffer.from(first, 'hex')), true)
    assert.equal(validator.isValid(Buffer.from(second, 'hex')), false)
  })
}

test('a text may not end inside a character, and the next one starts afresh', () => {
  const validator = new Utf8Validator()
  assert.equal(validator.isValid(Buffer.from('e282', 'hex')), true)
  assert.equal(validator.end(), false)
  assert.equal(validator.isValid(Buffer.from('a')), true)
  assert.equal(validator.end(), true)
})
