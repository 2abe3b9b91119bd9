import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type CipherEvent, encodeNotification, NotificationType, Notifier, parseNotification } from '#notify'
import { deliverToPhones } from '../../../src/push/mobile/deliver.ts'
import type { PhonesAddress, Push } from '../../../src/push/push.ts'
import { startMobileWorld } from './mobile-world.ts'

const USER = '11111111-1111-4111-8111-11111111111a'
const CIPHER = '22222222-2222-4222-8222-22222222222b'
const PHONE = '44444444-4444-4444-8444-44444444444d'
const ORGANIZATION = '66666666-6666-4666-8666-66666666666e'
const COLLECTION = '77777777-7777-4777-8777-77777777777f'
const PUSH_ID = '99999999-9999-4999-8999-99999999999f'

const DATE = new Date('2024-01-02T03:04:05.678Z')
const RELAYED_DATE = '2024-01-02T03:04:05.678000Z'

const TO_USER: PhonesAddress = { kind: 'phones', audience: 'user', id: USER, actingPushId: null }
const TO_ORGANIZATION: PhonesAddress = {
  kind: 'phones',
  audience: 'organization',
  id: ORGANIZATION,
  actingPushId: null,
}

/** As it comes out of what the vault publishes, or one of that type and payload. */
function pushOf(to: PhonesAddress, say: ((notifier: Notifier) => void) | { Type: number; Payload: object }): Push {
  const published: Buffer[] = []
  if (typeof say === 'function') say(new Notifier((_, bytes) => void published.push(bytes)))
  else published.push(encodeNotification({ ContextId: null, Type: say.Type, Payload: { ...say.Payload } }))
  const { Type, Payload, ContextId } = parseNotification(published[0]!)
  const payload = to.audience === 'user' ? { ...Payload, UserId: to.id } : Payload
  return { id: PUSH_ID, to, type: Type, payload, contextId: ContextId, queuedAtMs: 0, expiresAtMs: 1 }
}

const cipher = (name: CipherEvent, collectionIds?: readonly string[]) => (notifier: Notifier) =>
  notifier.cipher(
    name,
    { id: CIPHER, userId: USER, organizationId: collectionIds ? ORGANIZATION : null, revisionDate: DATE },
    { recipients: [USER], contextId: PHONE, ...(collectionIds && { collectionIds }) },
  )

const owned = { id: CIPHER, userId: USER, revisionDate: DATE }
const relayedOwned = { id: CIPHER, userId: USER, revisionDate: RELAYED_DATE }
const relayedAccount = { userId: USER, date: RELAYED_DATE }
const ACCOUNT_EVENTS = [
  'SyncCiphers',
  'SyncVault',
  'SyncOrgKeys',
  'SyncSettings',
  'SyncOrganizations',
  'LogOut',
] as const

/** What is told, and what the relay is sent of it: type, payload, and what excludes the acting device. */
const EVENTS: readonly [string, Push, { type: number; payload: object; identifier: string | null }][] = [
  ...(['SyncCipherCreate', 'SyncCipherUpdate', 'SyncLoginDelete'] as const).map((name) => {
    const payload = { id: CIPHER, userId: USER, organizationId: null, collectionIds: null, revisionDate: RELAYED_DATE }
    const sent = { type: NotificationType[name], payload, identifier: PHONE }
    return [name, pushOf(TO_USER, cipher(name)), sent] as [string, Push, typeof sent]
  }),
  [
    'an item of an organization, for one who sees it',
    pushOf(TO_USER, cipher('SyncCipherUpdate', [COLLECTION])),
    {
      type: 0,
      payload: {
        id: CIPHER,
        userId: USER,
        organizationId: ORGANIZATION,
        collectionIds: [COLLECTION],
        revisionDate: RELAYED_DATE,
      },
      identifier: PHONE,
    },
  ],
  ...(['SyncFolderCreate', 'SyncFolderUpdate', 'SyncFolderDelete'] as const).map((name) => {
    const sent = { type: NotificationType[name], payload: relayedOwned, identifier: PHONE }
    return [name, pushOf(TO_USER, (notifier) => notifier.folder(name, owned, PHONE)), sent] as [
      string,
      Push,
      typeof sent,
    ]
  }),
  ...(['SyncSendCreate', 'SyncSendUpdate', 'SyncSendDelete'] as const).map((name) => {
    const sent = { type: NotificationType[name], payload: relayedOwned, identifier: null }
    return [name, pushOf(TO_USER, (notifier) => notifier.send(name, owned, null)), sent] as [string, Push, typeof sent]
  }),
  ...ACCOUNT_EVENTS.map((name) => {
    const sent = { type: NotificationType[name], payload: relayedAccount, identifier: null }
    const push = pushOf(TO_USER, (notifier) => notifier.account(name, USER, DATE, null))
    return [name, push, sent] as [string, Push, typeof sent]
  }),
  [
    'AuthRequest',
    pushOf(TO_USER, (notifier) => notifier.authRequest({ id: CIPHER, userId: USER }, PHONE)),
    { type: 15, payload: { id: CIPHER, userId: USER }, identifier: PHONE },
  ],
  [
    'AuthRequestResponse',
    pushOf(TO_USER, (notifier) => notifier.authRequestResponse({ id: CIPHER, userId: USER }, PHONE)),
    { type: 16, payload: { id: CIPHER, userId: USER }, identifier: PHONE },
  ],
  [
    'SyncOrganizationStatusChanged',
    pushOf(TO_ORGANIZATION, (notifier) => notifier.organizationStatus({ id: ORGANIZATION, enabled: false })),
    { type: 18, payload: { organizationId: ORGANIZATION, enabled: false }, identifier: null },
  ],
  [
    'SyncOrganizationCollectionSettingChanged',
    pushOf(TO_ORGANIZATION, (notifier) => {
      const limits = { collectionCreation: true, collectionDeletion: false, itemDeletion: true }
      notifier.collectionSettings(ORGANIZATION, limits)
    }),
    {
      type: 19,
      payload: {
        organizationId: ORGANIZATION,
        limitCollectionCreation: true,
        limitCollectionDeletion: false,
        limitItemDeletion: true,
      },
      identifier: null,
    },
  ],
  [
    'PolicyChanged, down to the members of the policy',
    pushOf(TO_ORGANIZATION, (notifier) => {
      const dates = { creationDate: DATE, revisionDate: DATE }
      notifier.policy({ id: CIPHER, organizationId: ORGANIZATION, type: 1, data: '{"A":1}', enabled: true, ...dates })
    }),
    {
      type: 25,
      payload: {
        organizationId: ORGANIZATION,
        policy: {
          id: CIPHER,
          organizationId: ORGANIZATION,
          type: 1,
          data: '{"A":1}',
          enabled: true,
          creationDate: RELAYED_DATE,
          revisionDate: RELAYED_DATE,
        },
      },
      identifier: null,
    },
  ],
]

describe('phones are told of', () => {
  for (const [what, push, { type, payload, identifier }] of EVENTS) {
    test(what, async () => {
      await using world = await startMobileWorld()
      const outcome = await deliverToPhones(world.client)(push, new AbortController().signal)
      assert.deepEqual(outcome, { kind: 'sent' })
      const { audience, id } = push.to as PhonesAddress
      assert.deepEqual(await world.relay.nextSend(), {
        userId: audience === 'user' ? id : null,
        organizationId: audience === 'organization' ? id : null,
        deviceId: null,
        identifier,
        type,
        payload,
        clientType: null,
        installationId: null,
      })
    })
  }

  test('what a device has done, with the relay’s name of that device, and for clients of one type by its number', async () => {
    await using world = await startMobileWorld()
    const to = { ...TO_USER, actingPushId: PUSH_ID, clientType: 'Mobile' } as const
    const push = pushOf(to, cipher('SyncCipherCreate'))
    await deliverToPhones(world.client)(push, new AbortController().signal)
    const { deviceId, clientType } = await world.relay.nextSend()
    assert.deepEqual([deviceId, clientType], [PUSH_ID, 4])
  })

  for (const [date, relayed] of [
    ['2024-01-02T03:04:05.678Z', RELAYED_DATE],
    ['2024-01-02T03:04:05Z', '2024-01-02T03:04:05.000000Z'],
    ['2024-01-02T05:04:05.6789012+02:00', RELAYED_DATE],
  ] as const) {
    test(`${date} as ${relayed}`, async () => {
      await using world = await startMobileWorld()
      const push = pushOf(TO_USER, { Type: 5, Payload: { Date: date } })
      await deliverToPhones(world.client)(push, new AbortController().signal)
      assert.deepEqual((await world.relay.nextSend()).payload, { userId: USER, date: relayed })
    })
  }
})

describe('a push to phones', () => {
  for (const [status, headers, outcome] of [
    [429, { 'Retry-After': '7' }, { kind: 'busy', why: 'HTTP 429 Too Many Requests', afterMs: 7000 }],
    [500, {}, { kind: 'busy', why: 'HTTP 500 Internal Server Error' }],
    [400, {}, { kind: 'refused', why: 'HTTP 400 Bad Request' }],
    [410, {}, { kind: 'refused', why: 'HTTP 410 Gone' }],
  ] as const) {
    test(`that the relay answers with ${status} is ${outcome.kind}`, async () => {
      await using world = await startMobileWorld()
      world.relay.troubles.push = { status, headers }
      const push = pushOf(TO_USER, { Type: 5, Payload: { Date: RELAYED_DATE } })
      assert.deepEqual(await deliverToPhones(world.client)(push, new AbortController().signal), outcome)
    })
  }
})
