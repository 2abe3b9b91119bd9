import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { registerAndLogin, type TestDevice } from '../../helpers/account.ts'
import { startVault, type TestVault } from '../harness.ts'

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

/** Ids of those whose devices were told to have changed since the last call. */
const changedDevices = () => vault.takeTold().flatMap(({ event, id }) => (event === 'devicesChanged' ? [id] : []))

test('who has another push token, or none any more, is told of, and nobody else', async () => {
  const device = await registerAndLogin({ fetch: vault.fetch })
  const stranger = await registerAndLogin({ fetch: vault.fetch })
  changedDevices()
  const give = (pushToken: string) => device.put(pathOf(device, 'token'), { pushToken })
  await give('first')
  assert.deepEqual(changedDevices(), [device.userId])
  await give('first')
  await stranger.put(pathOf(device, 'token'), { pushToken: 'theirs' })
  assert.deepEqual(changedDevices(), [])
  await anonymously('PUT', pathOf(device, 'clear-token'))
  assert.deepEqual(changedDevices(), [device.userId])
  await anonymously('PUT', pathOf(device, 'clear-token'))
  await anonymously('PUT', pathOf(stranger, 'clear-token'))
  assert.deepEqual(changedDevices(), [])
})

test('several accounts of one app have the same push token, each for itself', async () => {
  const ada = await registerAndLogin({ fetch: vault.fetch })
  const bob = await registerAndLogin({ fetch: vault.fetch, deviceId: ada.deviceId })
  changedDevices()
  await ada.put(pathOf(ada, 'token'), { pushToken: 'of both' })
  await bob.put(pathOf(bob, 'token'), { pushToken: 'of both' })
  assert.deepEqual(changedDevices(), [ada.userId, bob.userId])
  assert.deepEqual([(await rowOf(ada)).pushToken, (await rowOf(bob)).pushToken], ['of both', 'of both'])
  await anonymously('PUT', pathOf(ada, 'clear-token'))
  assert.deepEqual(changedDevices().toSorted(), [ada.userId, bob.userId].toSorted())
})

test('an app that was installed anew takes its push token along, from whoever had it', async () => {
  const before = await registerAndLogin({ fetch: vault.fetch })
  const others = await registerAndLogin({ fetch: vault.fetch, deviceId: before.deviceId })
  for (const device of [before, others]) await device.put(pathOf(device, 'token'), { pushToken: 'kept' })
  const anew = await vault.login(before.email)
  changedDevices()
  for (const changed of [[before.userId, others.userId], []]) {
    await anew.put(pathOf(anew, 'token'), { pushToken: 'kept' })
    assert.deepEqual(changedDevices().toSorted(), changed.toSorted())
    const tokens = [before, others, anew].map(async (device) => (await rowOf(device)).pushToken)
    assert.deepEqual(await Promise.all(tokens), [null, null, 'kept'])
  }
})

test('every login of a device is told of', async () => {
  const device = await registerAndLogin({ fetch: vault.fetch })
  assert.deepEqual(changedDevices(), [device.userId])
  await vault.login(device.email, { deviceId: device.deviceId })
  assert.deepEqual(changedDevices(), [device.userId])
  await assert.rejects(vault.login(device.email, { password: 'wrong' }))
  assert.deepEqual(changedDevices(), [])
})

test('a phone that logs in again is registered with the relay again, which may have refused or lost it', async () => {
  const phone = await registerAndLogin({ fetch: vault.fetch, deviceType: 0 })
  const { userId, deviceId, email } = phone
  const rows = vault.store.pushRegistrations
  const told = { userId, deviceId, pushId: 'name', digest: 'told', isRefused: true }
  await rows.save(told)
  await vault.login(email)
  assert.deepEqual(await rows.ofUser(userId), [told])
  await vault.login(email, { deviceId, deviceType: 0 })
  assert.deepEqual(await rows.ofUser(userId), [{ ...told, digest: '', isRefused: false }])
})

test('to clear push tokens is limited by the address', async () => {
  await using vault = await startVault({ unauthenticatedRateLimit: { seconds: 60, maxBurst: 2 } })
  const clear = () => anonymously('PUT', '/api/devices/identifier/x/clear-token', vault)
  assert.deepEqual([await clear(), await clear(), await clear()], [404, 404, 429])
})
