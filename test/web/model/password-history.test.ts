import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FIELD_TYPE, type Item, newItem } from '../../../web/src/model/item.ts'
import { rememberPasswords } from '../../../web/src/model/password-history.ts'

const NOW = new Date('2026-03-04T05:06:07.000Z')

function login(password: string | null, fields: Record<string, string | null> = {}): Item {
  const item = newItem('Bank', {
    type: 'login',
    login: { username: 'alice', password, passwordRevisionDate: null, totp: null, uris: [], passkeys: [], rest: {} },
  })
  const hidden = Object.entries(fields).map(([name, value]) => ({
    ...{ name, value, type: FIELD_TYPE.hidden, linkedId: null, rest: {} },
  }))
  return { ...item, fields: hidden }
}

const passwordsOf = (item: Item) => item.passwordHistory.map(({ password }) => password)

const CASES: [string, Item, Item, string[]][] = [
  ['a password that is replaced', login('old'), login('new'), ['old']],
  ['a password that is removed', login('old'), login(null), ['old']],
  ['a first password', login(''), login('new'), []],
  ['a password that stays', login('same'), login('same'), []],
  ['a hidden field that is replaced', login('p', { pin: '1' }), login('p', { pin: '2' }), ['pin: 1']],
  ['a hidden field that is removed', login('p', { pin: '1', b: '2' }), login('p', { b: '2' }), ['pin: 1']],
  ['both', login('old', { pin: '1' }), login('new', { pin: '2' }), ['old', 'pin: 1']],
]

for (const [what, before, after, remembered] of CASES) {
  test(`the history after ${what}`, () => {
    const item = rememberPasswords(before, after, NOW)
    assert.deepEqual(passwordsOf(item), remembered)
    assert.ok(item.passwordHistory.every(({ lastUsedDate }) => lastUsedDate === NOW.toISOString()))
    const isReplaced = remembered.includes('old')
    assert.ok(item.type === 'login')
    assert.equal(item.login.passwordRevisionDate, isReplaced ? NOW.toISOString() : null)
  })
}

test('the five newest are kept', () => {
  let item = login('0')
  for (let i = 1; i <= 7; i++) {
    assert.ok(item.type === 'login')
    item = rememberPasswords(item, { ...item, login: { ...item.login, password: String(i) } }, NOW)
  }
  assert.deepEqual(passwordsOf(item), ['6', '5', '4', '3', '2'])
})
