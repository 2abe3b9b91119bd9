import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { canonicalNotification, NotificationType, subjectFor } from '#notify'

const USER = '11111111-1111-4111-8111-11111111111a'
const ITEM = '22222222-2222-4222-8222-22222222222b'
const DEVICE = '44444444-4444-4444-8444-444444444444'
const ORG = '66666666-6666-4666-8666-66666666666c'
const COLLECTION = '77777777-7777-4777-8777-77777777777d'
const INSTALLATION = '88888888-8888-4888-8888-88888888888e'
const OTHER = '99999999-9999-4999-8999-99999999999f'
const AT = '2024-01-02T03:04:05.6789012Z'

const cipher = { id: ITEM, userId: USER, organizationId: null, collectionIds: null, revisionDate: AT }
const orgCipher = { ...cipher, userId: null, organizationId: ORG }
const owned = { id: ITEM, userId: USER, revisionDate: AT }
const account = { userId: USER, date: AT }
const authRequest = { userId: USER, id: ITEM }
const notice = {
  id: ITEM,
  priority: 3,
  global: false,
  clientType: 0,
  userId: USER,
  organizationId: ORG,
  installationId: null,
  taskId: OTHER,
  title: 'Title',
  body: null,
  creationDate: AT,
  revisionDate: AT,
  readDate: null,
  deletedDate: null,
}
const NOTICE = {
  Id: ITEM,
  Priority: 3,
  Global: false,
  ClientType: 0,
  UserId: USER,
  OrganizationId: ORG,
  InstallationId: null,
  TaskId: OTHER,
  Title: 'Title',
  Body: null,
  CreationDate: AT,
  RevisionDate: AT,
  ReadDate: null,
  DeletedDate: null,
}
const CIPHER = { Id: ITEM, UserId: USER, OrganizationId: null, CollectionIds: null, RevisionDate: AT }
const OWNED = { Id: ITEM, UserId: USER, RevisionDate: AT }
const ACCOUNT = { UserId: USER, Date: AT, Reason: null }
const AUTH_REQUEST = { Id: ITEM, UserId: USER }
const POLICY = {
  Id: ITEM,
  OrganizationId: ORG,
  Type: 5,
  Data: '{"minLength":12}',
  Enabled: true,
  CreationDate: AT,
  RevisionDate: AT,
}

/** What the official server posts, which is camelCase with its nulls; what is said of it, and where. */
const official: [type: number, payload: object, said: object, subject: string][] = [
  [0, cipher, CIPHER, `vault.user.${USER}.SyncCipherUpdate`],
  [
    0,
    { ...orgCipher, collectionIds: [COLLECTION] },
    { ...CIPHER, UserId: null, OrganizationId: ORG, CollectionIds: [COLLECTION] },
    `vault.org.${ORG}.SyncCipherUpdate`,
  ],
  [1, { ...cipher, collectionIds: [] }, { ...CIPHER, CollectionIds: [] }, `vault.user.${USER}.SyncCipherCreate`],
  // One message for each member: it names its recipient, and the organization as well.
  [1, { ...cipher, organizationId: ORG }, { ...CIPHER, OrganizationId: ORG }, `vault.user.${USER}.SyncCipherCreate`],
  [2, orgCipher, { ...CIPHER, UserId: null, OrganizationId: ORG }, `vault.org.${ORG}.SyncLoginDelete`],
  [3, owned, OWNED, `vault.user.${USER}.SyncFolderDelete`],
  [4, account, ACCOUNT, `vault.user.${USER}.SyncCiphers`],
  [5, account, ACCOUNT, `vault.user.${USER}.SyncVault`],
  [6, account, ACCOUNT, `vault.user.${USER}.SyncOrgKeys`],
  [7, owned, OWNED, `vault.user.${USER}.SyncFolderCreate`],
  [8, owned, OWNED, `vault.user.${USER}.SyncFolderUpdate`],
  [9, cipher, CIPHER, `vault.user.${USER}.SyncCipherDelete`],
  [10, account, ACCOUNT, `vault.user.${USER}.SyncSettings`],
  [11, { userId: USER, reason: 1 }, { UserId: USER, Date: null, Reason: 1 }, `vault.user.${USER}.LogOut`],
  [12, owned, OWNED, `vault.user.${USER}.SyncSendCreate`],
  [13, owned, OWNED, `vault.user.${USER}.SyncSendUpdate`],
  [14, owned, OWNED, `vault.user.${USER}.SyncSendDelete`],
  [15, authRequest, AUTH_REQUEST, `vault.user.${USER}.AuthRequest`],
  [16, authRequest, AUTH_REQUEST, `vault.anonymous.${ITEM}`],
  [17, account, ACCOUNT, `vault.user.${USER}.SyncOrganizations`],
  [
    18,
    { organizationId: ORG, enabled: true },
    { OrganizationId: ORG, Enabled: true },
    `vault.org.${ORG}.SyncOrganizationStatusChanged`,
  ],
  [
    19,
    { organizationId: ORG, limitCollectionCreation: true, limitCollectionDeletion: false, limitItemDeletion: true },
    { OrganizationId: ORG, LimitCollectionCreation: true, LimitCollectionDeletion: false, LimitItemDeletion: true },
    `vault.org.${ORG}.SyncOrganizationCollectionSettingChanged`,
  ],
  [20, notice, NOTICE, `vault.user.${USER}.Notification`],
  [20, { ...notice, clientType: 2 }, { ...NOTICE, ClientType: 2 }, `vault.user.${USER}.Notification.Browser`],
  [
    20,
    { ...notice, userId: null, clientType: 1 },
    { ...NOTICE, UserId: null, ClientType: 1 },
    `vault.org.${ORG}.Notification.Web`,
  ],
  [
    20,
    { ...notice, global: true, installationId: INSTALLATION, clientType: 4 },
    { ...NOTICE, Global: true, InstallationId: INSTALLATION, ClientType: 4 },
    `vault.installation.${INSTALLATION}.Notification.Mobile`,
  ],
  [
    21,
    { ...notice, installationId: INSTALLATION },
    { ...NOTICE, InstallationId: INSTALLATION },
    `vault.installation.${INSTALLATION}.NotificationStatus`,
  ],
  [21, { ...notice, readDate: AT }, { ...NOTICE, ReadDate: AT }, `vault.user.${USER}.NotificationStatus`],
  [22, account, { UserId: USER, Date: AT }, `vault.user.${USER}.RefreshSecurityTasks`],
  [23, { organizationId: ORG }, { OrganizationId: ORG }, `vault.org.${ORG}.OrganizationBankAccountVerified`],
  [
    24,
    { providerId: ITEM, adminId: OTHER },
    { ProviderId: ITEM, AdminId: OTHER },
    `vault.user.${OTHER}.ProviderBankAccountVerified`,
  ],
  [
    25,
    {
      organizationId: ORG,
      policy: {
        id: ITEM,
        organizationId: ORG,
        type: 5,
        data: '{"minLength":12}',
        enabled: true,
        creationDate: AT,
        revisionDate: AT,
      },
    },
    { OrganizationId: ORG, Policy: POLICY },
    `vault.org.${ORG}.PolicyChanged`,
  ],
  [
    26,
    { userId: USER, organizationId: ORG, targetUserId: OTHER, targetOrganizationUserId: ITEM },
    { UserId: USER, OrganizationId: ORG, TargetUserId: OTHER, TargetOrganizationUserId: ITEM },
    `vault.user.${USER}.AutoConfirm`,
  ],
  [27, { userId: USER, premium: true }, { UserId: USER, Premium: true }, `vault.user.${USER}.PremiumStatusChanged`],
]

describe('what the official server posts', () => {
  for (const [type, payload, said, subject] of official) {
    test(`${type}: ${subject}`, () => {
      const canonical = canonicalNotification({ type, payload, contextId: DEVICE })!
      // As text, since the order of members counts.
      assert.equal(
        JSON.stringify(canonical.notification),
        JSON.stringify({ ContextId: DEVICE, Type: type, Payload: said }),
      )
      assert.equal(subjectFor(canonical.audience, canonical.name), subject)
    })
  }

  test('is there for every type', () => {
    assert.deepEqual([...new Set(official.map(([type]) => type))], Object.values(NotificationType))
  })
})

const canonical = (type: number, payload: unknown, contextId: unknown = null) =>
  canonicalNotification({ type, payload, contextId })?.notification

test('members may be written in any case, and the payload may be JSON in a text', () => {
  const said = { ContextId: null, Type: 8, Payload: OWNED }
  const pascal = { Id: ITEM, UserId: USER, RevisionDate: AT }
  const upper = { ID: ITEM, USERID: USER, revisiondate: AT }
  for (const payload of [owned, pascal, upper, JSON.stringify(owned)]) assert.deepEqual(canonical(8, payload), said)
})

test('ids are told in lower case, and the queue of the cloud leaves out what is null', () => {
  const said = canonical(0, { Id: ITEM.toUpperCase(), UserId: USER.toUpperCase(), RevisionDate: AT })
  assert.deepEqual(said?.Payload, CIPHER)
})

test('what clients do not know is dropped, the members of a policy included', () => {
  const given = { ...account, extra: 1, __proto__: null, constructor: 2 }
  assert.deepEqual(canonical(5, given)?.Payload, ACCOUNT)
  const policy = { organizationId: ORG, policy: { ...POLICY, secret: 'x' } }
  assert.deepEqual(canonical(25, policy)?.Payload, { OrganizationId: ORG, Policy: POLICY })
})

test('a log-out keeps date and reason, where they are told', () => {
  assert.deepEqual(canonical(11, { ...account, reason: 0 })?.Payload, { UserId: USER, Date: AT, Reason: 0 })
})

test('a date without a zone is in UTC, and all its digits are kept', () => {
  const dates: [given: string, said: string][] = [
    ['2024-01-02T03:04:05.6789012', '2024-01-02T03:04:05.6789012Z'],
    ['2024-01-02t03:04:05z', '2024-01-02T03:04:05Z'],
    ['2024-01-02T03:04:05.678901+02:00', '2024-01-02T03:04:05.678901+02:00'],
    // What .NET makes of a date that was never set.
    ['0001-01-01T00:00:00', '0001-01-01T00:00:00Z'],
  ]
  for (const [given, said] of dates) {
    assert.equal(canonical(8, { ...owned, revisionDate: given })?.Payload.RevisionDate, said)
  }
})

test('without a ContextId everybody acts on it', () => {
  assert.equal(canonicalNotification({ type: 5, payload: account, contextId: undefined })?.notification.ContextId, null)
})

test('a type that nobody knows is nothing', () => {
  for (const type of [28, 100, 255, -1]) assert.equal(canonical(type, account), undefined)
})

const refused: [type: unknown, payload: unknown, complaint: RegExp][] = [
  ['5', account, /has a Type that is not a whole number$/],
  [1.5, account, /Type/],
  [undefined, account, /Type/],
  [5, undefined, /has a Payload that is not an object$/],
  [5, null, /Payload/],
  [5, [], /Payload/],
  [5, '{', /has a Payload that is not JSON$/],
  [5, '[]', /Payload that is not an object$/],
  [5, {}, /has no Payload\.UserId$/],
  [5, { userId: null }, /has no Payload\.UserId$/],
  [5, { userId: `${USER}.>` }, /has a Payload\.UserId that is not a GUID$/],
  [5, { userId: 'u1' }, /UserId/],
  [5, { userId: USER, date: '2024-13-01T00:00:00Z' }, /Payload\.Date that is not a date of RFC 3339$/],
  [8, { ...owned, revisionDate: undefined }, /has no Payload\.RevisionDate$/],
  [8, { ...owned, revisionDate: '2024-02-30T00:00:00Z' }, /RevisionDate/],
  [8, { ...owned, revisionDate: 1_704_164_645 }, /RevisionDate/],
  [0, { ...cipher, userId: null }, /is for nobody: Payload has none of UserId and OrganizationId$/],
  [0, { ...cipher, collectionIds: COLLECTION }, /Payload\.CollectionIds that is not a list of GUIDs$/],
  [0, { ...cipher, collectionIds: [COLLECTION, '*'] }, /Payload\.CollectionIds that is not a GUID$/],
  [11, { ...account, reason: 256 }, /Payload\.Reason that is not a whole number from 0 to 255$/],
  [16, { userId: USER, id: 'token' }, /Payload\.Id/],
  [18, { organizationId: ORG, enabled: 'yes' }, /Payload\.Enabled that is not true or false$/],
  [20, { ...notice, userId: null, organizationId: null }, /is for nobody/],
  [20, { ...notice, clientType: 6 }, /Payload\.ClientType that is not a number from 0 to 5$/],
  [20, { ...notice, title: 1 }, /Payload\.Title that is not a text$/],
  [25, { organizationId: ORG }, /has no Payload\.Policy$/],
  [25, { organizationId: ORG, policy: [] }, /Payload\.Policy that is not an object$/],
  [25, { organizationId: ORG, policy: { ...POLICY, Id: '' } }, /Payload\.Policy\.Id that is not a GUID$/],
]

for (const [type, payload, complaint] of refused) {
  test(`${type} with ${JSON.stringify(payload)?.slice(0, 80)} is refused, and the complaint names the member`, () => {
    assert.throws(() => canonicalNotification({ type, payload, contextId: null }), {
      name: 'ProtocolError',
      code: 'INVALID_NOTIFICATION',
      message: complaint,
    })
  })
}

test('a ContextId that is no text is refused', () => {
  assert.throws(() => canonical(5, account, 7), /has a ContextId that is not a text or null$/)
})
