import assert from 'node:assert/strict'
import { test } from 'node:test'
import { quoted } from '#wire/nats'

/** Texts, as bytes, and what Go's `%q` makes of them. */
const TEXTS: readonly (readonly [bytes: string, quoted: string])[] = [
  ['', '""'],
  ['foo.*.>', '"foo.*.>"'],
  ['a b', '"a b"'],
  ['a"b\\c', String.raw`"a\"b\\c"`],
  ['\x07\b\t\v\f', String.raw`"\a\b\t\v\f"`],
  ['\x00\x1b\x7f', String.raw`"\x00\x1b\x7f"`],
  ['caf\xc3\xa9', '"caf\xc3\xa9"'],
  ['caf\xe9', String.raw`"caf\xe9"`],
  ['\xff\xc3', String.raw`"\xff\xc3"`],
  ['\xe2\x80\xa8\xc2\xa0', String.raw`"\u2028\u00a0"`],
  ['\xf0\x9f\x94\x94', '"\xf0\x9f\x94\x94"'],
  ['\xf3\xa0\x80\x81', String.raw`"\U000e0001"`],
  ['\xed\xa0\x80', String.raw`"\xed\xa0\x80"`],
]

for (const [bytes, expected] of TEXTS) {
  test(`${JSON.stringify(bytes)} is quoted as Go quotes it`, () => assert.equal(quoted(bytes), expected))
}
