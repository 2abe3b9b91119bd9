import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import type { Device, PushTarget, User } from '#store'
import { made, sampleDevice, sampleUser } from '../samples.ts'
import type { OpenTestStore } from '../suite.ts'

const ANDROID = 0
const IOS = 1
const CHROME_EXTENSION = 2
const ANDROID_AMAZON = 15

const later = (ms: number) => new Date(made.getTime() + ms)
const byDevice = (a: PushTarget, b: PushTarget) => (a.deviceId < b.deviceId ? -1 : 1)
const idsOf = (targets: readonly PushTarget[]) => targets.map(({ deviceId }) => deviceId).sort()

export function pushTargetTests(openTestStore: OpenTestStore): void {
  async function openWithUser() {
    const opened = await openTestStore()
    const { store } = opened
    const addUser = async (changes: Partial<User> = {}) => {
      const user = sampleUser(changes)
      await store.users.insert(user)
      return user
    }
    const user = await addUser()
    return {
      store,
      user,
      addUser,
      query: opened.query,
      targets: store.pushTargets,
      addDevice: async (changes: Partial<Device> = {}) => {
        const device = sampleDevice(changes.userId ?? user.id, changes)
        await store.devices.insert(device)
        return device
      },
      subscribe: async ({ id, userId }: Device) => {
        const address = { endpoint: `https://push.example/${id}`, p256dh: 'key', auth: 'secret' }
        await store.webPushSubscriptions.save({ userId, deviceId: id, ...address }, made)
        return address
      },
      register: ({ id, userId, pushId }: Device, { isRefused = false } = {}) =>
        store.pushRegistrations.save({ userId, deviceId: id, pushId: pushId ?? 'relay', digest: 'digest', isRefused }),
      addOrganization: async (members: readonly (readonly [userId: string, status: number])[]) => {
        const id = randomUUID()
        await opened.query(
          `INSERT INTO organizations (uuid, name, billing_email) VALUES ('${id}', 'organization', 'bill@example.com')`,
        )
        for (const [userId, status] of members) {
          await opened.query(
            `INSERT INTO users_organizations (uuid, user_uuid, org_uuid, access_all, akey, status, atype)
             VALUES ('${randomUUID()}', '${userId}', '${id}', '1', '', ${status}, 2)`,
          )
        }
        return id
      },
      [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
    }
  }

  test('phones with a push token and browsers with a subscription can be pushed to, and nothing else', async () => {
    await using opened = await openWithUser()
    const { user, addDevice, subscribe, targets } = opened
    const android = await addDevice({ type: ANDROID, pushToken: 'token', pushId: 'relay' })
    const ios = await addDevice({ type: IOS, pushToken: 'token' })
    const browser = await addDevice({ type: CHROME_EXTENSION, pushId: 'unused' })
    const address = await subscribe(browser)
    await addDevice({ type: IOS })
    await addDevice({ type: IOS, pushToken: '' })
    await addDevice({ type: ANDROID_AMAZON, pushToken: 'token' })
    await addDevice({ type: CHROME_EXTENSION, pushToken: 'token' })
    const common = { userId: user.id, hasSession: true }
    assert.deepEqual(
      (await targets.ofUser(user.id)).sort(byDevice),
      [
        { ...common, deviceId: android.id, type: ANDROID, isPhone: true, pushId: 'relay', webPush: null },
        { ...common, deviceId: ios.id, type: IOS, isPhone: true, pushId: null, webPush: null },
        { ...common, deviceId: browser.id, type: CHROME_EXTENSION, isPhone: false, pushId: 'unused', webPush: address },
      ].sort(byDevice),
    )
    assert.deepEqual(await targets.ofUser('nobody'), [])
  })

  test('a device that is deleted is still there to hear of it, as long as it is registered or subscribed', async () => {
    await using opened = await openWithUser()
    const { store, user, addDevice, register, subscribe, targets } = opened
    const phone = await addDevice({ type: IOS, pushToken: 'token', pushId: 'relay' })
    const browser = await addDevice({ type: CHROME_EXTENSION })
    const unregistered = await addDevice({ type: IOS, pushToken: 'token' })
    await register(phone)
    const webPush = await subscribe(browser)
    for (const { id } of [phone, browser, unregistered]) await store.devices.delete(id, user.id)
    const ended = [
      {
        userId: user.id,
        deviceId: phone.id,
        type: null,
        hasSession: false,
        isPhone: true,
        pushId: 'relay',
        webPush: null,
      },
      { userId: user.id, deviceId: browser.id, type: null, hasSession: false, isPhone: false, pushId: null, webPush },
    ].sort(byDevice)
    assert.deepEqual((await targets.ofUser(user.id)).sort(byDevice), ended)
    await store.users.delete(user.id)
    assert.deepEqual((await targets.ofUser(user.id)).sort(byDevice), ended)
  })

  test('a user who is deleted and signs up again begins with nothing', async () => {
    await using opened = await openWithUser()
    const { store, user, addUser, addDevice, register, subscribe, targets } = opened
    const device = await addDevice({ type: ANDROID, pushToken: 'token' })
    await register(device)
    await subscribe(device)
    await store.users.delete(user.id)
    const again = await addUser({ email: user.email })
    await addDevice({ ...device, userId: again.id, pushToken: null })
    assert.deepEqual(await targets.ofUser(again.id), [])
  })

  test('two users of one device are told apart', async () => {
    await using opened = await openWithUser()
    const { user, addUser, addDevice, register, subscribe, targets } = opened
    const other = await addUser()
    const phone = await addDevice({ id: 'shared', type: IOS, pushToken: 'token' })
    await addDevice({ id: 'shared', userId: other.id, type: IOS })
    await register(phone)
    await subscribe(phone)
    assert.equal((await targets.ofUser(user.id)).length, 1)
    assert.deepEqual(await targets.ofUser(other.id), [])
  })

  test('a registered phone is one without its token, and one that was refused is none until it is asked anew', async () => {
    await using opened = await openWithUser()
    const { store, user, addDevice, register, subscribe, targets } = opened
    const cleared = await addDevice({ type: IOS, pushId: 'relay' })
    const refused = await addDevice({ type: IOS, pushToken: 'token', pushId: 'refused' })
    await register(cleared)
    await register(refused, { isRefused: true })
    assert.deepEqual(idsOf(await targets.ofUser(user.id)), [cleared.id])

    await subscribe(refused)
    const [both] = (await targets.ofUser(user.id)).filter(({ deviceId }) => deviceId === refused.id)
    assert.deepEqual([both?.isPhone, both?.webPush?.auth], [false, 'secret'])

    await store.pushRegistrations.delete(user.id, refused.id, 'refused')
    assert.deepEqual(
      (await targets.ofUser(user.id)).map(({ isPhone }) => isPhone),
      [true, true],
    )
  })

  test('the name at the relay is that of the registration, also when the device has got another since', async () => {
    await using opened = await openWithUser()
    const { store, user, addDevice, register, targets } = opened
    const phone = await addDevice({ type: IOS, pushToken: 'token', pushId: 'first' })
    await register(phone)
    await store.devices.delete(phone.id, user.id)
    await addDevice({ ...phone, pushId: 'second' })
    assert.deepEqual(
      (await targets.ofUser(user.id)).map(({ pushId, hasSession }) => [pushId, hasSession]),
      [['first', true]],
    )
  })

  test('a user who is disabled has no session on any device', async () => {
    await using opened = await openWithUser()
    const { store, user, addDevice, targets, addOrganization } = opened
    await addDevice({ type: IOS, pushToken: 'token' })
    const organization = await addOrganization([[user.id, 2]])
    await store.users.update({ ...user, enabled: false })
    assert.deepEqual(
      (await targets.ofUser(user.id)).map(({ type, hasSession }) => [type, hasSession]),
      [[IOS, false]],
    )
    assert.deepEqual(await targets.ofOrganization(organization), [])
    assert.deepEqual(await targets.usersChangedSince(later(-1), '', 10), [])
  })

  test('of an organization they are the devices of its confirmed members that have a session', async () => {
    await using opened = await openWithUser()
    const { store, user, addUser, addDevice, register, subscribe, targets, addOrganization } = opened
    const [second, invited, accepted, revoked, outsider] = [
      await addUser(),
      await addUser(),
      await addUser(),
      await addUser(),
      await addUser(),
    ]
    const organization = await addOrganization([
      [user.id, 2],
      [second.id, 2],
      [invited.id, 0],
      [accepted.id, 1],
      [revoked.id, -128],
    ])
    await addOrganization([[outsider.id, 2]])
    const phones = []
    for (const { id } of [user, second, invited, accepted, revoked, outsider]) {
      phones.push(await addDevice({ userId: id, type: ANDROID, pushToken: 'token' }))
    }
    const browser = await addDevice({ userId: second.id, type: CHROME_EXTENSION })
    await subscribe(browser)
    const gone = await addDevice({ type: ANDROID, pushToken: 'token' })
    await register(gone)
    await store.devices.delete(gone.id, user.id)
    assert.deepEqual(
      (await targets.ofOrganization(organization)).map(({ userId, deviceId }) => [userId, deviceId]).sort(),
      [
        [user.id, phones[0]!.id],
        [second.id, phones[1]!.id],
        [second.id, browser.id],
      ].sort(),
    )
    assert.deepEqual(await targets.ofOrganization('none'), [])
  })

  test('who has changed is listed page by page, with a device that has a session and that can be pushed to', async () => {
    await using opened = await openWithUser()
    const { store, addUser, addDevice, register, subscribe, targets } = opened
    const changed: string[] = []
    const add = async (updatedAt: Date) => {
      const user = await addUser({ updatedAt })
      return [user, await addDevice({ userId: user.id, type: IOS, pushToken: 'token' })] as const
    }
    for (let i = 0; i < 5; i++) {
      const [user] = await add(later(1))
      // More than one device is one user.
      await addDevice({ userId: user.id, type: ANDROID, pushToken: 'token' })
      changed.push(user.id)
    }
    const [subscribed] = [await addUser({ updatedAt: later(1) })]
    await subscribe(await addDevice({ userId: subscribed.id, type: CHROME_EXTENSION }))
    changed.push(subscribed.id)
    // Not later, nobody to push to, refused by the relay, logged out.
    await add(later(0))
    await addUser({ updatedAt: later(1) })
    const [, refused] = await add(later(1))
    await register(refused, { isRefused: true })
    const [ended, registered] = await add(later(1))
    await register(registered)
    await store.devices.delete(registered.id, ended.id)

    const found: string[] = []
    for (let page = ['']; page.length > 0; found.push(...page)) {
      page = await targets.usersChangedSince(later(0), found.at(-1) ?? '', 4)
      assert.ok(page.length <= 4)
    }
    assert.deepEqual(found.toSorted(), changed.toSorted())
    assert.deepEqual(await targets.usersChangedSince(later(1), '', 10), [])
  })
}
