import assert from 'node:assert/strict'
import test from 'node:test'
import { subjectMatches } from '#core'
import { doOverlap, intersectionOf, isSubset, overlapsWith } from '../../src/core/subject-patterns.ts'

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

for (const [one, other, overlap] of [
  ['a.b', 'a.b', true],
  ['a.b', 'a.c', false],
  ['a.*', '*.b', true],
  ['a.>', 'a', false],
  ['a.>', 'a.b.c', true],
  ['*.*', 'a', false],
  ['a.*.c', 'a.b.>', true],
  ['>', 'x', true],
  ['foo', 'foo', true],
  ['foo', 'bar', false],
  ['foo.*', 'foo.bar', true],
  ['foo.*', '*.bar', true],
  ['foo.*', 'foo.bar.baz', false],
  ['foo.>', 'foo.bar.baz', true],
  ['foo.>', 'foo', false],
  ['>', 'foo', true],
  ['foo.>', '*.*.baz', true],
  ['foo.bar', 'foo', false],
] as const) {
  test(`${one} and ${other} ${overlap ? 'have' : 'have no'} subjects in common`, () => {
    assert.equal(doOverlap(one, other), overlap)
    assert.equal(doOverlap(other, one), overlap)
  })
}

for (const [subject, pattern, isPart] of [
  ['foo.>', 'foo.*', false],
  ['foo.*', 'foo.>', true],
  ['foo.*', 'foo.*', true],
  ['foo.*', 'foo.a', false],
  ['foo.a', 'foo.*', true],
  ['foo', 'foo.*', false],
  ['foo.a.b', 'foo.*', false],
  ['>', '>', true],
] as const) {
  test(`${subject} is ${isPart ? 'part' : 'no part'} of ${pattern}`, () => {
    assert.equal(isSubset(subject, pattern), isPart)
  })
}

test('a long subject costs no more for each that it is compared with than a short one', () => {
  const overlaps = overlapsWith(`${'a.'.repeat(8000)}b`)
  const startMs = performance.now()
  for (let i = 0; i < 50_000; i++) assert.equal(overlaps('a.b.c'), false)
  // Taking the filter apart each time took 5 s.
  assert.ok(performance.now() - startMs < 1000)
})
