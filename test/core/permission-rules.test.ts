import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PermissionRules } from '../../src/core/permission-rules.ts'
import { doOverlap, isSubset } from '../../src/core/subject-patterns.ts'

/** All subjects of up to three tokens of these, with `>` at their end or without. */
function subjectsOf(tokens: readonly string[]): string[] {
  const found: string[] = []
  let longest = ['']
  for (let length = 1; length <= 3; length++) {
    found.push(...longest.map((beginning) => `${beginning}>`))
    const next = longest.flatMap((beginning) => tokens.map((token) => beginning + token))
    found.push(...next)
    longest = next.map((subject) => `${subject}.`)
  }
  return found
}

test('rules overlap with a subject, or cover it, as one of them does', () => {
  const subjects = subjectsOf(['a', 'b', '*'])
  for (const one of subjects) {
    for (const other of ['a', 'b.a', '*.b', 'a.*.a', 'b.>', 'a.a.a q']) {
      const rules = new PermissionRules([one, other])
      const patterns = [one, other.split(' ')[0]!]
      for (const subject of subjects) {
        const told = `${subject} and ${patterns}`
        assert.equal(
          rules.overlap(subject),
          patterns.some((pattern) => doOverlap(subject, pattern)),
          told,
        )
        assert.equal(
          rules.cover(subject),
          patterns.some((pattern) => isSubset(subject, pattern)),
          told,
        )
      }
    }
  }
  const none = new PermissionRules([])
  assert.deepEqual([none.overlap('>'), none.cover('a')], [false, false])
})

test('very many rules, as another server may tell them, are asked about very many subjects at once', () => {
  const rules = new PermissionRules(Array.from({ length: 8_000 }, (_, i) => `rule.${i}.denied`))
  const startedMs = performance.now()
  for (let i = 0; i < 5_000; i++) {
    assert.equal(rules.overlap(`other.${i}.*`), false)
    assert.equal(rules.cover(`rule.${i}.*`), false)
  }
  // One rule after the other would take 20 seconds and more.
  assert.ok(performance.now() - startedMs < 2_000)
})
