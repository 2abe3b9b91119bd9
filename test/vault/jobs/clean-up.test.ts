import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cleanUp } from '../../../src/vault/jobs/clean-up.ts'
import { FakeClock } from '../../helpers/fake-clock.ts'
import { openTestStore } from '../../store/open-test-store.ts'
import { sampleDevice, sampleUser } from '../../store/samples.ts'

const START = Date.UTC(2026, 5, 1)
const DAY_MS = 24 * 60 * 60_000
const NEVER = new AbortController().signal

test('a browser that was logged out is told again when its user comes back within a year, and forgotten later', async () => {
  await using opened = await openTestStore()
  const { store } = opened
  const clock = new FakeClock(START)
  const user = sampleUser()
  await store.users.insert(user)
  const [kept, ended] = [sampleDevice(user.id), sampleDevice(user.id)]
  for (const device of [kept, ended]) {
    await store.devices.insert(device)
    const address = { endpoint: 'https://push.example/', p256dh: 'key', auth: 'secret' }
    await store.webPushSubscriptions.save({ userId: user.id, deviceId: device.id, ...address }, new Date(START))
  }
  await store.devices.delete(ended.id, user.id)
  const run = cleanUp(store, clock)
  clock.advance(365 * DAY_MS)
  assert.equal(await run(NEVER), undefined)
  assert.ok(await store.webPushSubscriptions.find(user.id, ended.id))
  clock.advance(DAY_MS)
  assert.deepEqual(await run(NEVER), { removed: 1 })
  assert.equal(await store.webPushSubscriptions.find(user.id, ended.id), undefined)
  assert.ok(await store.webPushSubscriptions.find(user.id, kept.id))
})
