/** Both languages say the same things: of every text, not only what the types see. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as english from '../../../web/src/i18n/en/index.ts'
import * as chinese from '../../../web/src/i18n/zh-cn/index.ts'

/** What is called the same in all languages. */
const NAMES =
  /\b(?:A-Z|a-z|1Password|API|Argon2id|Belfry|Bitwarden|Duo|Ed25519|English|Firefox|JSON|KeePassXC|CSV|ID|Mx|OTP|PBKDF2|PIN|Security|Send|URI|WebAuthn|YubiKey|client_id|client_secret|scope|grant_type|client_credentials)\b/g

interface Text {
  readonly path: string
  readonly value: string | ((...given: never[]) => string)
}

function textsOf(tree: unknown, path = ''): Text[] {
  if (typeof tree === 'string' || typeof tree === 'function') return [{ path, value: tree as Text['value'] }]
  assert.ok(typeof tree === 'object' && tree !== null, `${path} is neither a text nor a group of texts`)
  return Object.entries(tree).flatMap(([name, value]) => textsOf(value, path === '' ? name : `${path}.${name}`))
}

const both = { english: textsOf(english), chinese: textsOf(chinese) }

test('every text is there in both languages, and there is no other', () => {
  const paths = (texts: readonly Text[]) => texts.map(({ path }) => path).sort()
  assert.ok(both.english.length > 50)
  assert.deepEqual(paths(both.chinese), paths(both.english))
})

test('no text is empty, has blanks at its ends, or three points where there is a sign for them', () => {
  const wrong = [...both.english, ...both.chinese].filter(
    ({ value }) => typeof value === 'string' && (value.trim() !== value || value === '' || value.includes('...')),
  )
  assert.deepEqual(wrong, [])
})

test('what is said in Chinese is Chinese', () => {
  const wrong = both.chinese.filter(
    ({ value }) =>
      typeof value === 'string' && !/\p{Script=Han}/u.test(value) && /\p{L}/u.test(value.replace(NAMES, '')),
  )
  assert.deepEqual(
    wrong.map(({ path, value }) => `${path}: ${value}`),
    [],
  )
})

test('nothing that is said in English is Chinese, but the name of the language', () => {
  const wrong = both.english.filter(({ value }) => typeof value === 'string' && /\p{Script=Han}/u.test(value))
  assert.deepEqual(
    wrong.map(({ path }) => path),
    ['common.language.names.zh-CN'],
  )
})

test('what a text is given is said in both languages, or decides about words in both', () => {
  const given = Array.from({ length: 5 }, (_, index) => 71 + index)
  const says = ({ value }: Text) => {
    if (typeof value === 'string') return []
    const said = value(...(given as never[]))
    assert.equal(typeof said, 'string')
    return given.filter((one) => said.includes(String(one)))
  }
  const chinese = new Map(both.chinese.map((text) => [text.path, text]))
  for (const text of both.english) assert.deepEqual(says(chinese.get(text.path)!), says(text), text.path)
})
