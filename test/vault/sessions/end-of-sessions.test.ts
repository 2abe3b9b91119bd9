import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import { endSessionsOf } from '../../../src/vault/sessions/index.ts'
import { postForm, registerAndLogin, type TestDevice } from '../../helpers/account.ts'
import { afterNext, startVault, type TestVault } from '../harness.ts'

/** A browser extension, of which there is one in a browser. The helpers' devices are web vaults else. */
const EXTENSION = 2

let vault: TestVault
before(async () => {
  vault = await startVault()
})
after(() => vault[Symbol.asyncDispose]())

async function twoDevices() {
  const first = await registerAndLogin({ fetch: vault.fetch })
  const second = await vault.login(first.email)
  vault.takeTold()
  return { first, second }
}
const statusOf = async (device: TestDevice) => (await device.get('/api/accounts/profile')).status
const refreshStatus = async (device: TestDevice) => {
  const form = { grant_type: 'refresh_token', refresh_token: device.token.refresh_token }
  return (await postForm(vault.fetch, `${vault.server}/identity/connect/token`, form)).status
}
const told = () => vault.takeTold().map(({ event, id, contextId, recipients }) => [event, id, contextId, recipients])

for (const [method, path] of [
  ['DELETE', '/api/devices/{id}'],
  ['POST', '/api/devices/{id}/deactivate'],
] as const) {
  test(`${method} ${path} ends the session of that device and of no other`, async () => {
    const { first, second } = await twoDevices()
    const { status, json } = await first.request(method, path.replace('{id}', second.deviceId))
    assert.deepEqual([status, json], [200, undefined])
    assert.deepEqual(told(), [['devicesRevoked', first.userId, first.deviceId, [second.deviceId]]])
    assert.deepEqual([await statusOf(first), await statusOf(second)], [200, 401])
    assert.deepEqual([await refreshStatus(first), await refreshStatus(second)], [200, 400])
    const { data } = (await first.get('/api/devices')).json
    assert.deepEqual(
      data.map(({ id }: { id: string }) => id),
      [first.deviceId],
    )
    const again = await first.request(method, path.replace('{id}', second.deviceId))
    assert.deepEqual([again.status, again.json.message, told()], [404, 'No device found', []])
  })
}

test('a device of somebody else cannot be deleted, also when both have one of the same name', async () => {
  const { first } = await twoDevices()
  const other = await registerAndLogin({ fetch: vault.fetch })
  vault.takeTold()
  assert.equal((await first.delete(`/api/devices/${other.deviceId}`)).status, 404)
  assert.equal((await first.delete('/api/devices/unknown')).status, 404)
  assert.deepEqual(told(), [])
  const shared = await vault.login(first.email, { deviceId: other.deviceId })
  assert.deepEqual(told(), [['devicesChanged', first.userId, null, [first.userId]]])
  assert.equal((await first.delete(`/api/devices/${other.deviceId}`)).status, 200)
  assert.deepEqual([await statusOf(shared), await statusOf(other)], [401, 200])
  assert.deepEqual(told(), [['devicesRevoked', first.userId, first.deviceId, [other.deviceId]]])
})

test('a device can delete itself', async () => {
  const { first, second } = await twoDevices()
  assert.equal((await first.delete(`/api/devices/${first.deviceId}`)).status, 200)
  assert.deepEqual([await statusOf(first), await statusOf(second)], [401, 200])
})

test('a change under way on a device that is deleted meanwhile is refused', async () => {
  const { first, second } = await twoDevices()
  const end = afterNext(vault.store.users, 'find', () => first.delete(`/api/devices/${second.deviceId}`))
  const { status } = await second.post('/api/folders', { name: '2.folder' })
  await end()
  assert.equal(status, 401)
  assert.deepEqual((await first.get('/api/folders')).json.data, [])
})

test('a user who is disabled has no session any more, and everybody is told once that is written', async () => {
  const { first, second } = await twoDevices()
  const before = (await vault.store.users.find(first.userId))!
  const ended = await endSessionsOf(vault.context, first.userId, {
    change: (user) => {
      user.enabled = false
      assert.deepEqual(told(), [])
    },
  })
  assert.ok(ended && ended.updatedAt > before.updatedAt && ended.securityStamp !== before.securityStamp)
  assert.equal((await vault.store.users.find(first.userId))?.enabled, false)
  assert.deepEqual(told(), [['LogOut', first.userId, null, [first.userId]]])
  assert.deepEqual([await statusOf(first), await statusOf(second)], [401, 401])
  assert.deepEqual([await refreshStatus(first), await refreshStatus(second)], [400, 400])
})

test('nobody is told when sessions could not be ended, or there is no such user', async () => {
  const { first } = await twoDevices()
  const change = () => Promise.reject(new Error('trouble'))
  await assert.rejects(endSessionsOf(vault.context, first.userId, { change }), /trouble/)
  assert.equal(await endSessionsOf(vault.context, randomUUID()), undefined)
  assert.deepEqual(told(), [])
  assert.equal(await statusOf(first), 200)
})

for (const [method, path] of [
  ['DELETE', '/api/accounts'],
  ['POST', '/api/accounts/delete'],
] as const) {
  test(`${method} ${path} removes the account and tells its devices`, async () => {
    const { first, second } = await twoDevices()
    const other = await registerAndLogin({ fetch: vault.fetch })
    await first.post('/api/ciphers', first.loginItem('x'))
    await first.post('/api/folders', { name: '2.folder' })
    vault.takeTold()
    for (const body of [{ masterPasswordHash: 'eA==' }, {}]) {
      const { status, json } = await first.request(method, path, body)
      assert.deepEqual([status, Object.keys(json.validationErrors)], [400, ['masterPasswordHash']])
    }
    assert.deepEqual([await statusOf(first), told()], [200, []])

    const { status, json } = await first.request(method, path, { masterPasswordHash: first.passwordHash })
    assert.deepEqual([status, json], [200, undefined])
    assert.deepEqual(told(), [['LogOut', first.userId, null, [first.userId]]])
    assert.deepEqual([await statusOf(first), await statusOf(second), await statusOf(other)], [401, 401, 200])
    assert.equal(await vault.store.users.find(first.userId), undefined)
    assert.deepEqual(await vault.sql(`SELECT uuid FROM ciphers WHERE user_uuid = '${first.userId}'`), [])
    // The address is free again.
    await vault.register(first.email)
  })
}

test('an account that is the last owner of an organization stays as it is', async () => {
  const { first } = await twoDevices()
  const org = randomUUID()
  const body = { masterPasswordHash: first.passwordHash }
  await vault.sql(`INSERT INTO organizations (uuid, name, billing_email) VALUES ('${org}', 'x', 'x')`)
  await vault.sql(
    `INSERT INTO users_organizations (uuid, user_uuid, org_uuid, access_all, akey, status, atype)
     VALUES ('${randomUUID()}', '${first.userId}', '${org}', true, '', 2, 0)`,
  )
  vault.takeTold()
  const { status, json } = await first.delete('/api/accounts', body)
  assert.deepEqual([status, json.message], [400, "Can't delete last owner"])
  assert.deepEqual([told(), await statusOf(first)], [[], 200])

  await vault.sql(`UPDATE users_organizations SET atype = 2`)
  assert.equal((await first.delete('/api/accounts', body)).status, 200)
})

test('a login counts as having heard everything, whatever the device missed before', async () => {
  const email = `${randomUUID()}@example.com`
  await vault.register(email)
  const device = await vault.login(email, { deviceType: EXTENSION })
  const heardAt = async () => (await vault.store.heard.find(device.deviceId, device.userId))?.heardAt?.getTime()
  const atFirst = await heardAt()
  assert.ok(atFirst)
  vault.advance(60_000)
  assert.equal(await refreshStatus(device), 200)
  assert.equal(await heardAt(), atFirst)
  await vault.login(email, { deviceId: device.deviceId, deviceType: EXTENSION })
  assert.ok((await heardAt())! >= atFirst + 60_000)
})

test('the login of one tab of a browser says nothing of what another has heard', async () => {
  const { first } = await twoDevices()
  const heard = { userId: first.userId, deviceId: first.deviceId, heardAt: new Date(Date.now() - 60_000) }
  await vault.store.heard.mark([heard])
  await vault.login(first.email, { deviceId: first.deviceId })
  assert.deepEqual((await vault.store.heard.find(first.deviceId, first.userId))?.heardAt, heard.heardAt)
})
