import assert from 'node:assert/strict'
import { test } from 'node:test'
import { made, sampleDevice, sampleUser } from '../samples.ts'
import type { OpenTestStore } from '../suite.ts'

export function deviceTests(openTestStore: OpenTestStore): void {
  test('a device is found by id and by refresh token, and an update writes its fields', async () => {
    await using opened = await openTestStore()
    const { users, devices } = opened.store
    const user = sampleUser()
    await users.insert(user)
    const device = sampleDevice(user.id)
    await devices.insert(device)
    assert.deepEqual(await devices.find(device.id, user.id), device)
    assert.deepEqual(await devices.findByRefreshToken(device.refreshToken), device)

    const changed = {
      ...device,
      updatedAt: new Date(made.getTime() + 1000),
      name: 'chrome',
      type: 9,
      pushToken: 'token',
      pushId: 'push',
      refreshToken: 'fresh',
      twoFactorRemember: 'remembered',
    }
    await devices.update(changed)
    assert.deepEqual(await devices.findByRefreshToken('fresh'), changed)
    assert.equal(await devices.findByRefreshToken(device.refreshToken), undefined)
  })

  test('two users have a device of one id each, and each is changed and deleted alone', async () => {
    await using opened = await openTestStore()
    const { users, devices } = opened.store
    const [ada, bob] = [sampleUser(), sampleUser()]
    await users.insert(ada)
    await users.insert(bob)
    const ofAda = sampleDevice(ada.id, { id: 'shared' })
    const ofBob = sampleDevice(bob.id, { id: 'shared' })
    await devices.insert(ofAda)
    await devices.insert(ofBob)
    await devices.update({ ...ofAda, name: 'only hers' })
    assert.deepEqual(await devices.find('shared', bob.id), ofBob)
    await devices.deleteAllOf(ada.id)
    assert.equal(await devices.find('shared', ada.id), undefined)
    assert.deepEqual(await devices.ofUser(bob.id), [ofBob])
  })

  test('touching a device writes its date and nothing else', async () => {
    await using opened = await openTestStore()
    const { users, devices } = opened.store
    const [ada, bob] = [sampleUser(), sampleUser()]
    for (const user of [ada, bob]) {
      await users.insert(user)
      await devices.insert(sampleDevice(user.id, { id: 'shared' }))
    }
    const [ofAda, ofBob] = [await devices.find('shared', ada.id), await devices.find('shared', bob.id)]
    const at = new Date(made.getTime() + 1000)
    await devices.touch('shared', ada.id, at)
    assert.deepEqual(await devices.find('shared', ada.id), { ...ofAda, updatedAt: at })
    assert.deepEqual(await devices.find('shared', bob.id), ofBob)
  })

  test('deleting all devices of a user leaves those of others', async () => {
    await using opened = await openTestStore()
    const { users, devices } = opened.store
    const [ada, bob] = [sampleUser(), sampleUser()]
    for (const user of [ada, bob]) {
      await users.insert(user)
      await devices.insert(sampleDevice(user.id))
      await devices.insert(sampleDevice(user.id))
    }
    await devices.deleteAllOf(ada.id)
    assert.deepEqual(await devices.ofUser(ada.id), [])
    assert.equal((await devices.ofUser(bob.id)).length, 2)
  })

  test('a device of an unknown user is refused', async () => {
    await using opened = await openTestStore()
    await assert.rejects(opened.store.devices.insert(sampleDevice('nobody')))
  })

  test('a push token goes wherever its device has logged in', async () => {
    await using opened = await openTestStore()
    const { users, devices } = opened.store
    const [ada, bob] = [sampleUser(), sampleUser()]
    for (const user of [ada, bob]) await users.insert(user)
    const phone = sampleDevice(ada.id, { pushToken: 'token' })
    const tablet = sampleDevice(ada.id, { pushToken: 'other' })
    const bobs = sampleDevice(bob.id, { id: phone.id, pushToken: 'token' })
    for (const device of [phone, tablet, bobs]) await devices.insert(device)
    assert.equal(await devices.clearPushToken('unknown'), undefined)
    assert.deepEqual((await devices.clearPushToken(phone.id))?.toSorted(), [ada.id, bob.id].toSorted())
    assert.deepEqual(await devices.clearPushToken(phone.id), [])
    assert.deepEqual(await devices.find(phone.id, ada.id), { ...phone, pushToken: null })
    assert.deepEqual(await devices.find(phone.id, bob.id), { ...bobs, pushToken: null })
    assert.deepEqual(await devices.find(tablet.id, ada.id), tablet)
  })

  test('a push token is released by all devices but one, whoever has logged in there', async () => {
    await using opened = await openTestStore()
    const { users, devices } = opened.store
    const [ada, bob] = [sampleUser(), sampleUser()]
    for (const user of [ada, bob]) await users.insert(user)
    const kept = [ada, bob].map(({ id }) => sampleDevice(id, { id: 'phone', pushToken: 'token' }))
    const old = [ada, bob, ada].map(({ id }) => sampleDevice(id, { pushToken: 'token' }))
    const other = sampleDevice(bob.id, { pushToken: 'other' })
    for (const device of [...kept, ...old, other]) await devices.insert(device)
    assert.deepEqual((await devices.releasePushToken('token', 'phone')).toSorted(), [ada.id, bob.id].toSorted())
    for (const device of [...kept, other]) assert.deepEqual(await devices.find(device.id, device.userId), device)
    for (const device of old) {
      assert.deepEqual(await devices.find(device.id, device.userId), { ...device, pushToken: null })
    }
    assert.deepEqual(await devices.releasePushToken('token', 'phone'), [])
  })
}
