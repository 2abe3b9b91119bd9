import assert from 'node:assert/strict'
import { test } from 'node:test'
import { canonicalNotification, type Notification, Notifier } from '#notify'

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

test('a Send is told to its owner', () => {
  const { notifier, published, notifications } = recorder()
  notifier.send('SyncSendUpdate', { id: 's1', userId: ALICE, revisionDate: AT }, DEVICE)
  assert.equal(published[0]!.subject, `vault.user.${ALICE}.SyncSendUpdate`)
  assert.deepEqual(notifications(), [
    { ContextId: DEVICE, Type: 13, Payload: { Id: 's1', UserId: ALICE, RevisionDate: '2024-01-02T03:04:05.678Z' } },
  ])
})

test('the answer to an auth request goes to who waits for it and to the devices of its user, with the same bytes', () => {
  const { notifier, published, notifications } = recorder()
  notifier.authRequest({ id: 'r1', userId: ALICE }, DEVICE)
  notifier.authRequestResponse({ id: 'r1', userId: ALICE }, null)
  assert.deepEqual(
    published.map(({ subject }) => subject),
    [`vault.user.${ALICE}.AuthRequest`, 'vault.anonymous.r1', `vault.user.${ALICE}.AuthRequestResponse`],
  )
  assert.equal(published[1]!.payload, published[2]!.payload)
  const Payload = { Id: 'r1', UserId: ALICE }
  assert.deepEqual(notifications().slice(0, 2), [
    { ContextId: DEVICE, Type: 15, Payload },
    { ContextId: null, Type: 16, Payload },
  ])
})

test('what changes for an organization is told to its members', () => {
  const { notifier, published, notifications } = recorder()
  notifier.organizationStatus({ id: 'o1', enabled: false })
  notifier.collectionSettings('o1', { collectionCreation: true, collectionDeletion: false, itemDeletion: true })
  const policy = { id: 'p1', organizationId: 'o1', type: 5, data: null, enabled: true }
  notifier.policy({ ...policy, creationDate: AT, revisionDate: AT })
  assert.deepEqual(
    published.map(({ subject }) => subject),
    [
      'vault.org.o1.SyncOrganizationStatusChanged',
      'vault.org.o1.SyncOrganizationCollectionSettingChanged',
      'vault.org.o1.PolicyChanged',
    ],
  )
  const date = '2024-01-02T03:04:05.678Z'
  assert.deepEqual(
    notifications().map(({ Payload }) => Payload),
    [
      { OrganizationId: 'o1', Enabled: false },
      {
        OrganizationId: 'o1',
        LimitCollectionCreation: true,
        LimitCollectionDeletion: false,
        LimitItemDeletion: true,
      },
      {
        OrganizationId: 'o1',
        Policy: {
          Id: 'p1',
          OrganizationId: 'o1',
          Type: 5,
          Data: null,
          Enabled: true,
          CreationDate: date,
          RevisionDate: date,
        },
      },
    ],
  )
})

test('what the vault says is what is made of it when another server says it', () => {
  const { notifier, notifications } = recorder()
  const of = { id: ALICE, userId: BOB, organizationId: null, revisionDate: AT }
  notifier.cipher('SyncCipherCreate', of, { recipients: [BOB], contextId: DEVICE })
  notifier.folder('SyncFolderUpdate', of, DEVICE)
  notifier.send('SyncSendDelete', of, null)
  notifier.authRequest(of, DEVICE)
  for (const said of notifications()) {
    const { ContextId: contextId, Type: type, Payload: payload } = said
    assert.equal(
      JSON.stringify(canonicalNotification({ type, payload, contextId })?.notification),
      JSON.stringify(said),
    )
  }
})

test('nobody is told when nobody is concerned, and an impossible date does not throw', () => {
  const { notifier, published, notifications } = recorder()
  const cipher = { id: 'c1', userId: ALICE, organizationId: null, revisionDate: AT }
  notifier.cipher('SyncLoginDelete', cipher, { recipients: [], contextId: null })
  assert.equal(published.length, 0)
  notifier.account('SyncCiphers', ALICE, new Date(Number.NaN), null)
  assert.equal(notifications()[0]!.Payload.Date, null)
})
