import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import type { AuthRequest, Store } from '#store'
import { made, sampleUser } from '../samples.ts'
import type { OpenTestStore } from '../suite.ts'

const later = (ms: number) => new Date(made.getTime() + ms)

const sampleRequest = (userId: string, changes: Partial<AuthRequest> = {}): AuthRequest => ({
  id: randomUUID(),
  userId,
  organizationId: null,
  deviceId: 'phone',
  deviceType: 1,
  address: '2001:db8::1',
  accessCode: 'code',
  publicKey: 'public',
  responseDeviceId: null,
  key: null,
  masterPasswordHash: null,
  approved: null,
  createdAt: made,
  respondedAt: null,
  authenticatedAt: null,
  ...changes,
})

async function addUser({ users }: Store): Promise<string> {
  const user = sampleUser()
  await users.insert(user)
  return user.id
}

export function authRequestTests(openTestStore: OpenTestStore): void {
  test('a request of a device to log in is found as it was made, and an update writes its answer', async () => {
    await using opened = await openTestStore()
    const { authRequests } = opened.store
    const request = sampleRequest(await addUser(opened.store))
    await authRequests.insert(request)
    assert.deepEqual(await authRequests.find(request.id), request)
    assert.equal(await authRequests.find(randomUUID()), undefined)

    const answered = {
      ...request,
      responseDeviceId: 'laptop',
      key: '4.key',
      masterPasswordHash: 'hash',
      approved: true,
      respondedAt: later(1),
      authenticatedAt: later(2),
    }
    await authRequests.update(answered)
    assert.deepEqual(await authRequests.find(request.id), answered)
    await authRequests.update({ ...answered, approved: false })
    assert.equal((await authRequests.find(request.id))?.approved, false)
  })

  test('the requests of a user come newest first, and go one by one, all together or by age', async () => {
    await using opened = await openTestStore()
    const { authRequests } = opened.store
    const [ada, bob] = [await addUser(opened.store), await addUser(opened.store)]
    const idsOf = async (userId: string) => (await authRequests.ofUser(userId)).map(({ id }) => id)
    const [old, middle, young] = [0, 1000, 2000].map((ms) => sampleRequest(ada, { createdAt: later(ms) }))
    const bobs = sampleRequest(bob, { createdAt: later(500) })
    for (const request of [middle!, old!, bobs, young!]) await authRequests.insert(request)
    assert.deepEqual(await idsOf(ada), [young!.id, middle!.id, old!.id])

    await authRequests.delete(young!.id)
    assert.equal(await authRequests.deleteBefore(later(500)), 1)
    assert.deepEqual([await idsOf(ada), await idsOf(bob)], [[middle!.id], [bobs.id]])
    await authRequests.deleteAllOf(ada)
    assert.deepEqual([await idsOf(ada), await idsOf(bob)], [[], [bobs.id]])
  })
}
