import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  DEFAULT_PASSWORD,
  generatePassword,
  type PasswordOptions,
  shortestLength,
} from '../../../web/src/generator/password.ts'
import { fixedRandom, tally, unevenness } from './statistics.ts'

const LOWERCASE = 'abcdefghijklmnopqrstuvwxyz'
const UPPERCASE = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'
const DIGITS = '0123456789'
const SPECIALS = '!@#$%^&*'

const NO_CLASS: PasswordOptions = {
  ...DEFAULT_PASSWORD,
  lowercase: false,
  uppercase: false,
  digits: false,
  minDigits: 0,
}
// Without minimum numbers: what is asked for has to come nevertheless.
const ALL_CLASSES: PasswordOptions = { ...DEFAULT_PASSWORD, specials: true, minDigits: 0, minSpecials: 0 }

const many = (count: number, options: PasswordOptions) => {
  const random = fixedRandom()
  return Array.from({ length: count }, () => generatePassword(options, random))
}
const countOf = (alphabet: string, password: string) => [...password].filter((c) => alphabet.includes(c)).length

for (const length of [5, 14, 128]) {
  test(`a password of ${length} characters has that many, of every class at least one`, () => {
    for (const password of many(500, { ...ALL_CLASSES, length })) {
      assert.equal(password.length, length)
      for (const alphabet of [LOWERCASE, UPPERCASE, DIGITS, SPECIALS]) assert.ok(countOf(alphabet, password) >= 1)
    }
  })
}

for (const [name, alphabet] of Object.entries({
  lowercase: LOWERCASE,
  uppercase: UPPERCASE,
  digits: DIGITS,
  specials: SPECIALS,
})) {
  test(`of ${name} alone, all come up, and as often as each other`, () => {
    const characters = many(1000, { ...NO_CLASS, [name]: true, length: 100 }).join('')
    assert.ok(unevenness(tally(alphabet, characters)) < 4)
  })
}

test('minimum numbers are kept, also where they fill the whole password', () => {
  for (const password of many(500, { ...ALL_CLASSES, length: 20, minDigits: 9, minSpecials: 9 })) {
    const counts = [LOWERCASE, UPPERCASE, DIGITS, SPECIALS].map((alphabet) => countOf(alphabet, password))
    assert.deepEqual(counts, [1, 1, 9, 9])
  }
})

test('a minimum of a class that is not asked for says nothing', () => {
  for (const password of many(100, { ...NO_CLASS, lowercase: true, minDigits: 9, minSpecials: 9 })) {
    assert.equal(countOf(LOWERCASE, password), password.length)
  }
})

test('ambiguous characters are left out, and only they', () => {
  const characters = many(2000, { ...ALL_CLASSES, avoidAmbiguous: true }).join('')
  const missing = [...LOWERCASE, ...UPPERCASE, ...DIGITS, ...SPECIALS].filter((c) => !characters.includes(c))
  assert.deepEqual(missing, [...'lIO01'])
})

test('no place says what stands there', () => {
  const length = 10
  const passwords = many(20_000, { ...ALL_CLASSES, length, minDigits: 2, minSpecials: 2 })
  for (const alphabet of [LOWERCASE, UPPERCASE, DIGITS, SPECIALS]) {
    const counts = Array.from({ length }, (_, at) => passwords.filter((word) => alphabet.includes(word[at]!)).length)
    assert.ok(unevenness(counts) < 4, `${alphabet}: ${counts}`)
  }
})

test('two passwords of the real source are not the same', () => {
  assert.notEqual(generatePassword(DEFAULT_PASSWORD), generatePassword(DEFAULT_PASSWORD))
})

test('the shortest length is what is asked for by class, and at least 5', () => {
  assert.equal(shortestLength(DEFAULT_PASSWORD), 5)
  assert.equal(shortestLength({ ...ALL_CLASSES, minDigits: 3, minSpecials: 4 }), 9)
  assert.equal(shortestLength({ ...NO_CLASS, lowercase: true, minDigits: 9 }), 5)
})

const wrong: [why: string, options: PasswordOptions][] = [
  ['4 characters', { ...DEFAULT_PASSWORD, length: 4 }],
  ['129 characters', { ...DEFAULT_PASSWORD, length: 129 }],
  ['half a character', { ...DEFAULT_PASSWORD, length: 14.5 }],
  ['no class', NO_CLASS],
  ['10 digits at least', { ...DEFAULT_PASSWORD, minDigits: 10 }],
  ['-1 specials at least', { ...DEFAULT_PASSWORD, minSpecials: -1 }],
  ['no room for what is asked for', { ...ALL_CLASSES, length: 19, minDigits: 9, minSpecials: 9 }],
]

for (const [why, options] of wrong) {
  test(`there is no password with ${why}`, () => {
    assert.throws(() => generatePassword(options, fixedRandom()), RangeError)
  })
}
