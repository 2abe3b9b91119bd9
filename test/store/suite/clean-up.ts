import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Store } from '#store'
import { made, sampleDevice, sampleUser } from '../samples.ts'
import type { OpenTestStore } from '../suite.ts'

/** How many rows each step has removed. */
async function cleanUp(store: Store): Promise<number[]> {
  const steps: number[] = []
  for await (const removed of store.cleanUp()) steps.push(removed)
  return steps
}

export function cleanUpTests(openTestStore: OpenTestStore): void {
  test('what is remembered of users and devices goes when another server has deleted them, and nothing else', async () => {
    await using opened = await openTestStore()
    const { store, query } = opened
    const [stays, goes] = [sampleUser(), sampleUser()]
    const kept = sampleDevice(stays.id)
    // The same client may serve several users.
    const lost = [sampleDevice(stays.id), sampleDevice(goes.id, { id: kept.id })]
    for (const user of [stays, goes]) {
      await store.users.insert(user)
      await store.users.setKeyId(user.id, 'f'.repeat(32))
    }
    for (const device of [kept, ...lost]) await store.devices.insert(device)
    const marks = [kept, ...lost].map(({ id, userId }) => ({ deviceId: id, userId, heardAt: made }))
    await store.heard.mark(marks)
    for (const { id, userId } of lost)
      await query(`DELETE FROM devices WHERE uuid = '${id}' AND user_uuid = '${userId}'`)
    await query(`DELETE FROM users WHERE uuid = '${goes.id}'`)

    const removed = (await cleanUp(store)).reduce((sum, rows) => sum + rows)
    assert.equal(removed, 3)
    const heard = await query('SELECT device_uuid, user_uuid FROM belfry_heard')
    assert.deepEqual(
      heard.map((row) => [row.device_uuid, row.user_uuid]),
      [[kept.id, stays.id]],
    )
    assert.equal(await store.users.keyId(stays.id), 'f'.repeat(32))
    assert.equal((await query('SELECT * FROM belfry_user_keys')).length, 1)
  })

  test('so it does from tables of any size, step by step', async () => {
    await using opened = await openTestStore()
    const rows = Array.from({ length: 2500 }, (_, index) => `('user-${index}', 'key', '')`)
    await opened.query(`INSERT INTO belfry_user_keys (user_uuid, key_id, private_key_digest) VALUES ${rows.join(', ')}`)
    const steps = await cleanUp(opened.store)
    assert.deepEqual(steps, [0, 1000, 1000, 500])
    assert.deepEqual(await cleanUp(opened.store), [0, 0])
  })
}
