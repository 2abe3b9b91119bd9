import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { AFTER_PASSWORD_CHANGE, Sessions, stampException, Tokens } from '#auth'
import { type Clock, systemClock } from '#kit'
import { openStore, type User } from '#store'
import { aDevice, aUser } from './rows.ts'

let now = Date.parse('2026-01-02T03:04:05Z')
const clock: Clock = { ...systemClock, now: () => now }
const folder = await mkdtemp(join(tmpdir(), 'belfry-auth-'))
const store = await openStore({ kind: 'sqlite', databaseFile: join(folder, 'db.sqlite3'), clock })
after(async () => {
  await store.close()
  await rm(folder, { recursive: true })
})
const tokens = await Tokens.load({ keyFile: join(folder, 'rsa_key.pem'), origin: 'https://localhost', clock })
const sessions = new Sessions(tokens, store, clock)

async function login(fields: Partial<User> = {}) {
  const user = aUser({ email: `${crypto.randomUUID()}@example.com`, ...fields })
  const device = aDevice(user.id)
  await store.users.insert(user)
  await store.devices.insert(device)
  const { token } = await tokens.issueAccess(user, device, { clientId: 'web', scope: ['api', 'offline_access'] })
  return { user, device, token }
}

test('a token stands for its user and device', async () => {
  const { user, device, token } = await login()
  const session = await sessions.authenticate(token)
  assert.deepEqual([session?.user.id, session?.device.id, session?.claims.client_id], [user.id, device.id, 'web'])
})

test('a session ends when its device is deleted', async () => {
  const { user, token } = await login()
  await store.devices.deleteAllOf(user.id)
  assert.equal(await sessions.authenticate(token), undefined)
})

test('a session ends when its user is disabled', async () => {
  const { user, token } = await login()
  await store.users.update({ ...user, enabled: false })
  assert.equal(await sessions.authenticate(token), undefined)
})

test('a session ends when the security stamp changes', async () => {
  const { user, token } = await login()
  await store.users.update({ ...user, securityStamp: crypto.randomUUID() })
  assert.equal(await sessions.authenticate(token), undefined)
})

test('for two minutes after a password change the old token opens the routes named by the exception', async () => {
  const { user, token } = await login()
  const exception = stampException(user.securityStamp, AFTER_PASSWORD_CHANGE, now)
  assert.deepEqual(JSON.parse(exception), {
    routes: ['post_rotatekey', 'get_contacts', 'get_public_keys', 'get_api_webauthn'],
    security_stamp: user.securityStamp,
    expire: now / 1000 + 120,
  })
  await store.users.update({ ...user, securityStamp: crypto.randomUUID(), stampException: exception })
  assert.equal(await sessions.authenticate(token), undefined)
  assert.equal((await sessions.authenticate(token, 'get_public_keys'))?.user.id, user.id)
  now += 121_000
  assert.equal(await sessions.authenticate(token, 'get_public_keys'), undefined)
})

test('an exception for one stamp helps no other', async () => {
  const { user, token } = await login()
  const stranger = stampException(crypto.randomUUID(), AFTER_PASSWORD_CHANGE, now)
  for (const broken of [stranger, 'not json', '{}', 'null']) {
    await store.users.update({ ...user, securityStamp: crypto.randomUUID(), stampException: broken })
    assert.equal(await sessions.authenticate(token, 'get_public_keys'), undefined)
  }
})
