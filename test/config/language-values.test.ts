import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { parseConfigText } from '#config'
import { parsePlain } from './plain.ts'

/** Each row: what it shows, the text, the tree. */
const files: readonly (readonly [string, string, unknown])[] = [
  ['an empty file', '', {}],
  ['only space and comments', ' \n# a\n\t// b', {}],
  ['each separator', 'a=1\nb:2\nc 3\nd = 4\ne : 5', { a: 1n, b: 2n, c: 3n, d: 4n, e: 5n }],
  ['newlines between key and value', 'a\n1\nb\n\n{\nc: 2\n}', { a: 1n, b: { c: 2n } }],
  ['a newline between key and separator', 'a\n= 1', { a: 1n }],
  ['a newline behind a separator inside a map', 'm { a:\n1 }', { m: { a: 1n } }],
  ['each end of a top-level item', 'a: 1, b: 2; c: 3 # x\nd: 4 }\ne: 5', { a: 1n, b: 2n, c: 3n, d: 4n, e: 5n }],
  ['a JSON file', '{ "a": 1, "b": [true, "x"], "c": {"d": null} }', { a: 1n, b: [true, 'x'], c: { d: 'null' } }],
  ['braces round a part of the file', '{ a: 1 }\nb: 2\n{\n c: 3 }', { a: 1n, b: 2n, c: 3n }],
  ['braces in braces', '{{ a: 1 }, b: 2 }', { a: 1n, b: 2n }],
  ['a brace too many at the end', 'a: 1\n}\n', { a: 1n }],
  ['quoted keys', '"a b": 1\n\'c=d\': 2', { 'a b': 1n, 'c=d': 2n }],
  ['a key with any other character', 'a-b.c>*#/: 1', { 'a-b.c>*#/': 1n }],
  ['the last of two equal keys', 'a: 1\nb: 2\na: 3', { b: 2n, a: 3n }],
  ['Windows line ends', 'a: 1\r\nm {\r\n b: x\r\n}\r\n', { a: 1n, m: { b: 'x' } }],

  ['comments where items can stand', 'a: 1 # x\n// y\nm { # z\n b: 2 // w\n}', { a: 1n, m: { b: 2n } }],
  ['comments in arrays', 'a: [ # x\n 1 # y\n // z\n 2\n]', { a: [1n, 2n] }],
  ['no comment inside bare text', 'a: a#b\nb: nats://h:1', { a: 'a#b', b: 'nats://h:1' }],
  ['a comment right behind a quote or bracket', 'a: "x"# c\nb: []// c\nc: {}# c', { a: 'x', b: [], c: {} }],
  ['a hash right behind a bare value as part of it', 'a: false#\nb: 4222#x', { a: 'false#', b: '4222#x' }],
  ['a stray slash behind a value', 'a: "x" /\nb: 1 / ', { a: 'x', b: 1n }],

  ['maps', 'm {}\nn { a: 1, b: 2; c: 3\n d: 4,}', { m: {}, n: { a: 1n, b: 2n, c: 3n, d: 4n } }],
  [
    'arrays',
    'a: []\nb: [1, 2,]\nc: [\n1\n2\n]\nd: [[x], {y: z}]',
    { a: [], b: [1n, 2n], c: [1n, 2n], d: [['x'], { y: 'z' }] },
  ],
  ['arrays that end in a number', 'a: [1,2]\nb: [1k]\nc: [1.5]', { a: [1n, 2n], b: [1000n], c: [1.5] }],

  ['escapes in double quotes', String.raw`a: "\t\n\r\"\\\x41"`, { a: '\t\n\r"\\A' }],
  ['bytes that make one character', String.raw`a: "\xe2\x82\xac"`, { a: '€' }],
  ['a text over several lines', 'a: "x\ny"', { a: 'x\ny' }],
  ['single quotes as they are', String.raw`a: 'x\n"y'`, { a: String.raw`x\n"y` }],
  ['escapes in bare text', String.raw`a: x\ty\x41`, { a: 'x\tyA' }],
  ['a quote that ends bare text', "a: abc'\nb: true'", { a: 'abc', b: 'true' }],
  ['double quotes inside bare text', 'a: x"y', { a: 'x"y' }],
  ['no text at all', 'a:\t,b: ""', { a: '', b: '' }],
  ['a block', 'a: (\n x # y\n (z)\n)\nb: 1', { a: '\n x # y\n (z)\n', b: 1n }],
  ['a block at the end of the file', 'a (\nx\n)', { a: '\nx\n' }],
  ['text beyond ASCII', 'a: grüße\nb: "日本"', { a: 'grüße', b: '日本' }],

  ['booleans in any case', 'a: [true, YES, On, false, no, OFF]', { a: [true, true, true, false, false, false] }],
  ['booleans in quotes as texts', 'a: "true"', { a: 'true' }],
  ['integers', 'a: [0, -1, 007, 9223372036854775807]', { a: [0n, -1n, 7n, 9223372036854775807n] }],
  [
    'powers of 1000',
    'a: [1k, 2M, 3g, 4T, 5p, 6E]',
    { a: [1000n, 2n * 10n ** 6n, 3n * 10n ** 9n, 4n * 10n ** 12n, 5n * 10n ** 15n, 6n * 10n ** 18n] },
  ],
  [
    'powers of 1024',
    'a: [1kb, 1KI, 1kib, 1MB, 1gi, 1TiB, -1pb, 1eb]',
    { a: [1024n, 1024n, 1024n, 1n << 20n, 1n << 30n, 1n << 40n, -(1n << 50n), 1n << 60n] },
  ],
  ['minutes that are millions', 'a: 5m', { a: 5_000_000n }],
  ['floats', 'a: [1.5, -0.25]', { a: [1.5, -0.25] }],
  ['addresses and versions', 'a: 127.0.0.1:4222\nb: 1.2.3', { a: '127.0.0.1:4222', b: '1.2.3' }],
  ['text that begins with digits', 'a: [10s, 12abc, 3secret, 4222:x]', { a: ['10s', '12abc', '3secret', '4222:x'] }],
  ['a date', 'a: 2026-01-31T12:34:56Z', { a: new Date('2026-01-31T12:34:56Z') }],
  ['a bcrypt hash', 'a: $2a$11$abc/def', { a: '$2a$11$abc/def' }],
]

describe('the NATS config language', () => {
  for (const [name, text, tree] of files) {
    test(`accepts ${name}`, () => assert.deepEqual(parsePlain(text), tree))
  }

  test('keeps the place of every key and value, counted as nats-server counts', () => {
    const tree = parseConfigText('a: 1; "bé": 2\n  m {\n c: [x\n   y]\n}', 'dir/test.conf')
    const at = (line: number, column: number) => ({ file: 'dir/test.conf', line, column })
    const entry = (map: typeof tree, key: string) => map.entries.get(key)!
    assert.deepEqual(entry(tree, 'a').keyPosition, at(1, 0))
    assert.deepEqual(entry(tree, 'a').value.position, at(1, 3))
    assert.deepEqual(entry(tree, 'bé').keyPosition, at(1, 7))
    assert.deepEqual(entry(tree, 'bé').value.position, at(1, 13))
    assert.deepEqual(entry(tree, 'm').keyPosition, at(2, 3))
    const map = entry(tree, 'm').value
    assert.ok(map.kind === 'map')
    const array = entry(map, 'c').value
    assert.ok(array.kind === 'array')
    assert.deepEqual(array.items[1]!.position, at(4, 4))
  })
})
