import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { purgeAuthRequests } from '../../../src/vault/jobs/purge-auth-requests.ts'
import { FakeClock } from '../../helpers/fake-clock.ts'
import { sampleUser } from '../../store/samples.ts'
import { onBothEngines } from './both-engines.ts'

const NOW = Date.UTC(2026, 5, 1)
const QUARTER_MS = 15 * 60_000
const NEVER = new AbortController().signal

onBothEngines((openTestStore) => {
  test('requests of login with another device go a quarter of an hour after they were made, whatever came of them', async () => {
    await using opened = await openTestStore()
    const { users, authRequests } = opened.store
    const user = sampleUser()
    await users.insert(user)
    const request = (ageMs: number, approved: boolean | null) => ({
      id: randomUUID(),
      userId: user.id,
      organizationId: null,
      deviceId: 'phone',
      deviceType: 1,
      address: '192.0.2.1',
      accessCode: 'code',
      publicKey: 'public',
      responseDeviceId: null,
      key: null,
      masterPasswordHash: null,
      approved,
      createdAt: new Date(NOW - ageMs),
      respondedAt: null,
      authenticatedAt: null,
    })
    const kept = request(QUARTER_MS, true)
    for (const one of [kept, request(QUARTER_MS + 1, true), request(QUARTER_MS + 1, null)])
      await authRequests.insert(one)
    const purge = purgeAuthRequests(opened.store, new FakeClock(NOW))
    assert.deepEqual(await purge(NEVER), { deleted: 2 })
    assert.deepEqual(await authRequests.ofUser(user.id), [kept])
    assert.equal(await purge(NEVER), undefined)
  })
})
