import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { WebPushSubscription } from '#store'
import { made, sampleDevice, sampleUser } from '../samples.ts'
import type { OpenTestStore } from '../suite.ts'

const DAY_MS = 24 * 60 * 60 * 1000
const onDay = (day: number) => new Date(made.getTime() + day * DAY_MS)

export function webPushSubscriptionTests(openTestStore: OpenTestStore): void {
  async function openWithSubscription() {
    const opened = await openTestStore()
    const { store } = opened
    const user = sampleUser()
    await store.users.insert(user)
    const device = sampleDevice(user.id)
    await store.devices.insert(device)
    const subscription: WebPushSubscription = {
      userId: user.id,
      deviceId: device.id,
      endpoint: 'https://push.example/1',
      p256dh: 'key',
      auth: 'secret',
    }
    const { webPushSubscriptions } = store
    await webPushSubscriptions.save(subscription, made)
    return {
      store,
      user,
      device,
      subscription,
      subscriptions: webPushSubscriptions,
      isThere: async () => (await webPushSubscriptions.find(user.id, device.id)) !== undefined,
      [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
    }
  }

  test('a subscription is found by its user and device, and a later one takes its place', async () => {
    await using opened = await openWithSubscription()
    const { user, device, subscription, subscriptions } = opened
    assert.deepEqual(await subscriptions.find(user.id, device.id), subscription)
    assert.equal(await subscriptions.find(user.id, 'another'), undefined)
    assert.equal(await subscriptions.find('another', device.id), undefined)
    const later = { ...subscription, endpoint: 'https://push.example/2', p256dh: 'other key', auth: 'other secret' }
    await subscriptions.save(later, onDay(1))
    assert.deepEqual(await subscriptions.find(user.id, device.id), later)
  })

  test('a subscription is deleted only if it is still the one with that endpoint', async () => {
    await using opened = await openWithSubscription()
    const { user, device, subscription, subscriptions } = opened
    const ofAnother = { ...subscription, deviceId: 'another' }
    await subscriptions.save(ofAnother, made)
    await subscriptions.delete(user.id, device.id, 'https://push.example/0')
    assert.equal(await opened.isThere(), true)
    await subscriptions.delete(user.id, device.id, subscription.endpoint)
    assert.equal(await opened.isThere(), false)
    assert.deepEqual(await subscriptions.find(user.id, 'another'), ofAnother)
  })

  test('a user has 64 subscriptions at most: those go that are used least, and never that which was just told', async () => {
    await using opened = await openWithSubscription()
    const { store, user, subscription, subscriptions } = opened
    const another = { ...subscription, userId: 'another' }
    await subscriptions.save(another, made)
    await subscriptions.save({ ...subscription, deviceId: 'gone' }, onDay(100))
    const ids = Array.from({ length: 70 }, (_, i) => `device ${i}`)
    for (const [i, id] of ids.entries()) {
      const device = sampleDevice(user.id, { id, refreshToken: id, updatedAt: onDay(100 - i) })
      await store.devices.insert(device)
      await subscriptions.save({ ...subscription, deviceId: id }, made)
      assert.ok(await subscriptions.find(user.id, id))
    }
    const left = await store.pushTargets.ofUser(user.id)
    assert.deepEqual(left.map(({ deviceId }) => deviceId).toSorted(), [...ids.slice(0, 63), 'device 69'].toSorted())
    assert.deepEqual(await subscriptions.find('another', subscription.deviceId), another)
  })

  test('a subscription outlives its session, and is the same when the device logs in once more', async () => {
    await using opened = await openWithSubscription()
    const { store, user, device, subscription, subscriptions } = opened
    await store.devices.delete(device.id, user.id)
    await subscriptions.sweep(onDay(29), onDay(-1))
    assert.deepEqual(await subscriptions.find(user.id, device.id), subscription)
    await store.devices.insert(device)
    // It had a session in between, so that all begins anew.
    await subscriptions.sweep(onDay(40), onDay(10))
    await store.devices.deleteAllOf(user.id)
    await subscriptions.sweep(onDay(69), onDay(39))
    assert.deepEqual(await subscriptions.find(user.id, device.id), subscription)
    assert.equal(await subscriptions.sweep(onDay(71), onDay(41)), 1)
    assert.equal(await opened.isThere(), false)
  })

  test('a subscription of a device with a session is never swept, however long ago it was told', async () => {
    await using opened = await openWithSubscription()
    assert.equal(await opened.subscriptions.sweep(onDay(1000), onDay(970)), 0)
    assert.equal(await opened.isThere(), true)
    // Clocks that were wrong cost nothing either.
    await opened.subscriptions.sweep(onDay(1), onDay(5))
    assert.equal(await opened.isThere(), true)
  })

  test('a subscription of a user who is gone is there until it has told the browser, and is swept then', async () => {
    await using opened = await openWithSubscription()
    const { store, user, subscriptions } = opened
    await subscriptions.sweep(onDay(10), onDay(-20))
    await store.users.delete(user.id)
    await subscriptions.sweep(onDay(11), onDay(-19))
    assert.equal(await opened.isThere(), true)
    assert.equal(await subscriptions.sweep(onDay(12.5), onDay(-17.5)), 1)
    assert.equal(await opened.isThere(), false)
  })
}
