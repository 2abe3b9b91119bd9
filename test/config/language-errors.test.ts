import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { parseConfigText } from '#config'
import { ConfigError } from '#kit'

const TOP = 'Expected a top-level value to end with a new line, comment or EOF, but got'
const MAP = 'Expected a map value terminator "," or a map terminator "}", but got'
const ARRAY = 'Expected an array value terminator "," or an array terminator "]", but got'
const ESCAPES = String.raw`Only the following escape characters are allowed: \xXX, \t, \n, \r, \", \\.`

/** Text, line, and what nats-server says inside `Parse error on line %d: '%s'`. */
const parseErrors: readonly (readonly [string, number, string])[] = [
  ['a: 1 2', 1, `${TOP} '2' instead.`],
  ['a: "x" b: 1', 1, `${TOP} 'b' instead.`],
  ['a: 1.5s', 1, `${TOP} 's' instead.`],
  ['websocket{\nport: 1\n}', 2, `${TOP} '1' instead.`],
  ['a:\n1', 2, 'Expected value but found new line'],
  ['=1', 1, "Unexpected key separator '='"],
  ['a: 1\n/ b: 1', 2, 'Unexpected EOF.'],
  ['a: "x', 1, 'Unexpected EOF.'],
  ["a: 'x", 1, 'Unexpected EOF.'],
  ['"a', 1, 'Unexpected EOF.'],
  ['a: 1\n\0b: 2', 2, 'Unexpected EOF.'],
  ['{ a: 1', 1, "Expected a block-level value to end with a new line, comment or EOF, but got 'EOF' instead."],
  ['{ a: 1\n', 2, 'Unexpected EOF processing map.'],
  ['m { a: 1 b: 2 }', 1, `${MAP} 'b' instead.`],
  ['m { a: 1', 1, `${MAP} 'EOF' instead.`],
  ['m {', 1, 'Unexpected EOF processing map.'],
  ['m { a', 1, 'Unexpected EOF processing map key.'],
  ['m { "a', 1, 'Unexpected EOF processing double quoted map key.'],
  ["m { 'a", 1, 'Unexpected EOF processing quoted map key.'],
  ['m { =1 }', 1, "Unexpected key separator '='."],
  ['m { ] }', 1, "Unexpected array end ']' processing map."],
  ['m { a: , }', 1, 'Unexpected map value terminator ",".'],
  ['m { a }', 1, 'Expected value but found map end'],
  ['a: [1 2]', 1, `${ARRAY} '2' instead.`],
  ['a: [1', 1, `${ARRAY} 'EOF' instead.`],
  ['a: [1;2]', 1, `${ARRAY} ';' instead.`],
  ['a: [1,,2]', 1, "Unexpected array value terminator ','."],
  ['a: (\nx', 2, 'Unexpected EOF processing block.'],
  [String.raw`a: "\q"`, 1, `Invalid escape character 'q'. ${ESCAPES}`],
  [String.raw`a: "\x4"`, 1, String.raw`Expected two hexadecimal digits after '\x', but got '4"'`],
  ['a: "\\x\n"', 2, String.raw`Expected two hexadecimal digits after '\x', but hit end of line`],
  ['a: -', 1, "Expected a digit but got 'EOF'."],
  ['a: -.5', 1, "Floats must start with a digit, not '.'."],
  ['a: .5', 1, 'Floats must start with a digit'],
  ['a: 1.', 1, "Floats must have a digit after the '.', but got 'EOF' instead."],
  ['a: 12-3', 1, 'All ISO8601 dates must be in full Zulu form.'],
  ['a: 1234-abc', 1, "Expected digit in ISO8601 datetime, but found 'a' instead."],
  ['a: 2026-01-31 12:00', 1, "Expected 'T' in ISO8601 datetime, but found ' ' instead."],
  ['include [x]', 1, 'Expected include value but found start of an array'],
  ['include { x }', 1, 'Expected include value but found start of a map'],
  ['include 5', 1, 'Expected include value but found start of a number'],
  ['include\nx', 2, 'Expected include value but found new line'],
  ['include "x', 1, 'Unexpected EOF in double quoted include'],
  ["include 'x", 1, 'Unexpected EOF in quoted include'],
  [`a: ${'['.repeat(200)}`, 1, 'more than 100 levels of brackets'],
]

/** Errors that are found behind the lexer and have other words. */
const otherErrors: readonly (readonly [string, string])[] = [
  ['a', 'config is invalid (test.conf:1:1)'],
  ['a: 1\n} b: 2', 'config is invalid (test.conf:2:1)'],
  ['a: 99999999999999999999', "integer '99999999999999999999' is out of the range (test.conf:1:3)"],
  ['a: 10e', "integer '10e' is out of the range (test.conf:1:3)"],
  ['a: 1kbb', "expected integer, but got '1kbb' (test.conf:1:3)"],
  ['a: 2026-02-31T00:00:00Z', "expected Zulu formatted DateTime, but got '2026-02-31T00:00:00Z' (test.conf:1:3)"],
  ['a: $NOPE', "variable reference for 'NOPE' on line 1 can not be found (test.conf:1:3)"],
]

describe('a mistake in a config file is reported in the words of nats-server', () => {
  for (const [text, line, reason] of parseErrors) {
    test(JSON.stringify(text.slice(0, 40)), () => {
      assert.throws(
        () => parseConfigText(text, 'test.conf'),
        (error) => {
          assert.ok(error instanceof ConfigError)
          const prefix = `Parse error on line ${line}: '${reason}' (test.conf:`
          assert.equal(error.message.slice(0, prefix.length), prefix)
          return true
        },
      )
    })
  }

  for (const [text, message] of otherErrors) {
    test(JSON.stringify(text), () => assert.throws(() => parseConfigText(text, 'test.conf'), new ConfigError(message)))
  }

  test('with the exact place behind it', () => {
    const reason = "Parse error on line 3: 'Floats must start with a digit' (dir/x.conf:3:6)"
    assert.throws(() => parseConfigText('\nm {\n  a: .5\n}', 'dir/x.conf'), new ConfigError(reason))
  })
})
