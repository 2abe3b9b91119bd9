import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { compileHostPattern } from '../../src/config/types/host-pattern.ts'

const LONG = 'a'.repeat(252)

describe('a pattern of hosts', () => {
  for (const [pattern, matched, others] of [
    ['a.org', ['a.org', 'xa.org', 'a-org', 'a.organ'], ['aorg', 'a.or']],
    ['^a\\.org$', ['a.org'], ['a.org.', 'b.a.org', 'a-org']],
    // The example in Vaultwarden's own template of settings.
    [
      '^(192\\.168\\.0\\.[0-9]+|192\\.168\\.1\\.[0-9]+)$',
      ['192.168.0.7', '192.168.1.77'],
      ['192.168.2.7', '192.168.1.'],
    ],
    ['^(?:[a-z0-9-]+\\.)*example\\.com$', ['example.com', 'a.b-1.example.com'], ['example.org', 'a..example.com']],
    ['(?i)EXAMPLE', ['example', 'ExAmple'], ['exampl']],
    ['^[[:alpha:]]+[[:^alpha:]]$', ['ab1'], ['ab', '11']],
    ['^(?P<label>\\w+)\\.(?<tld>[a-z]{2,3})$', ['a_1.org'], ['a-1.org', 'a.info']],
    ['\\Aa\\z', ['a'], ['ab', 'ba']],
  ] as const) {
    test(JSON.stringify(pattern), () => {
      const { test: matches } = compileHostPattern(pattern)
      for (const host of matched) assert.equal(matches(host), true, host)
      for (const host of others) assert.equal(matches(host), false, host)
    })
  }

  for (const pattern of ['(a', 'a)', '[a', '*a', 'a\\', '(?=a)', '(a)\\1', '((a{1000}){1000}){1000}']) {
    test(`that is none: ${pattern}`, () => {
      assert.throws(() => compileHostPattern(pattern), /error parsing regexp/)
    })
  }

  for (const pattern of ['^(a+)+$', '(a*)*b', '(a|a)*$b', '(.*)(.*)(.*)(.*)(.*)x', '^(([a-z])+.)+[A-Z]([a-z])+$']) {
    test(`does not take longer and longer: ${pattern}`, () => {
      // Some take a RegExp longer than the universe is old.
      assert.equal(compileHostPattern(pattern).test(`${LONG}!`), false)
    })
  }
})
