import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NotificationType, notificationName, parseNotification, userSubject } from '#notify'

test('names and numbers lead to each other', () => {
  for (const [name, type] of Object.entries(NotificationType)) assert.equal(notificationName(type), name)
  assert.equal(NotificationType.LogOut, 11)
  assert.equal(notificationName(28), undefined)
})

test('a subject names the user and ends in the name of the type', () => {
  assert.equal(userSubject('u1', 'SyncVault'), 'vault.user.u1.SyncVault')
})

test('a notification is read from its JSON', () => {
  const bytes = Buffer.from('{"Type":5,"Payload":{"UserId":"u1"}}')
  assert.deepEqual(parseNotification(bytes), { ContextId: null, Type: 5, Payload: { UserId: 'u1' } })
})

const refused: [json: string, complaint: RegExp][] = [
  ['{', /is not JSON/],
  ['null', /is not an object/],
  ['[]', /is not an object/],
  ['{"ContextId":1,"Type":5,"Payload":{}}', /ContextId/],
  ['{"Type":"5","Payload":{}}', /Type/],
  ['{"Type":1.5,"Payload":{}}', /Type/],
  ['{"Type":-1,"Payload":{}}', /Type/],
  ['{"Type":5,"Payload":[]}', /Payload/],
  ['{"Type":5}', /Payload/],
]
for (const [json, complaint] of refused) {
  test(`${json} is refused by name`, () => {
    assert.throws(() => parseNotification(Buffer.from(json)), { code: 'INVALID_NOTIFICATION', message: complaint })
  })
}
