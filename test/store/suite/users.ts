import assert from 'node:assert/strict'
import { test } from 'node:test'
import { made, otherSettings, sampleDevice, sampleUser } from '../samples.ts'
import type { OpenTestStore } from '../suite.ts'

const after = (ms: number) => new Date(made.getTime() + ms)

export function userTests(openTestStore: OpenTestStore): void {
  test('a user comes back as it was inserted, bytes, nulls and dates included', async () => {
    await using opened = await openTestStore()
    const { users } = opened.store
    const plain = sampleUser()
    const full = otherSettings(sampleUser())
    await users.insert(plain)
    await users.insert(full)
    assert.deepEqual(await users.find(plain.id), plain)
    assert.deepEqual(await users.find(full.id), full)
  })

  test('updating a user writes every field, and only of that user', async () => {
    await using opened = await openTestStore()
    const { users } = opened.store
    const user = sampleUser()
    const bystander = sampleUser()
    await users.insert(user)
    await users.insert(bystander)
    const changed = otherSettings(user)
    await users.update(changed)
    assert.deepEqual(await users.find(user.id), changed)
    assert.deepEqual(await users.find(bystander.id), bystander)
  })

  test('a user is found by e-mail in any case, and kept in lower case', async () => {
    await using opened = await openTestStore()
    const { users } = opened.store
    const user = sampleUser({ email: 'Ada@Example.COM' })
    await users.insert(user)
    assert.equal((await users.findByEmail('aDA@example.com'))?.id, user.id)
    assert.equal((await users.find(user.id))?.email, 'ada@example.com')
  })

  test('an unknown user is undefined', async () => {
    await using opened = await openTestStore()
    assert.equal(await opened.store.users.find('nobody'), undefined)
    assert.equal(await opened.store.users.findByEmail('nobody@example.com'), undefined)
  })

  test('two users cannot have one e-mail address', async () => {
    await using opened = await openTestStore()
    await opened.store.users.insert(sampleUser({ email: 'one@example.com' }))
    await assert.rejects(opened.store.users.insert(sampleUser({ email: 'ONE@example.com' })))
  })

  test('touching a user moves its revision date forward, by a millisecond at least', async () => {
    await using opened = await openTestStore()
    const { users } = opened.store
    const user = sampleUser()
    await users.insert(user)
    assert.deepEqual(await users.touch(user.id, after(2)), after(2))
    assert.deepEqual(await users.touch(user.id, after(1)), after(3))
    assert.deepEqual(await users.touch(user.id, after(3)), after(4))
    assert.deepEqual(await users.touch(user.id, after(5)), after(5))
    assert.deepEqual(await users.touch(user.id, after(86_400_000)), after(86_400_000))
    assert.deepEqual(await users.find(user.id), { ...user, updatedAt: after(86_400_000) })
  })

  test('touching a user moves its revision date beyond what its devices have heard, whatever the clock says', async () => {
    await using opened = await openTestStore()
    const { users, devices, heard } = opened.store
    const [user, other] = [sampleUser(), sampleUser()]
    for (const [{ id: userId }, heardAt] of [
      [user, after(10)],
      [other, after(20)],
    ] as const) {
      await users.insert(userId === user.id ? user : other)
      const device = sampleDevice(userId)
      await devices.insert(device)
      await heard.mark([{ userId, deviceId: device.id, heardAt }])
    }
    assert.deepEqual(await users.touch(user.id, after(5)), after(11))
    assert.deepEqual(await users.touch(user.id, after(5)), after(12))
    assert.deepEqual(await users.touch(user.id, after(15)), after(15))
  })

  test('updating a user from an old copy does not move its revision date back', async () => {
    await using opened = await openTestStore()
    const { users } = opened.store
    const user = sampleUser()
    await users.insert(user)
    await users.touch(user.id, after(5))
    await users.update({ ...user, name: 'Grace' })
    assert.deepEqual(await users.find(user.id), { ...user, name: 'Grace', updatedAt: after(5) })
  })

  test('touching a user who is gone answers the date and changes nothing', async () => {
    await using opened = await openTestStore()
    assert.deepEqual(await opened.store.users.touch('nobody', made), made)
  })

  test('only enabled factors count as second factors, and no challenge under way', async () => {
    await using opened = await openTestStore()
    const { users } = opened.store
    const user = sampleUser()
    await users.insert(user)
    const insert = (type: number, enabled: boolean, data = '') =>
      opened.query(
        `INSERT INTO twofactor (uuid, user_uuid, atype, enabled, data) VALUES ('f${type}', '${user.id}', ${type}, ${enabled}, '${data}')`,
      )
    assert.deepEqual(await users.secondFactors(user.id), [])
    await insert(1, false)
    await insert(1003, true)
    await insert(4, true, '[]')
    assert.deepEqual(await users.secondFactors(user.id), [])
    await insert(7, true)
    await insert(0, true)
    assert.deepEqual(await users.secondFactors(user.id), [0, 7])
  })

  test('the id of a user key is kept and replaced', async () => {
    await using opened = await openTestStore()
    const { users } = opened.store
    const user = sampleUser()
    await users.insert(user)
    assert.equal(await users.keyId(user.id), undefined)
    await users.setKeyId(user.id, 'a'.repeat(32))
    await users.setKeyId(user.id, 'b'.repeat(32))
    assert.equal(await users.keyId(user.id), 'b'.repeat(32))
  })

  test('the id of a user key goes with the key, which shows in the private key that it protects', async () => {
    await using opened = await openTestStore()
    const { users } = opened.store
    const user = sampleUser({ privateKey: '2.private' })
    await users.insert(user)
    await users.setKeyId(user.id, 'a'.repeat(32))
    await users.update({ ...user, key: '2.same key, other password' })
    assert.equal(await users.keyId(user.id), 'a'.repeat(32))
    await users.update({ ...user, privateKey: '2.rotated' })
    assert.equal(await users.keyId(user.id), undefined)
    await users.setKeyId(user.id, 'b'.repeat(32))
    assert.equal(await users.keyId(user.id), 'b'.repeat(32))
  })

  test('a user who is not there has no user key to name', async () => {
    await using opened = await openTestStore()
    await opened.store.users.setKeyId('nobody', 'a'.repeat(32))
    assert.equal(await opened.store.users.keyId('nobody'), undefined)
  })
}
