import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Notification, readNotification } from '../../../web/src/model/notification.ts'

const ME = '11111111-1111-4111-8111-111111111111'
const ID = '22222222-2222-4222-8222-222222222222'
const DATE = new Date('2024-01-02T03:04:05.678Z')
const about = { Id: ID, UserId: ME, RevisionDate: DATE }
const account = { UserId: ME, Date: DATE }

type Kind = Notification extends infer N ? (N extends Notification ? Omit<N, 'contextId'> : never) : never
const changed = (noun: 'item' | 'folder' | 'send'): Kind => ({
  ...{ kind: 'changed', noun, id: ID, revisionMs: DATE.getTime() },
})
const removed = (noun: 'item' | 'folder' | 'send'): Kind => ({ kind: 'removed', noun, id: ID })

const types: [number, object, Kind | undefined][] = [
  [0, { ...about, OrganizationId: null, CollectionIds: null }, changed('item')],
  [1, about, changed('item')],
  [2, about, removed('item')],
  [3, about, removed('folder')],
  [4, account, { kind: 'account' }],
  [5, account, { kind: 'account' }],
  [6, account, { kind: 'organizations' }],
  [7, about, changed('folder')],
  [8, about, changed('folder')],
  [9, about, removed('item')],
  [10, account, { kind: 'account' }],
  [11, account, { kind: 'log-out' }],
  [11, { ...account, Reason: null }, { kind: 'log-out' }],
  // The key derivation has changed, which leaves sessions as they are.
  [11, { ...account, Reason: 0 }, { kind: 'account' }],
  [12, about, changed('send')],
  [13, about, changed('send')],
  [14, about, removed('send')],
  [15, { Id: ID, UserId: ME }, { kind: 'login-request', id: ID }],
  [16, { Id: ID, UserId: ME }, { kind: 'login-answer', id: ID }],
  [17, account, { kind: 'organizations' }],
  [18, { OrganizationId: ID, Enabled: true }, { kind: 'organizations' }],
  [20, { Id: ID, UserId: ME }, undefined],
  [27, { UserId: ME, Premium: true }, undefined],
  [0, { ...about, Id: null }, undefined],
  [0, { ...about, RevisionDate: DATE.toISOString() }, changed('item')],
]
for (const [type, payload, kind] of types) {
  test(`type ${type} of ${Object.keys(payload).join(', ')} is ${kind ? JSON.stringify(kind) : 'nothing'}`, () => {
    const read = readNotification({ ContextId: 'device', Type: type, Payload: payload }, ME)
    assert.deepEqual(read, kind && { contextId: 'device', ...kind })
  })
}

test('an event without a date is of something that is to be fetched in any case', () => {
  for (const date of [undefined, null, 'yesterday', new Date(Number.NaN)]) {
    const read = readNotification({ ContextId: null, Type: 0, Payload: { ...about, RevisionDate: date } }, ME)
    assert.ok(read?.kind === 'changed')
    assert.equal(read.revisionMs, Number.POSITIVE_INFINITY)
    assert.equal(read.contextId, null)
  }
})

test('an event for somebody else, and what is none, are nothing', () => {
  assert.equal(readNotification({ ContextId: null, Type: 5, Payload: { UserId: ID } }, ME), undefined)
  for (const rubbish of [undefined, null, 5, 'text', [], {}, { Type: 5 }, { Type: '5', Payload: account }]) {
    assert.equal(readNotification(rubbish, ME), undefined)
  }
})
