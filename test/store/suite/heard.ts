import assert from 'node:assert/strict'
import { test } from 'node:test'
import { made, sampleDevice, sampleUser } from '../samples.ts'
import type { OpenTestStore } from '../suite.ts'

const later = (ms: number) => new Date(made.getTime() + ms)

export function heardTests(openTestStore: OpenTestStore): void {
  async function openWithDevices(count: number) {
    const opened = await openTestStore()
    const user = sampleUser()
    await opened.store.users.insert(user)
    const devices = Array.from({ length: count }, () => sampleDevice(user.id))
    for (const device of devices) await opened.store.devices.insert(device)
    const { heard } = opened.store
    return {
      store: opened.store,
      user,
      devices,
      mark: (...heardAts: readonly [deviceId: string, heardAt: Date][]) =>
        heard.mark(heardAts.map(([deviceId, heardAt]) => ({ userId: user.id, deviceId, heardAt }))),
      heardAt: async (deviceId: string) => (await heard.find(deviceId, user.id))?.heardAt,
      rows: () => opened.query('SELECT device_uuid FROM belfry_heard'),
      [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
    }
  }

  test('what is known of a device that never heard: since when it is there, and what its account is now', async () => {
    await using opened = await openWithDevices(1)
    const { store, user, devices } = opened
    await store.users.touch(user.id, later(5_000))
    await store.devices.touch(devices[0]!.id, user.id, later(7_000))
    assert.deepEqual(await store.heard.find(devices[0]!.id, user.id), {
      heardAt: null,
      deviceSince: made,
      accountChangedAt: later(5_000),
      securityStamp: user.securityStamp,
    })
    await store.users.update({ ...user, enabled: false })
    assert.equal((await store.heard.find(devices[0]!.id, user.id))?.securityStamp, undefined)
    assert.equal(await store.heard.find('unknown', user.id), undefined)
    assert.equal(await store.heard.find(devices[0]!.id, 'unknown'), undefined)
  })

  test('a mark moves forward and never back', async () => {
    await using opened = await openWithDevices(2)
    const [a, b] = opened.devices.map(({ id }) => id) as [string, string]
    await opened.mark([a, later(2)])
    await opened.mark([a, later(1)], [b, later(1)])
    assert.deepEqual([await opened.heardAt(a), await opened.heardAt(b)], [later(2), later(1)])
    // The same device twice at once.
    await opened.mark([a, later(4)], [a, later(3)])
    assert.deepEqual(await opened.heardAt(a), later(4))
    await opened.mark()
  })

  test('more marks than a statement takes are written together, and each is that of its device', async () => {
    await using opened = await openWithDevices(1_203)
    await opened.mark(...opened.devices.map(({ id }, i) => [id, later(i)] as [string, Date]))
    for (const i of [0, 499, 500, 1_202]) assert.deepEqual(await opened.heardAt(opened.devices[i]!.id), later(i))
  })

  test('a mark of a device that is gone, or never was, is passed over', async () => {
    await using opened = await openWithDevices(3)
    const [a, b, c] = opened.devices.map(({ id }) => id) as [string, string, string]
    await opened.mark([a, later(1)], [b, later(1)], [c, later(1)], ['unknown', later(1)])
    await opened.store.devices.delete(a, opened.user.id)
    assert.deepEqual((await opened.rows()).map((row) => row.device_uuid).sort(), [b, c].sort())
    await opened.mark([a, later(2)], [b, later(2)])
    assert.deepEqual((await opened.rows()).map((row) => row.device_uuid).sort(), [b, c].sort())
    await opened.store.devices.deleteAllOf(opened.user.id)
    assert.deepEqual(await opened.rows(), [])
  })

  test('two users of one device are marked apart', async () => {
    await using opened = await openTestStore()
    const [ada, bob] = [sampleUser(), sampleUser()]
    for (const user of [ada, bob]) {
      await opened.store.users.insert(user)
      await opened.store.devices.insert(sampleDevice(user.id, { id: 'shared' }))
    }
    const { heard, devices } = opened.store
    await heard.mark([{ userId: ada.id, deviceId: 'shared', heardAt: later(1) }])
    assert.equal((await heard.find('shared', bob.id))?.heardAt, null)
    await heard.mark([{ userId: bob.id, deviceId: 'shared', heardAt: later(2) }])
    await devices.delete('shared', ada.id)
    assert.equal(await devices.find('shared', ada.id), undefined)
    assert.deepEqual((await heard.find('shared', bob.id))?.heardAt, later(2))
  })

  test('of many devices it is known what is known of each, in their order, and nothing of those that are not there', async () => {
    await using opened = await openWithDevices(1_003)
    const { store, user, devices } = opened
    await opened.mark([devices[700]!.id, later(3)])
    const asked = [...devices.map(({ id }) => id), 'unknown'].map((deviceId) => ({ deviceId, userId: user.id }))
    const states = await store.heard.findMany([...asked, { deviceId: devices[0]!.id, userId: 'somebody else' }])
    assert.equal(states.length, 1_005)
    for (const i of [0, 499, 500, 700, 1_002]) {
      assert.deepEqual(states[i], await store.heard.find(devices[i]!.id, user.id))
    }
    assert.deepEqual(states[700]?.heardAt, later(3))
    assert.deepEqual(states.slice(-2), [undefined, undefined])
    assert.deepEqual(await store.heard.findMany([]), [])
  })
}
