import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { sampleUser } from '../samples.ts'
import type { OpenTestStore, TestStore } from '../suite.ts'

const CONFIRMED = 2
const OWNER = 0
const MEMBER = 2

async function organization({ query }: TestStore): Promise<string> {
  const id = randomUUID()
  await query(`INSERT INTO organizations (uuid, name, billing_email) VALUES ('${id}', 'Acme', 'acme@example.com')`)
  return id
}

async function join({ query }: TestStore, userId: string, orgId: string, status: number, type: number) {
  await query(
    `INSERT INTO users_organizations (uuid, user_uuid, org_uuid, access_all, akey, status, atype)
     VALUES ('${randomUUID()}', '${userId}', '${orgId}', true, '', ${status}, ${type})`,
  )
}

export function membershipTests(openTestStore: OpenTestStore): void {
  test('only those who were confirmed belong to an organization', async () => {
    await using opened = await openTestStore()
    const [ada, bob] = [sampleUser(), sampleUser()]
    for (const user of [ada, bob]) await opened.store.users.insert(user)
    const orgs: string[] = []
    for (const status of [-1, 0, 1, CONFIRMED, CONFIRMED]) {
      const org = await organization(opened)
      orgs.push(org)
      await join(opened, ada.id, org, status, MEMBER)
    }
    assert.deepEqual((await opened.store.memberships.confirmedOf(ada.id)).sort(), orgs.slice(3).sort())
    assert.deepEqual(await opened.store.memberships.confirmedOf(bob.id), [])
    await join(opened, bob.id, orgs[3]!, CONFIRMED, MEMBER)
    assert.deepEqual(new Set(await opened.store.memberships.confirmedIn(orgs[3]!)), new Set([ada.id, bob.id]))
    assert.deepEqual(await opened.store.memberships.confirmedIn(orgs[0]!), [])
  })

  test('the last owner of an organization is known', async () => {
    await using opened = await openTestStore()
    const [ada, bob, eve] = [sampleUser(), sampleUser(), sampleUser()]
    for (const user of [ada, bob, eve]) await opened.store.users.insert(user)
    const [shared, own] = [await organization(opened), await organization(opened)]
    await join(opened, ada.id, shared, CONFIRMED, OWNER)
    await join(opened, bob.id, shared, CONFIRMED, OWNER)
    await join(opened, eve.id, own, 1, OWNER)
    await join(opened, bob.id, own, CONFIRMED, MEMBER)
    const { memberships } = opened.store
    assert.deepEqual(await Promise.all([ada, bob, eve].map(({ id }) => memberships.isLastOwner(id))), [
      false,
      false,
      false,
    ])
    await join(opened, ada.id, own, CONFIRMED, OWNER)
    assert.deepEqual(await Promise.all([ada, bob, eve].map(({ id }) => memberships.isLastOwner(id))), [
      true,
      false,
      false,
    ])
  })
}
