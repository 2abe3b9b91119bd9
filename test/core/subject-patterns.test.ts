import assert from 'node:assert/strict'
import test from 'node:test'
import { subjectMatches } from '#core'
import { doOverlap, intersectionOf, isSubset } from '../../src/core/subject-patterns.ts'

const vectors: [a: string, b: string, both: string | undefined][] = [
  ['a', 'a', 'a'],
  ['a', 'b', undefined],
  ['a.*', '*.b', 'a.b'],
  ['a.*', '*.b.c', undefined],
  ['a.>', '*.b.c', 'a.b.c'],
  ['a.>', 'a', undefined],
  ['>', '*.*', '*.*'],
  ['a.*.>', '*.b.>', 'a.b.>'],
  ['a.>', '*.*.c', 'a.*.c'],
]

for (const [a, b, both] of vectors) {
  test(`${a} and ${b} have ${both ?? 'nothing'} in common`, () => {
    assert.equal(intersectionOf(a, b), both)
    assert.equal(intersectionOf(b, a), both)
    assert.equal(doOverlap(a, b), both !== undefined)
  })
}

test('all patterns of up to three tokens agree with what they match', () => {
  const tokens = ['a', 'b', '*', '>']
  const upTo = (length: number): string[] =>
    length === 0
      ? []
      : [...tokens, ...upTo(length - 1).flatMap((rest) => tokens.slice(0, 3).map((token) => `${token}.${rest}`))]
  const patterns = upTo(3)
  // `c` stands for all that no pattern names.
  const literals = ['a', 'b', 'c']
  const subjects = literals.flatMap((a) => [
    a,
    ...literals.flatMap((b) => [`${a}.${b}`, ...literals.flatMap((c) => [`${a}.${b}.${c}`, `${a}.${b}.${c}.c`])]),
  ])
  for (const a of patterns) {
    const ofA = subjects.filter((subject) => subjectMatches(a, subject))
    for (const b of patterns) {
      const both = intersectionOf(a, b)
      const expected = ofA.filter((subject) => subjectMatches(b, subject))
      const got = both === undefined ? [] : subjects.filter((subject) => subjectMatches(both, subject))
      assert.deepEqual(got, expected, `${a} and ${b}`)
      assert.equal(isSubset(a, b), expected.length === ofA.length, `${a} in ${b}`)
    }
  }
})
