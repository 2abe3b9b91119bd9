import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { registerAndLogin, type TestDevice } from '../helpers/account.ts'
import { startVault, type TestVault } from './harness.ts'

let vault: TestVault
before(async () => {
  vault = await startVault()
})
after(() => vault[Symbol.asyncDispose]())

const pathOf = (device: TestDevice, what: string) => `/api/devices/identifier/${device.deviceId}/${what}`
const rowOf = async (device: TestDevice) => (await vault.store.devices.find(device.deviceId, device.userId))!
const anonymously = async (method: string, path: string, where = vault) =>
  (await where.fetch(where.server + path, { method })).status

test('a device has the push token that it was last given, until it is cleared by whoever knows the device', async () => {
  const device = await registerAndLogin({ fetch: vault.fetch })
  const other = await vault.login(device.email)
  const { updatedAt } = await rowOf(device)
  for (const method of ['PUT', 'POST']) {
    const { status, json } = await device.request(method, pathOf(device, 'token'), { pushToken: method })
    assert.deepEqual([status, json], [200, undefined])
    assert.equal((await rowOf(device)).pushToken, method)
  }
  const given = await rowOf(device)
  assert.ok(given.updatedAt > updatedAt)
  await device.put(pathOf(device, 'token'), { pushToken: 'POST' })
  assert.deepEqual(await rowOf(device), given)
  assert.equal((await rowOf(other)).pushToken, null)

  for (const method of ['PUT', 'POST']) {
    await device.put(pathOf(device, 'token'), { pushToken: 'again' })
    assert.equal(await anonymously(method, pathOf(device, 'clear-token')), 200)
    assert.equal((await rowOf(device)).pushToken, null)
  }
  assert.equal(await anonymously('PUT', '/api/devices/identifier/unknown/clear-token'), 404)
})

test('a push token is for a device of the user, and not for one of somebody else', async () => {
  const device = await registerAndLogin({ fetch: vault.fetch })
  const stranger = await registerAndLogin({ fetch: vault.fetch })
  const { status, json } = await device.put(pathOf(stranger, 'token'), { pushToken: 'token' })
  assert.deepEqual([status, json.message], [400, 'No device found'])
  assert.equal((await rowOf(stranger)).pushToken, null)
  for (const pushToken of ['', 'x'.repeat(4097), null, undefined]) {
    assert.equal((await device.put(pathOf(device, 'token'), { pushToken })).status, 400)
  }
  assert.equal(await anonymously('PUT', pathOf(device, 'token')), 401)
  assert.equal((await rowOf(device)).pushToken, null)
})

test('to clear push tokens is limited by the address', async () => {
  await using vault = await startVault({ unauthenticatedRateLimit: { seconds: 60, maxBurst: 2 } })
  const clear = () => anonymously('PUT', '/api/devices/identifier/x/clear-token', vault)
  assert.deepEqual([await clear(), await clear(), await clear()], [404, 404, 429])
})
