import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sampleUser } from '../samples.ts'
import type { OpenTestStore } from '../suite.ts'

export function invitationTests(openTestStore: OpenTestStore): void {
  test('an invitation is there until it is taken, by its address in any case', async () => {
    await using opened = await openTestStore()
    const { invitations } = opened.store
    await opened.query(`INSERT INTO invitations (email) VALUES ('guest@example.com')`)
    assert.equal(await invitations.exists('Guest@example.com'), true)
    assert.equal(await invitations.take('other@example.com'), false)
    assert.equal(await invitations.take('GUEST@example.com'), true)
    assert.equal(await invitations.take('guest@example.com'), false)
    assert.equal(await invitations.exists('guest@example.com'), false)
  })

  test('the open invitations of one user to organizations become accepted, others stay as they are', async () => {
    await using opened = await openTestStore()
    const { users, invitations } = opened.store
    const [ada, bob] = [sampleUser({ id: 'ada' }), sampleUser({ id: 'bob' })]
    for (const user of [ada, bob]) {
      await users.insert(user)
      for (const status of [-1, 0, 2]) {
        const id = `${user.id} ${status}`
        await opened.query(`INSERT INTO organizations (uuid, name, billing_email) VALUES ('${id}', 'n', 'e')`)
        await opened.query(`INSERT INTO users_organizations (uuid, user_uuid, org_uuid, access_all, akey, status, atype)
          VALUES ('${id}', '${user.id}', '${id}', false, '', ${status}, 2)`)
      }
    }
    await invitations.acceptMemberships(ada.id)
    const statusesOf = async (id: string) =>
      (await opened.query(`SELECT status FROM users_organizations WHERE user_uuid = '${id}' ORDER BY status`)).map(
        ({ status }) => status,
      )
    assert.deepEqual(
      [await statusesOf('ada'), await statusesOf('bob')],
      [
        [-1, 1, 2],
        [-1, 0, 2],
      ],
    )
  })
}
