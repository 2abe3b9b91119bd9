import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Device, PushRegistration } from '#store'
import { made, sampleDevice, sampleUser } from '../samples.ts'
import type { OpenTestStore } from '../suite.ts'

const IOS = 1

export function pushRegistrationTests(openTestStore: OpenTestStore): void {
  async function openWithUser() {
    const opened = await openTestStore()
    const { store } = opened
    const addUser = async () => {
      const user = sampleUser()
      await store.users.insert(user)
      return user
    }
    const user = await addUser()
    return {
      store,
      user,
      addUser,
      query: opened.query,
      registrations: store.pushRegistrations,
      addPhone: async (changes: Partial<Device> = {}) => {
        const device = sampleDevice(changes.userId ?? user.id, { type: IOS, pushToken: 'token', ...changes })
        await store.devices.insert(device)
        return device
      },
      [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
    }
  }

  const registrationOf = (device: Device, changes: Partial<PushRegistration> = {}): PushRegistration => ({
    userId: device.userId,
    deviceId: device.id,
    pushId: 'relay',
    digest: 'digest',
    isRefused: false,
    ...changes,
  })

  test('phones are the Android and iOS devices that have a push token, with their name at the relay', async () => {
    await using opened = await openWithUser()
    const { store, user, addUser, addPhone, registrations } = opened
    const android = await addPhone({ type: 0, pushToken: 'android', pushId: 'relay' })
    const ios = await addPhone()
    const registered = await addPhone({ pushId: 'second' })
    await registrations.save(registrationOf(registered, { pushId: 'first' }))
    for (const changes of [{ pushToken: null }, { pushToken: '' }, { type: 2 }, { type: 15 }]) await addPhone(changes)
    await addPhone({ userId: (await addUser()).id })
    const expected = [
      { userId: user.id, deviceId: android.id, type: 0, pushToken: 'android', pushId: 'relay' },
      { userId: user.id, deviceId: ios.id, type: IOS, pushToken: 'token', pushId: null },
      { userId: user.id, deviceId: registered.id, type: IOS, pushToken: 'token', pushId: 'first' },
    ]
    const byDevice = (a: { deviceId: string }, b: { deviceId: string }) => (a.deviceId < b.deviceId ? -1 : 1)
    assert.deepEqual((await registrations.phonesOf(user.id)).sort(byDevice), expected.sort(byDevice))
    // Who is disabled may be enabled again.
    await store.users.update({ ...user, enabled: false })
    assert.equal((await registrations.phonesOf(user.id)).length, 3)
  })

  test('a registration is one for each user and device, and outlives both', async () => {
    await using opened = await openWithUser()
    const { store, user, addPhone, registrations } = opened
    const [first, second] = [registrationOf(await addPhone()), registrationOf(await addPhone(), { isRefused: true })]
    await registrations.save(first)
    await registrations.save(second)
    const changed = { ...second, pushId: 'other', digest: 'other', isRefused: false }
    await registrations.save(changed)
    const saved = async () => (await registrations.ofUser(user.id)).sort((a, b) => (a.deviceId < b.deviceId ? -1 : 1))
    const both = [first, changed].sort((a, b) => (a.deviceId < b.deviceId ? -1 : 1))
    assert.deepEqual(await saved(), both)
    await store.devices.delete(first.deviceId, user.id)
    await store.users.delete(user.id)
    assert.deepEqual(await saved(), both)
    assert.deepEqual(await registrations.ofUser('nobody'), [])
  })

  test('whether the relay refused a registration is kept', async () => {
    await using opened = await openWithUser()
    const { user, addPhone, registrations } = opened
    const refused = registrationOf(await addPhone(), { isRefused: true })
    await registrations.save(refused)
    assert.deepEqual(await registrations.ofUser(user.id), [refused])
  })

  test('a registration that is to be renewed says nothing of what was told, but keeps its name', async () => {
    await using opened = await openWithUser()
    const { user, addPhone, registrations } = opened
    const [refused, other] = [registrationOf(await addPhone(), { isRefused: true }), registrationOf(await addPhone())]
    for (const one of [refused, other]) await registrations.save(one)
    await registrations.renew(user.id, refused.deviceId)
    await registrations.renew(user.id, 'unknown')
    const byDevice = (a: PushRegistration, b: PushRegistration) => (a.deviceId < b.deviceId ? -1 : 1)
    const expected = [{ ...refused, digest: '', isRefused: false }, other]
    assert.deepEqual((await registrations.ofUser(user.id)).sort(byDevice), expected.sort(byDevice))
  })

  test('a registration is deleted only if it is still the one of that name', async () => {
    await using opened = await openWithUser()
    const { user, addPhone, registrations } = opened
    const registration = registrationOf(await addPhone())
    const other = registrationOf(await addPhone())
    for (const one of [registration, other]) await registrations.save(one)
    await registrations.delete(user.id, registration.deviceId, 'another')
    assert.equal((await registrations.ofUser(user.id)).length, 2)
    await registrations.delete(user.id, registration.deviceId, 'relay')
    assert.deepEqual(await registrations.ofUser(user.id), [other])
  })

  test('a device keeps the name at the relay that it got first, whoever asks and however often', async () => {
    await using opened = await openWithUser()
    const { store, user, addPhone, registrations } = opened
    const [nameless, named] = [await addPhone(), await addPhone({ pushId: 'given' })]
    const claimed = await Promise.all(
      Array.from({ length: 8 }, (_, i) => registrations.claimPushId(user.id, nameless.id, `claim ${i}`)),
    )
    assert.equal(new Set(claimed).size, 1)
    assert.match(claimed[0]!, /^claim \d$/)
    assert.deepEqual(await store.devices.find(nameless.id, user.id), { ...nameless, pushId: claimed[0] })
    assert.equal(await registrations.claimPushId(user.id, named.id, 'claim'), 'given')
    assert.deepEqual(await store.devices.find(named.id, user.id), named)
    assert.equal(await registrations.claimPushId(user.id, 'unknown', 'claim'), undefined)
    assert.equal(await registrations.claimPushId('nobody', named.id, 'claim'), undefined)
  })

  test('a device that was deleted and logs in once more goes by the name it is registered by', async () => {
    await using opened = await openWithUser()
    const { store, user, addPhone, registrations } = opened
    const phone = await addPhone({ pushId: 'first' })
    await registrations.save(registrationOf(phone, { pushId: 'first' }))
    await store.devices.delete(phone.id, user.id)
    await addPhone({ id: phone.id, pushId: 'second' })
    assert.equal(await registrations.claimPushId(user.id, phone.id, 'third'), 'first')
    assert.equal((await store.devices.find(phone.id, user.id))?.pushId, 'first')
  })

  test('a token is forgotten only where it is still the one of the device', async () => {
    await using opened = await openWithUser()
    const { store, user, addUser, addPhone, registrations } = opened
    const phone = await addPhone({ updatedAt: made })
    const ofAnother = await addPhone({ id: phone.id, userId: (await addUser()).id })
    await registrations.forgetToken(user.id, phone.id, 'older')
    assert.deepEqual(await store.devices.find(phone.id, user.id), phone)
    await registrations.forgetToken(user.id, phone.id, 'token')
    assert.deepEqual(await store.devices.find(phone.id, user.id), { ...phone, pushToken: null })
    assert.deepEqual(await store.devices.find(phone.id, ofAnother.userId), ofAnother)
  })

  test('who has a phone or a registration is listed once each, page by page', async () => {
    await using opened = await openWithUser()
    const { store, user, addUser, addPhone, registrations } = opened
    const expected = []
    for (let i = 0; i < 9; i++) {
      const { id: userId } = await addUser()
      expected.push(userId)
      // In turn: two phones, a phone that is registered, a registration of a device that is gone.
      const phone = await addPhone({ userId })
      if (i % 3 === 0) await addPhone({ userId })
      else await registrations.save(registrationOf(phone))
      if (i % 3 === 2) await store.devices.delete(phone.id, userId)
    }
    await addPhone({ pushToken: null })
    await addPhone({ type: 10 })
    await registrations.save(registrationOf(sampleDevice('gone')))
    expected.push('gone')
    assert.ok(!expected.includes(user.id))
    for (const limit of [1, 4, 100]) {
      const found: string[] = []
      for (let page = ['']; page.length > 0; found.push(...page)) {
        page = await registrations.users(found.at(-1) ?? '', limit)
        assert.ok(page.length <= limit)
      }
      assert.deepEqual(found.toSorted(), expected.toSorted(), `${limit} at once`)
    }
  })
}
