import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Notification, Notifier } from '#notify'

const ALICE = '11111111-1111-4111-8111-111111111111'
const BOB = '22222222-2222-4222-8222-222222222222'
const DEVICE = '44444444-4444-4444-8444-444444444444'
const AT = new Date('2024-01-02T03:04:05.678Z')

function recorder() {
  const published: { subject: string; payload: Buffer }[] = []
  const notifier = new Notifier((subject, payload) => published.push({ subject, payload }))
  const notifications = () => published.map(({ payload }) => JSON.parse(payload.toString()) as Notification)
  return { notifier, published, notifications }
}

test('a personal item names its owner and the acting device', () => {
  const { notifier, published, notifications } = recorder()
  const cipher = { id: 'c1', userId: ALICE, organizationId: null, revisionDate: AT }
  notifier.cipher('SyncCipherCreate', cipher, { recipients: [ALICE], contextId: DEVICE })
  assert.equal(published[0]!.subject, `vault.user.${ALICE}.SyncCipherCreate`)
  assert.deepEqual(notifications(), [
    {
      ContextId: DEVICE,
      Type: 1,
      Payload: {
        Id: 'c1',
        UserId: ALICE,
        OrganizationId: null,
        CollectionIds: null,
        RevisionDate: '2024-01-02T03:04:05.678Z',
      },
    },
  ])
})

test('an item of collections names no user and reaches every recipient with the same bytes', () => {
  const { notifier, published, notifications } = recorder()
  const cipher = { id: 'c1', userId: ALICE, organizationId: 'o1', revisionDate: AT }
  notifier.cipher('SyncCipherUpdate', cipher, { recipients: [ALICE, BOB], contextId: null, collectionIds: ['k1'] })
  assert.deepEqual(
    published.map(({ subject }) => subject),
    [`vault.user.${ALICE}.SyncCipherUpdate`, `vault.user.${BOB}.SyncCipherUpdate`],
  )
  assert.equal(published[0]!.payload, published[1]!.payload)
  assert.equal(notifications()[0]!.Payload.UserId, null)
  assert.deepEqual(notifications()[0]!.Payload.CollectionIds, ['k1'])
})

test('a folder is told to its owner', () => {
  const { notifier, published, notifications } = recorder()
  notifier.folder('SyncFolderDelete', { id: 'f1', userId: BOB, revisionDate: AT }, DEVICE)
  assert.equal(published[0]!.subject, `vault.user.${BOB}.SyncFolderDelete`)
  assert.deepEqual(notifications()[0], {
    ContextId: DEVICE,
    Type: 3,
    Payload: { Id: 'f1', UserId: BOB, RevisionDate: '2024-01-02T03:04:05.678Z' },
  })
})

test('an account event carries the date', () => {
  const { notifier, notifications } = recorder()
  notifier.account('SyncVault', ALICE, AT, null)
  notifier.account('LogOut', ALICE, AT, DEVICE)
  assert.deepEqual(notifications(), [
    { ContextId: null, Type: 5, Payload: { UserId: ALICE, Date: '2024-01-02T03:04:05.678Z' } },
    { ContextId: DEVICE, Type: 11, Payload: { UserId: ALICE, Date: '2024-01-02T03:04:05.678Z' } },
  ])
})

test('nobody is told when nobody is concerned, and an impossible date does not throw', () => {
  const { notifier, published, notifications } = recorder()
  const cipher = { id: 'c1', userId: ALICE, organizationId: null, revisionDate: AT }
  notifier.cipher('SyncLoginDelete', cipher, { recipients: [], contextId: null })
  assert.equal(published.length, 0)
  notifier.account('SyncCiphers', ALICE, new Date(Number.NaN), null)
  assert.equal(notifications()[0]!.Payload.Date, null)
})
