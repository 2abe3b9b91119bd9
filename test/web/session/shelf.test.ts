import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deviceIdentifier } from '../../../web/src/session/device-identifier.ts'
import { type KeptAccount, readAccount, writeAccount } from '../../../web/src/session/kept-account.ts'
import { Preferences } from '../../../web/src/session/preferences.ts'
import { Remembered } from '../../../web/src/session/remembered.ts'
import { type PageStorage, Shelf } from '../../../web/src/session/shelf.ts'

function storage(stored = new Map<string, string>()): PageStorage {
  return {
    getItem: (name) => stored.get(name) ?? null,
    setItem: (name, value) => void stored.set(name, value),
    removeItem: (name) => void stored.delete(name),
  }
}

const fail = () => {
  throw new DOMException('no', 'SecurityError')
}

const ACCOUNT: KeptAccount = {
  email: 'alice@example.com',
  userId: 'id',
  salt: 'alice@example.com',
  kdf: { type: 'Argon2id', iterations: 3, memory: 64, parallelism: 4 },
  protectedUserKey: '2.aQ==|aQ==|aQ==',
  refreshToken: 'token',
}

test('what is kept is there at the next visit, for the vault at that path only', () => {
  const stored = new Map<string, string>()
  new Shelf(() => storage(stored), '/a/').write('name', { deep: [1] })
  assert.deepEqual(new Shelf(() => storage(stored), '/a/').read('name'), { deep: [1] })
  assert.equal(new Shelf(() => storage(stored), '/b/').read('name'), undefined)
  new Shelf(() => storage(stored), '/a/').remove('name')
  assert.equal(stored.size, 0)
})

const BROKEN: Record<string, () => PageStorage> = {
  'that the site may not have': fail,
  'in which nothing can be read': () => ({ getItem: fail, setItem: fail, removeItem: fail }),
  'that is full': () => ({
    ...storage(),
    setItem: () => {
      throw new DOMException('full', 'QuotaExceededError')
    },
  }),
}
for (const [name, open] of Object.entries(BROKEN)) {
  test(`a storage ${name} keeps things as long as the page is open`, () => {
    const shelf = new Shelf(open)
    assert.equal(shelf.read('name'), undefined)
    shelf.write('name', 'value')
    assert.equal(shelf.read('name'), 'value')
    shelf.remove('name')
    assert.equal(shelf.read('name'), undefined)
    assert.equal(deviceIdentifier(shelf), deviceIdentifier(shelf))
    writeAccount(shelf, ACCOUNT)
    assert.deepEqual(readAccount(shelf), ACCOUNT)
  })
}

test('an old value does not come back when the new one does not fit', () => {
  const stored = new Map<string, string>()
  let isFull = false
  const open = (): PageStorage => ({
    ...storage(stored),
    setItem: (name, value) => {
      if (isFull) throw new DOMException('full', 'QuotaExceededError')
      stored.set(name, value)
    },
  })
  const shelf = new Shelf(open)
  shelf.write('name', 'old')
  isFull = true
  shelf.write('name', 'new')
  assert.equal(shelf.read('name'), 'new')
  assert.equal(new Shelf(open).read('name'), undefined)
  isFull = false
  shelf.write('name', 'newest')
  assert.equal(new Shelf(open).read('name'), 'newest')
})

test('rubbish is nothing', () => {
  const rubbish = [
    '',
    '{',
    'null',
    '[]',
    '"text"',
    '7',
    '{"email":7}',
    JSON.stringify({ ...ACCOUNT, kdf: { kdfType: 0, iterations: 1 } }),
    JSON.stringify({ ...ACCOUNT, kdf: { kdfType: 0, iterations: 600_000 }, protectedUserKey: '0.key' }),
    JSON.stringify({ ...ACCOUNT, kdf: { kdfType: 0, iterations: 600_000 }, refreshToken: '' }),
  ]
  for (const text of rubbish) {
    const shelf = new Shelf(() => ({ ...storage(), getItem: () => text }))
    assert.equal(readAccount(shelf), undefined, text)
    assert.match(deviceIdentifier(new Shelf(() => storage(new Map([['belfry:/:device', text]])))), /^[0-9a-f-]{36}$/)
    const preferences = new Preferences(shelf)
    assert.deepEqual(
      [preferences.theme.value, preferences.language.value, preferences.autoLockAction.value],
      ['system', null, 'lock'],
    )
    assert.equal(preferences.autoLockMinutes.value, 15)
    const remembered = new Remembered(shelf)
    assert.equal(remembered.twoFactorToken('alice@example.com'), undefined)
  }
})

test('preferences are kept, that it never locks included', () => {
  const shelf = new Shelf(() => storage())
  const chosen = new Preferences(shelf)
  chosen.theme.value = 'dark'
  chosen.language.value = 'zh-CN'
  chosen.autoLockMinutes.value = null
  chosen.autoLockAction.value = 'log-out'
  const kept = new Preferences(shelf)
  assert.equal(kept.theme.value, 'dark')
  assert.equal(kept.language.value, 'zh-CN')
  assert.equal(kept.autoLockMinutes.value, null)
  assert.equal(kept.autoLockAction.value, 'log-out')
})

test('who is remembered is remembered by address, whatever its case', () => {
  const shelf = new Shelf(() => storage())
  const remembered = new Remembered(shelf)
  remembered.email = 'alice@example.com'
  remembered.setTwoFactorToken('Alice@Example.com', 'a')
  remembered.setTwoFactorToken('bob@example.com', 'b')
  const later = new Remembered(shelf)
  assert.equal(later.email, 'alice@example.com')
  assert.equal(later.twoFactorToken(' alice@example.com '), 'a')
  later.setTwoFactorToken('alice@example.com', undefined)
  assert.equal(later.twoFactorToken('alice@example.com'), undefined)
  assert.equal(later.twoFactorToken('bob@example.com'), 'b')
  later.email = null
  assert.equal(new Remembered(shelf).email, null)
})

test('a device has one identifier, a UUID', () => {
  const stored = new Map<string, string>()
  const made = deviceIdentifier(new Shelf(() => storage(stored)))
  assert.match(made, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  assert.equal(deviceIdentifier(new Shelf(() => storage(stored))), made)
})
