import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { compileHostPattern } from '../../src/config/host-pattern/index.ts'

const LONG = 'a'.repeat(252)

describe('a pattern of hosts', () => {
  for (const [pattern, matched, others] of [
    ['', ['', 'a.org'], []],
    ['a.org', ['a.org', 'xa.org', 'a-org', 'a.organ'], ['aorg', 'a.or']],
    ['^a\\.org$', ['a.org'], ['a.org.', 'b.a.org', 'a-org']],
    [
      '^(192\\.168\\.0\\.[0-9]+|192\\.168\\.1\\.[0-9]+)$',
      ['192.168.0.7', '192.168.1.77'],
      ['192.168.2.7', '192.168.1.'],
    ],
    ['^(?:[a-z0-9-]+\\.)*example\\.com$', ['example.com', 'a.b-1.example.com'], ['example.org', 'a..example.com']],
    ['foo\\-bar|baz', ['foo-bar', 'xbazx'], ['foobar']],
    ['^a{2}$', ['aa'], ['a', 'aaa']],
    ['^a{2,}$', ['aa', 'aaaaa'], ['a']],
    ['^a{1,2}?b??$', ['a', 'aa', 'aab'], ['', 'aaa', 'aabb']],
    ['^(ab?)+$', ['a', 'ab', 'aab', 'abab'], ['', 'b', 'abb']],
    ['^(a*)*b$', ['b', 'aaab'], ['a', '']],
    ['(?i)EXAMPLE', ['example', 'ExAmple'], ['exampl']],
    ['a(?i:b)c', ['abc', 'aBc'], ['Abc', 'abC']],
    ['(?i)a(?-i)b', ['Ab', 'ab'], ['aB']],
    ['((?i)a)b', ['Ab'], ['AB']],
    ['^[^a-c.]+$', ['def', '-'], ['dea', 'd.f']],
    ['(?i)^[^a]$', ['b', 'B'], ['a', 'A']],
    ['^[]a]$', [']', 'a'], ['b']],
    ['^[a-]$', ['a', '-'], ['b']],
    ['^[\\d.-]+$', ['10.0-1'], ['a']],
    ['^[[:alpha:]]+[[:^alpha:]]$', ['ab1'], ['ab', '11']],
    ['^(?P<label>\\w+)\\.(?<tld>[a-z]{2,3})$', ['a_1.org'], ['a-1.org', 'a.info']],
    ['\\Aa\\z', ['a'], ['ab', 'ba']],
    ['\\bfoo\\b', ['foo', 'a.foo.b'], ['foos', 'afoo']],
    ['o\\Bo', ['foo'], ['o.o']],
    ['^\\x61\\u0062\\x{63}\\u{64}$', ['abcd'], ['abc']],
    ['^fe80::', ['fe80::1'], ['2001:db8::1']],
    ['a||b', ['', 'x'], []],
  ] as const) {
    test(JSON.stringify(pattern), () => {
      const { test: matches } = compileHostPattern(pattern)
      for (const host of matched) assert.equal(matches(host), true, host)
      for (const host of others) assert.equal(matches(host), false, host)
    })
  }

  for (const [pattern, error] of [
    ['(a', '"(" without ")", at character 2'],
    ['a)', '")" without "(", at character 1'],
    ['[a', '"[" without "]", at character 2'],
    ['*a', '"*" has nothing to repeat, at character 1'],
    ['a{2', '"{" that begins no repetition, at character 1'],
    ['a{3,2}', '{3,2} has more at least than at most, at character 6'],
    ['a\\', '"\\" at the end, at character 2'],
    ['(?=a)', '"(?" that begins no group, at character 1'],
    ['(?!a)', '"(?" that begins no group, at character 1'],
    ['(?<=a)', '"(?" that begins no group, at character 1'],
    ['(?)', '"(?" that begins no group, at character 3'],
    ['(?x)a', '"(?" that begins no group, at character 1'],
    ['(a)\\1', '"\\1" is not supported, at character 5'],
    ['\\pL', '"\\p" is not supported, at character 2'],
    ['[b-a]', 'a range that is none, at character 4'],
    ['[a-\\d]', 'a range that is none, at character 5'],
    ['[a&&b]', 'sets within sets are not supported, at character 4'],
    ['[[:no:]]', '[:no:] is no set of characters, at character 7'],
    ['ü', 'only ASCII can stand in the name of a host: write "xn--…", at character 1'],
    [`${'('.repeat(60)}${')'.repeat(60)}`, 'too many groups within each other, at character 50'],
    ['((a{1000}){1000}){1000}', 'the pattern is too large'],
  ] as const) {
    test(`that is none: ${pattern.slice(0, 30)}`, () => {
      assert.throws(() => compileHostPattern(pattern), new SyntaxError(error))
    })
  }

  test('is compared as it would be by a RegExp', () => {
    // Those that mean the same in both languages, over every short text of a small alphabet.
    const texts = ['']
    for (const text of texts) if (text.length < 5) texts.push(...['a', 'b', '.'].map((char) => text + char))
    for (const pattern of [
      '(a|ab)(b|.b)$',
      '^(a|b*)*?\\.b',
      'a.{2,3}b',
      '\\ba+\\b',
      '(^a|b$){2}',
      '([ab]{2}){1,2}$',
      '^\\W|\\.\\Bb',
    ]) {
      const { test: matches } = compileHostPattern(pattern)
      const reference = new RegExp(pattern)
      for (const text of texts) assert.equal(matches(text), reference.test(text), `${pattern} ${text}`)
    }
  })

  for (const pattern of [
    '^(a+)+$',
    '(a*)*b',
    '(a|a)*$b',
    '(.*)(.*)(.*)(.*)(.*)x',
    '^(([a-z])+.)+[A-Z]([a-z])+$',
    '(){9999}',
  ]) {
    test(`does not take longer and longer: ${pattern}`, () => {
      const { test: matches } = compileHostPattern(pattern)
      const startedMs = performance.now()
      matches(`${LONG}!`)
      // Others take longer than the universe is old.
      assert.ok(performance.now() - startedMs < 1000)
    })
  }
})
