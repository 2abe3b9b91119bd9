import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { parseConfigFile, parseConfigText } from '#config'
import { ConfigError } from '#kit'
import { Folder } from './folder.ts'
import { parsePlain, plain } from './plain.ts'

describe('a variable', () => {
  test('is the value of a key before it, looked up from the inside outwards', () => {
    assert.deepEqual(parsePlain('a: 1\nm { a: 2, n { b: $a } }\nc: $a'), {
      a: 1n,
      m: { a: 2n, n: { b: 2n } },
      c: 1n,
    })
  })

  test('may be a whole map, and may stand in an array', () => {
    assert.deepEqual(parsePlain('a { x: 1 }\nb: [$a, $a]'), { a: { x: 1n }, b: [{ x: 1n }, { x: 1n }] })
  })

  test('does not see keys behind it or in other maps', () => {
    assert.throws(() => parsePlain('b: $a\na: 1'), /variable reference for 'a' on line 1 can not be found/)
    assert.throws(() => parsePlain('m { a: 1 }\nb: $a'), /variable reference for 'a' on line 2 can not be found/)
  })

  test('is taken from the environment when no key has its name, and is read as a value there', () => {
    const environment = { NUMBER: '5k', TEXT: '"5"', MAP: '{ x: yes }', INDIRECT: '$NUMBER', EMPTY: '' }
    assert.deepEqual(parsePlain('a: [$NUMBER, $TEXT, $MAP, $INDIRECT, $EMPTY]', environment), {
      a: [5000n, '5', { x: true }, 5000n, ''],
    })
    assert.deepEqual(parsePlain('NUMBER: 1\na: $NUMBER', environment), { NUMBER: 1n, a: 1n })
  })

  test('in quotes is a text', () => assert.deepEqual(parsePlain('a: "$X"'), { a: '$X' }))

  test('that refers to itself through the environment is a cycle', () => {
    const error = /^variable reference for 'A' on line 1 could not be parsed: .*variable reference cycle for 'A'/
    assert.throws(() => parsePlain('a: $A', { A: '$B', B: '$A' }), { message: error })
  })

  test('whose text is no value is an error with its name as the place', () => {
    assert.throws(() => parsePlain('\na: $A', { A: '1 2' }), {
      message: /^variable reference for 'A' on line 2 could not be parsed: Parse error on line 1: .* \(\$A:1:2\)$/,
    })
  })

  test('marks the key it refers to', () => {
    const tree = parseConfigText('a: 1\nb: 2\nc: $a', 'test.conf')
    const marked = [...tree.entries.values()].map((entry) => entry.isUsedAsVariable)
    assert.deepEqual(marked, [true, false, false])
  })
})

describe('include', () => {
  test('merges the items of a file into the map it stands in', () => {
    using folder = new Folder({
      'main.conf': 'a: 1\nb: 1\ninclude sub/one.conf\nm { include "sub/one.conf"; c: 3 }',
      'sub/one.conf': "b: 2\nINCLUDE './two.conf'",
      'sub/two.conf': 'd: 4',
    })
    assert.deepEqual(plain(parseConfigFile('main.conf', { cwd: folder.path })), {
      a: 1n,
      b: 2n,
      d: 4n,
      m: { b: 2n, d: 4n, c: 3n },
    })
  })

  test('starts from the folder of the including file even when the path is absolute', () => {
    using folder = new Folder({ 'conf/main.conf': 'include /one.conf', 'conf/one.conf': 'a: 1' })
    assert.deepEqual(plain(parseConfigFile('conf/main.conf', { cwd: folder.path })), { a: 1n })
  })

  test('gives its keys, but not variables, across the border; the environment reaches everywhere', () => {
    using folder = new Folder({
      'one.conf': 'a: $X',
      'main.conf': 'include one.conf\nb: $a',
      'bad.conf': 'X: 1\ninclude one.conf',
    })
    const parse = (file: string, environment = {}) => parseConfigFile(file, { cwd: folder.path, environment })
    assert.deepEqual(plain(parse('main.conf', { X: '1' })), { a: 1n, b: 1n })
    assert.throws(() => parse('bad.conf'), /variable reference for 'X' on line 1 can not be found \(one.conf:1:3\)/)
  })

  test('keeps the place in the included file', () => {
    using folder = new Folder({ 'conf/main.conf': 'include one.conf', 'conf/one.conf': '\n a: 1' })
    const tree = parseConfigFile('conf/main.conf', { cwd: folder.path })
    assert.deepEqual(tree.entries.get('a')!.keyPosition, { file: 'conf/one.conf', line: 2, column: 2 })
  })

  test('is an ordinary key with a separator or in quotes', () => {
    assert.deepEqual(parsePlain('include: x\n"Include" y'), { include: 'x', Include: 'y' })
  })

  for (const [name, text, error] of [
    [
      'a file that is missing',
      'include no.conf',
      "error parsing include file 'no.conf', open no.conf: no such file or directory",
    ],
    ['a folder', 'include sub', "error parsing include file 'sub', read sub: is a directory"],
    [
      'a file with a mistake',
      'include bad.conf',
      "error parsing include file 'bad.conf', Parse error on line 2: 'Floats must start with a digit' (bad.conf:2:4)",
    ],
    [
      'a file that is no text',
      'include binary',
      "error parsing include file 'binary', binary: the file is not UTF-8 text",
    ],
  ] as const) {
    test(`of ${name} is an error`, () => {
      using folder = new Folder({ 'main.conf': text, 'bad.conf': '\na: .5', 'sub/x': '' })
      writeFileSync(join(folder.path, 'binary'), Buffer.from([0x61, 0xff]))
      assert.throws(() => parseConfigFile('main.conf', { cwd: folder.path }), new ConfigError(error))
    })
  }

  test('of itself ends with an error', () => {
    using folder = new Folder({ 'main.conf': 'include main.conf' })
    assert.throws(() => parseConfigFile('main.conf', { cwd: folder.path }), /more than 16 levels deep/)
  })

  test('of ever more files ends with an error', () => {
    const files = Object.fromEntries(
      Array.from({ length: 12 }, (_, n) => [`f${n}.conf`, `include f${n + 1}.conf\ninclude f${n + 1}.conf`]),
    )
    using folder = new Folder({ ...files, 'f12.conf': '' })
    assert.throws(() => parseConfigFile('f0.conf', { cwd: folder.path }), /more than 256 files/)
  })
})

test('a file of unbounded size is not read to its end', () => {
  assert.throws(() => parseConfigFile('/dev/zero'), new ConfigError('/dev/zero: the file is larger than 4194304 bytes'))
})
