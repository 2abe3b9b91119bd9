import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { sampleCipher, sampleUser } from '../samples.ts'
import type { OpenTestStore } from '../suite.ts'

const day = (number: number) => new Date(Date.UTC(2026, 2, number, 12))

export function trashTests(openTestStore: OpenTestStore): void {
  test('the trash is gone through by owner, from what has been there longest', async () => {
    await using opened = await openTestStore()
    const { ciphers, trash, users } = opened.store
    const [ada, bob] = [sampleUser(), sampleUser()]
    for (const user of [ada, bob]) await users.insert(user)
    const trashed = (userId: string, deletedAt: Date | null) => sampleCipher(userId, { deletedAt })
    const first = trashed(ada.id, day(1))
    const [second, third, late] = [trashed(bob.id, day(2)), trashed(bob.id, day(3)), trashed(bob.id, day(5))]
    for (const cipher of [late, third, first, second, trashed(ada.id, null)]) await ciphers.insert(cipher)

    assert.deepEqual(await trash.nextOwner(day(5)), { userId: ada.id, organizationId: null })
    await ciphers.delete([first.id])
    const bobs = { userId: bob.id, organizationId: null }
    assert.deepEqual(await trash.nextOwner(day(5)), bobs)
    assert.deepEqual(await trash.idsOf(bobs, day(5), 10), [second.id, third.id])
    assert.deepEqual(await trash.idsOf(bobs, day(5), 1), [second.id])
    assert.deepEqual(await trash.idsOf({ userId: ada.id, organizationId: null }, day(5), 10), [])
    assert.equal(await trash.nextOwner(day(2)), undefined)
  })

  test('what an organization has in its trash is its own', async () => {
    await using opened = await openTestStore()
    const { ciphers, trash } = opened.store
    const organizationId = randomUUID()
    await opened.query(
      `INSERT INTO organizations (uuid, name, billing_email) VALUES ('${organizationId}', 'Acme', 'a@b')`,
    )
    const cipher = sampleCipher(null, { organizationId, deletedAt: day(1) })
    await ciphers.insert(cipher)
    const owner = { userId: null, organizationId }
    assert.deepEqual(await trash.nextOwner(day(2)), owner)
    assert.deepEqual(await trash.idsOf(owner, day(2), 10), [cipher.id])
  })
}
