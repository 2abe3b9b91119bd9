import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CsvError, readCsv, writeCsvRow } from '../../../web/src/vault/import/csv.ts'

const cellsOf = (text: string) => readCsv(text).map(({ cells }) => cells)

const TABLE: readonly (readonly [string, string, readonly (readonly string[])[]])[] = [
  ['nothing', '', []],
  ['one cell', 'a', [['a']]],
  ['a last line with its end', 'a,b\r\nc,d\r\n', [['a', 'b'], ['c', 'd']]], // biome-ignore format: a row in a row
  ['all kinds of line ends', 'a\nb\rc\r\nd', [['a'], ['b'], ['c'], ['d']]],
  ['empty cells, the last one too', ',a,,\n"",b,', [['', 'a', '', ''], ['', 'b', '']]], // biome-ignore format: a row in a row
  ['lines without anything', '\n\na\n,,\n\n', [['a']]],
  ['quotes, commas and lines in a cell', '"a ""b"", c\r\nd",e', [['a "b", c\r\nd', 'e']]],
  ['a cell of quotes', '"""",""""""', [['"', '""']]],
  ['a quote in the middle', '5" disk,b', [['5" disk', 'b']]],
  ['spaces as they are', ' a , b ', [[' a ', ' b ']]],
  ['a byte order mark', '\uFEFF"a",b', [['a', 'b']]],
]

for (const [name, text, cells] of TABLE) {
  test(`a table is read: ${name}`, () => assert.deepEqual(cellsOf(text), cells))
}

test('a row is known by the line where it begins', () => {
  const lines = readCsv('head\r\n"1\r\n2\n3",x\n\nlast').map(({ line }) => line)
  assert.deepEqual(lines, [1, 2, 6])
})

for (const [text, line] of [
  ['a\nb,"c', 2],
  ['a\n"b\n\n"x', 2],
  [`a\n${','.repeat(1000)}`, 2],
] as const) {
  test(`what breaks the rules is told by its line: ${JSON.stringify(text.slice(0, 20))}`, () => {
    assert.throws(
      () => readCsv(text),
      (error) => error instanceof CsvError && error.line === line,
    )
  })
}

test('more rows than a page can hold are refused', () => {
  assert.equal(readCsv('a\n'.repeat(100_000)).length, 100_000)
  assert.throws(() => readCsv('a\n'.repeat(100_001)), CsvError)
})

test('whatever is written is read again', () => {
  const cells = ['', 'plain', 'a,b', '"', 'two\nlines', '\r', ' padded ', '=1+1', 'für dich ☂', '\uFEFF']
  assert.deepEqual(cellsOf(`head\n${writeCsvRow(cells)}`)[1], cells)
  assert.equal(writeCsvRow(['a', 'b,c', 'd"e']), 'a,"b,c","d""e"')
})
