import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { sampleUser } from '../samples.ts'
import type { OpenTestStore } from '../suite.ts'

const NOW = '2026-03-01 10:20:30'

export function userKeyCopyTests(openTestStore: OpenTestStore): void {
  test('emergency contacts are found by their account or the address they were invited at, and their copies made anew', async () => {
    await using opened = await openTestStore()
    const { users, userKeyCopies } = opened.store
    const [ada, bob] = [sampleUser(), sampleUser({ name: 'Bob', publicKey: 'public' })]
    for (const user of [ada, bob]) await users.insert(user)
    const agree = async (grantor: string, status: number, grantee = `'${bob.id}', NULL`) => {
      const id = randomUUID()
      await opened.query(
        `INSERT INTO emergency_access (uuid, grantor_uuid, grantee_uuid, email, key_encrypted, atype, status, wait_time_days,
           updated_at, created_at) VALUES ('${id}', '${grantor}', ${grantee}, 'old', 0, ${status}, 7, '${NOW}', '${NOW}')`,
      )
      return id
    }
    const [confirmed, invited] = [await agree(ada.id, 2), await agree(ada.id, 0, `NULL, '${bob.email}'`)]
    await agree(ada.id, 0, `NULL, 'nobody@example.com'`)
    await agree(bob.id, 2)
    const found = await userKeyCopies.emergencyContactsOf(ada.id)
    assert.deepEqual(new Set(found.map(({ id }) => id)), new Set([confirmed, invited]))
    assert.deepEqual(
      found.find(({ id }) => id === confirmed),
      {
        id: confirmed,
        status: 2,
        type: 0,
        waitTimeDays: 7,
        userId: bob.id,
        name: 'Bob',
        email: bob.email,
        avatarColor: null,
        publicKey: 'public',
      },
    )

    await userKeyCopies.setForEmergency(confirmed, 'new')
    const rows = await opened.query(`SELECT uuid FROM emergency_access WHERE key_encrypted = 'new'`)
    assert.deepEqual(
      rows.map(({ uuid }) => uuid),
      [confirmed],
    )
  })

  test('organizations that may reset the password hold a copy of the key, which can be made anew', async () => {
    await using opened = await openTestStore()
    const { users, userKeyCopies } = opened.store
    const [ada, bob] = [sampleUser(), sampleUser()]
    for (const user of [ada, bob]) await users.insert(user)
    const organizationId = randomUUID()
    const other = randomUUID()
    for (const id of [organizationId, other]) {
      await opened.query(
        `INSERT INTO organizations (uuid, name, billing_email, public_key) VALUES ('${id}', 'Acme', 'a@b', 'public')`,
      )
    }
    const join = (user: string, organization: string, key: string) =>
      opened.query(
        `INSERT INTO users_organizations (uuid, user_uuid, org_uuid, access_all, akey, status, atype, reset_password_key)
         VALUES ('${randomUUID()}', '${user}', '${organization}', false, '', 2, 2, ${key})`,
      )
    await join(ada.id, organizationId, `'old'`)
    await join(ada.id, other, 'NULL')
    await join(bob.id, organizationId, `'old'`)
    const expected = [{ organizationId, name: 'Acme', publicKey: 'public' }]
    assert.deepEqual(await userKeyCopies.recoveringOrganizationsOf(ada.id), expected)

    await userKeyCopies.setForRecovery(ada.id, organizationId, 'new')
    const rows = await opened.query(`SELECT user_uuid FROM users_organizations WHERE reset_password_key = 'new'`)
    assert.deepEqual(
      rows.map(({ user_uuid }) => user_uuid),
      [ada.id],
    )
  })
}
