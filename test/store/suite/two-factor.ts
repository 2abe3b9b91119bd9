import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import type { IncompleteLogin, TwoFactor } from '#store'
import { made, sampleUser } from '../samples.ts'
import type { OpenTestStore } from '../suite.ts'

export function twoFactorTests(openTestStore: OpenTestStore): void {
  const sample = (userId: string, type: number, data = 'data'): TwoFactor => ({
    id: randomUUID(),
    userId,
    type,
    enabled: true,
    data,
    lastUsed: 0,
  })

  test('a user has one second factor of each type, and another takes its place', async () => {
    await using opened = await openTestStore()
    const { users, twoFactors } = opened.store
    const [ada, bob] = [sampleUser(), sampleUser()]
    for (const user of [ada, bob]) await users.insert(user)
    const first = sample(ada.id, 0)
    await twoFactors.put(first)
    await twoFactors.put(sample(bob.id, 0, "bob's"))
    assert.deepEqual(await twoFactors.find(ada.id, 0), first)
    await twoFactors.put({ ...sample(ada.id, 0, 'new'), enabled: false, lastUsed: 7 })
    const { data, enabled, lastUsed } = (await twoFactors.find(ada.id, 0))!
    assert.deepEqual([data, enabled, lastUsed], ['new', false, 7])
    assert.equal((await twoFactors.find(bob.id, 0))?.data, "bob's")
    await twoFactors.put(sample(ada.id, 1003))
    await twoFactors.put(sample(ada.id, 7))
    assert.deepEqual(
      (await twoFactors.ofUser(ada.id)).map(({ type }) => type),
      [0, 7, 1003],
    )
  })

  test('a step is used once, and none before it after that', async () => {
    await using opened = await openTestStore()
    const { users, twoFactors } = opened.store
    const user = sampleUser()
    await users.insert(user)
    await twoFactors.put(sample(user.id, 0))
    const used = await Promise.all([1, 2, 3].map(() => twoFactors.useStep(user.id, 0, 100)))
    assert.deepEqual(used.sort(), [false, false, true])
    assert.equal(await twoFactors.useStep(user.id, 0, 99), false)
    assert.equal(await twoFactors.useStep(user.id, 0, 101), true)
    assert.equal((await twoFactors.find(user.id, 0))?.lastUsed, 101)
    assert.equal(await twoFactors.useStep(user.id, 1, 101), false)
  })

  test('second factors are deleted one by one, or all of a user', async () => {
    await using opened = await openTestStore()
    const { users, twoFactors } = opened.store
    const [ada, bob] = [sampleUser(), sampleUser()]
    for (const user of [ada, bob]) {
      await users.insert(user)
      for (const type of [0, 1]) await twoFactors.put(sample(user.id, type))
    }
    assert.equal(await twoFactors.delete(ada.id, 0), true)
    assert.equal(await twoFactors.delete(ada.id, 0), false)
    assert.equal((await twoFactors.ofUser(ada.id)).length, 1)
    await twoFactors.deleteAllOf(ada.id)
    assert.deepEqual(await twoFactors.ofUser(ada.id), [])
    assert.equal((await twoFactors.ofUser(bob.id)).length, 2)
  })

  test('a login that has begun keeps its time, until it ends', async () => {
    await using opened = await openTestStore()
    const { users, incompleteLogins } = opened.store
    const user = sampleUser()
    await users.insert(user)
    const login: IncompleteLogin = {
      userId: user.id,
      deviceId: 'device',
      deviceName: 'firefox',
      deviceType: 10,
      at: made,
      address: '192.0.2.1',
    }
    const later = new Date(made.getTime() + 60_000)
    await incompleteLogins.begin(login)
    await incompleteLogins.begin({ ...login, at: later, address: '192.0.2.2' })
    await incompleteLogins.begin({ ...login, deviceId: 'other', at: later })
    assert.deepEqual(await incompleteLogins.before(made), [])
    assert.deepEqual(await incompleteLogins.before(later), [login])
    const all = await incompleteLogins.before(new Date(later.getTime() + 1))
    assert.deepEqual(
      all.map(({ deviceId }) => deviceId),
      ['device', 'other'],
    )
    await incompleteLogins.end(user.id, 'device')
    assert.equal((await incompleteLogins.before(new Date(later.getTime() + 1))).length, 1)
  })
}
