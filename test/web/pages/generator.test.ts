import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SymmetricKey } from '../../../web/src/crypto/symmetric-key.ts'
import { DEFAULT_PASSWORD } from '../../../web/src/generator/password.ts'
import { historyOf } from '../../../web/src/pages/generator/history.ts'
import { generate, keepSettings, lastSettings, mendPassword } from '../../../web/src/pages/generator/settings.ts'
import type { SessionState } from '../../../web/src/session/state.ts'
import { Cell } from '../../../web/src/state/cell.ts'

const UNLOCKED = { kind: 'unlocked', email: 'a@b.example', userId: 'a', userKey: SymmetricKey.random() } as const

test('what was generated is looked back for until the vault is locked', () => {
  const session = new Cell<SessionState>(UNLOCKED)
  const history = historyOf(session)
  for (const value of ['one', 'two', 'two', '', 'one']) history.add(value)
  assert.deepEqual(
    historyOf(session).entries.value.map(({ value }) => value),
    ['one', 'two'],
  )
  session.value = { kind: 'locked', email: UNLOCKED.email, userId: 'a' }
  assert.deepEqual(history.entries.value, [])
})

test('the history does not grow for ever', () => {
  const history = historyOf(new Cell<SessionState>(UNLOCKED))
  for (let i = 0; i < 100; i++) history.add(String(i))
  assert.equal(history.entries.value.length, 50)
  assert.equal(history.entries.value[0]?.value, '99')
})

test('wishes that no password can meet are mended', () => {
  const none = { ...DEFAULT_PASSWORD, lowercase: false, uppercase: false, digits: false }
  assert.equal(mendPassword(none).lowercase, true)
  const many = { ...DEFAULT_PASSWORD, specials: true, minDigits: 9, minSpecials: 9, length: 5 }
  assert.equal(mendPassword(many).length, 20)
  assert.deepEqual(mendPassword(DEFAULT_PASSWORD), DEFAULT_PASSWORD)
})

test('each kind is generated as it is wished for, and wishes are those of last time', async () => {
  const settings = lastSettings('alice@example.com')
  assert.equal((await generate({ ...settings, kind: 'password' })).length, DEFAULT_PASSWORD.length)
  assert.equal((await generate({ ...settings, kind: 'passphrase' })).split('-').length, 6)
  const username = (kind: 'word' | 'plus' | 'catchAll') =>
    generate({ ...settings, kind: 'username', username: { ...settings.username, kind } })
  assert.match(await username('word'), /^[a-z-]+$/)
  assert.match(await username('plus'), /^alice\+[a-z0-9]{8}@example\.com$/)
  assert.match(await username('catchAll'), /^[a-z0-9]{8}@example\.com$/)

  keepSettings({ ...settings, kind: 'passphrase' })
  assert.equal(lastSettings('bob@example.com').kind, 'passphrase')
  assert.equal(lastSettings('bob@example.com').username.email, 'bob@example.com')
  await assert.rejects(
    generate({ ...settings, kind: 'username', username: { ...settings.username, kind: 'plus', email: 'x' } }),
    RangeError,
  )
})
