import assert from 'node:assert/strict'
import test from 'node:test'
import { isLiteralSubject, isValidSubject, MAX_SUBJECT_TOKENS, subjectMatches } from '#core'
import { MATCHES } from '../vectors/subject-matches.ts'

const VALIDITY: [subject: string, isValid: boolean, isLiteral: boolean][] = [
  ['foo', true, true],
  ['foo.bar', true, true],
  ['*', true, false],
  ['>', true, false],
  ['foo.*.bar', true, false],
  ['foo.>', true, false],
  ['foo.*.>', true, false],
  ['foo*', true, true],
  ['foo.b*r', true, true],
  ['foo.>bar', true, true],
  ['foo.>>', true, true],
  ['$SYS.a', true, true],
  ['_INBOX.a.b', true, true],
  ['caf\u00c3\u00a9', true, true],
  ['', false, true],
  ['.', false, true],
  ['.foo', false, true],
  ['foo.', false, true],
  ['foo..bar', false, true],
  ['foo.>.bar', false, false],
  ['>.foo', false, false],
  ['foo bar', false, true],
  ['foo\tbar', false, true],
  ['foo\r', false, true],
  ['foo\n', false, true],
  ['foo\f', false, true],
]

for (const [subject, isValid, isLiteral] of VALIDITY) {
  test(`${JSON.stringify(subject)} is ${isValid ? 'a valid' : 'no valid'} and ${isLiteral ? 'a literal' : 'a wildcard'} subject`, () => {
    assert.equal(isValidSubject(subject), isValid)
    assert.equal(isLiteralSubject(subject), isLiteral)
  })
}

test('a subject may have as many tokens as the limit says, and no more', () => {
  assert.equal(isValidSubject(Array(MAX_SUBJECT_TOKENS).fill('a').join('.')), true)
  assert.equal(
    isValidSubject(
      Array(MAX_SUBJECT_TOKENS + 1)
        .fill('a')
        .join('.'),
    ),
    false,
  )
})

for (const [subscribed, published, delivered] of MATCHES) {
  test(`${subscribed} ${delivered ? 'receives' : 'does not receive'} ${published}`, () => {
    assert.equal(subjectMatches(subscribed, published), delivered)
  })
}
