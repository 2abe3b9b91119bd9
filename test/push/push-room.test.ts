import assert from 'node:assert/strict'
import type { IncomingMessage } from 'node:http'
import { test } from 'node:test'
import { answerInContext, RequestContext } from '#net'
import { encodeNotification, NotificationType, subjectFor, userSubject } from '#notify'
import { startPushWorld } from './push-world.ts'
import { nameOf, OTHER, USER } from './pushes.ts'

const SENT = { kind: 'sent' } as const
const ITEM = { id: 'c1c1c1c1-1111-4111-8111-111111111111', userId: USER, organizationId: null }
const ORGANIZATION = '66666666-6666-4666-8666-666666666666'

const item = (atMs: number) => ({ ...ITEM, revisionDate: new Date(atMs) })

test('phones and browsers are told what changed, the phones of a user together', async () => {
  await using world = await startPushWorld()
  await world.phone('android')
  await world.phone('iphone')
  await world.browser('chrome')
  await world.browser('edge')
  await world.phone('strange', OTHER)
  const { notifier, phones, browsers } = await world.open('one')
  notifier.cipher('SyncCipherUpdate', item(world.clock.now()), { recipients: [USER], contextId: 'laptop' })
  await world.gather()
  assert.deepEqual(
    phones.attempts.map(({ push }) => [nameOf(push), push.to, push.contextId]),
    [
      [
        `SyncCipherUpdate ${ITEM.id}`,
        { kind: 'phones', audience: 'user', id: USER, clientType: undefined, actingPushId: null },
        'laptop',
      ],
    ],
  )
  assert.deepEqual(phones.attempts[0]!.push.payload, {
    Id: ITEM.id,
    UserId: USER,
    OrganizationId: null,
    CollectionIds: null,
    RevisionDate: new Date(world.clock.now() - 100).toISOString(),
  })
  assert.deepEqual(
    browsers.attempts.map(({ push }) => push.to).toSorted((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b))),
    ['chrome', 'edge'].map((deviceId) => ({ kind: 'browser', userId: USER, deviceId, origin: 'https://push.example' })),
  )
})

test('who caused it is told by no way; a phone that did is named to the relay', async () => {
  await using world = await startPushWorld()
  await world.phone('android')
  await world.browser('chrome')
  const { notifier, phones, browsers } = await world.open('one')
  notifier.cipher('SyncCipherUpdate', item(world.clock.now()), { recipients: [USER], contextId: 'android' })
  await world.gather()
  assert.deepEqual(phones.names, [])
  assert.equal(browsers.attempts.length, 1)
  await browsers.answer(SENT)

  await world.phone('iphone')
  notifier.account('LogOut', USER, new Date(world.clock.now()), 'android')
  notifier.cipher('SyncCipherUpdate', item(world.clock.now()), { recipients: [USER], contextId: 'chrome' })
  await world.gather()
  assert.equal(phones.attempts.length, 1)
  const { to, contextId } = phones.attempts[0]!.push
  assert.deepEqual([contextId, to.kind === 'phones' && to.actingPushId], ['android', 'push id of android'])
  assert.deepEqual(browsers.names, ['LogOut'])
})

test('a login that asks is told to phones; that it was approved is not, since their apps would ask again', async () => {
  await using world = await startPushWorld()
  await world.phone('android')
  await world.browser('chrome')
  const { notifier, phones, browsers } = await world.open('one')
  const request = { id: 'a2a2a2a2-1111-4111-8111-111111111111', userId: USER }
  notifier.authRequest(request, 'new laptop')
  notifier.authRequestResponse(request, 'old laptop')
  await world.gather()
  assert.deepEqual([phones.names, browsers.names], [[`AuthRequest ${request.id}`], [`AuthRequest ${request.id}`]])
  await phones.answer(SENT)
  await browsers.answer(SENT)
  assert.deepEqual([phones.names, browsers.names], [[], [`AuthRequestResponse ${request.id}`]])
})

test('an item of an organization is told in the name of each who sees it', async () => {
  await using world = await startPushWorld()
  await world.phone('android')
  await world.browser('chrome', OTHER)
  const { notifier, phones, browsers } = await world.open('one')
  notifier.cipher(
    'SyncCipherUpdate',
    { ...item(world.clock.now()), userId: null, organizationId: ORGANIZATION },
    { recipients: [USER, OTHER], contextId: 'laptop', collectionIds: ['a'] },
  )
  await world.gather()
  assert.equal(phones.attempts[0]!.push.payload.UserId, USER)
  assert.equal(browsers.attempts[0]!.push.payload.UserId, OTHER)
  assert.deepEqual(phones.attempts[0]!.push.payload.CollectionIds, ['a'])
})

test('a device that has told the hub that it has heard is told by nothing else', async () => {
  await using world = await startPushWorld()
  await world.phone('android')
  await world.browser('chrome')
  const { notifier, phones, browsers, heard, asked } = await world.open('one')
  heard.add('android').add('chrome')
  notifier.account('SyncVault', USER, new Date(world.clock.now()), null)
  await world.gather()
  assert.deepEqual(
    asked.map((ids) => ids.toSorted()),
    [['android', 'chrome']],
  )
  assert.deepEqual([phones.names, browsers.names], [[], []])
  heard.delete('android')
  notifier.account('SyncVault', USER, new Date(world.clock.now()), null)
  await world.gather()
  assert.deepEqual([phones.names, browsers.names], [['SyncVault'], []])
})

test('nobody is asked or told where nobody could be', async () => {
  await using world = await startPushWorld()
  await world.device('laptop')
  const { notifier, phones, browsers, asked } = await world.open('one')
  notifier.account('SyncVault', USER, new Date(world.clock.now()), null)
  await world.gather()
  assert.deepEqual([phones.names, browsers.names, asked], [[], [], []])
})

test('who is logged out is told so, also when its session is gone by then, and nothing else', async () => {
  await using world = await startPushWorld()
  await world.browser('chrome')
  const { notifier, browsers } = await world.open('one')
  await world.store.devices.deleteAllOf(USER)
  notifier.account('SyncVault', USER, new Date(world.clock.now()), null)
  notifier.account('LogOut', USER, new Date(world.clock.now()), null)
  await world.gather()
  assert.deepEqual(browsers.names, ['LogOut'])
})

test('a single device whose session has ended is told so if it is a browser; the relay would tell all phones', async () => {
  await using world = await startPushWorld()
  for (const id of ['chrome', 'edge']) await world.browser(id)
  for (const id of ['android', 'iphone']) await world.phone(id)
  const { notifier, browsers, phones } = await world.open('one')
  for (const id of ['chrome', 'android']) {
    await world.store.devices.delete(id, USER)
    notifier.devicesRevoked(USER, [id], 'edge')
  }
  await world.gather()
  assert.deepEqual(
    browsers.attempts.map(({ push }) => [
      nameOf(push),
      push.to.kind === 'browser' && push.to.deviceId,
      push.payload.UserId,
    ]),
    [['LogOut', 'chrome', USER]],
  )
  assert.deepEqual(phones.names, [])
})

test('a way that is switched off is not gone', async () => {
  await using world = await startPushWorld()
  await world.phone('android')
  await world.browser('chrome')
  const { notifier, phones, browsers, asked } = await world.open('one', { toPhones: undefined })
  notifier.account('SyncVault', USER, new Date(world.clock.now()), null)
  await world.gather()
  assert.deepEqual([phones.names, browsers.names, asked], [[], ['SyncVault'], [['chrome']]])
})

test('what is for clients of one type reaches no others', async () => {
  await using world = await startPushWorld()
  await world.phone('android')
  await world.browser('chrome')
  const { account: _, phones, browsers, publishFrom } = await world.open('one')
  const notification = { ContextId: null, Type: NotificationType.Notification, Payload: { Id: 'n' } }
  for (const clientType of ['Mobile', 'Web', 'Browser'] as const) {
    publishFrom(
      'one',
      subjectFor({ kind: 'user', id: USER, clientType }, 'Notification'),
      encodeNotification({ ...notification, Payload: { Id: clientType } }),
    )
  }
  await world.gather()
  assert.deepEqual([phones.names, browsers.names], [['Notification Mobile'], ['Notification Browser']])
  const { to } = phones.attempts[0]!.push
  assert.equal(to.kind === 'phones' && to.clientType, 'Mobile')
})

test('what another instance tells it pushes itself', async () => {
  await using world = await startPushWorld()
  await world.phone('android')
  const { phones, publishFrom } = await world.open('one')
  const notification = encodeNotification({
    ContextId: null,
    Type: NotificationType.SyncVault,
    Payload: { UserId: USER },
  })
  publishFrom('two', userSubject(USER, 'SyncVault'), notification)
  await world.gather()
  assert.deepEqual(phones.names, [])
  publishFrom('one', userSubject(USER, 'SyncVault'), notification)
  await world.gather()
  assert.deepEqual(phones.names, ['SyncVault'])
})

test('what does not fit into a push becomes a hint to sync', async () => {
  await using world = await startPushWorld()
  await world.phone('android')
  const { notifier, phones } = await world.open('one')
  const collectionIds = Array.from({ length: 80 }, (_, i) => `${i}`.padStart(36, '0'))
  notifier.cipher(
    'SyncCipherUpdate',
    { ...item(world.clock.now()), organizationId: ORGANIZATION },
    { recipients: [USER], contextId: 'laptop', collectionIds },
  )
  await world.gather()
  assert.deepEqual(phones.names, ['SyncVault'])
  assert.equal(phones.attempts[0]!.push.contextId, 'laptop')
})

test('of a flood of changes of one account no more is kept than of a few', async () => {
  await using world = await startPushWorld()
  await world.phone('android')
  const { notifier, phones, room } = await world.open('one')
  for (let i = 0; i < 10_000; i++) {
    notifier.folder('SyncFolderCreate', { id: `f${i}`, userId: USER, revisionDate: new Date(world.clock.now()) }, null)
  }
  await world.gather()
  assert.ok(room.counts.phones!.waiting <= 65)
  while (phones.attempts.length > 0) await phones.answer(SENT)
  assert.ok(room.counts.phones!.superseded > 50)
})

test('devices that are connected and do not answer hold up nobody but their user', async () => {
  await using world = await startPushWorld()
  await world.phone('android')
  const silence = Promise.withResolvers<ReadonlySet<string>>()
  const { pushTargets } = world.store
  const targets = {
    // Each has the phone, so that there is somebody to wait for.
    ofUser: async (userId: string) => (await pushTargets.ofUser(USER)).map((target) => ({ ...target, userId })),
    ofOrganization: (id: string) => pushTargets.ofOrganization(id),
    usersChangedSince: pushTargets.usersChangedSince.bind(pushTargets),
  }
  const { publishFrom, phones } = await world.open('one', {
    targets,
    whoHasHeard: (userId) => (userId === 'awake' ? Promise.resolve(new Set()) : silence.promise),
  })
  const change = (id: string) => {
    const notification = { ContextId: null, Type: NotificationType.SyncVault, Payload: { UserId: id } }
    publishFrom('one', userSubject(id, 'SyncVault'), encodeNotification(notification))
  }
  for (let i = 0; i < 100; i++) change(`silent${i}`)
  for (let i = 0; i < 10; i++) await world.gather()
  change('awake')
  for (let i = 0; i < 10; i++) await world.gather()
  const told = phones.attempts.map(({ push }) => push.to.kind === 'phones' && push.to.id)
  silence.resolve(new Set())
  assert.deepEqual(told, ['awake'])
  await phones.answer(SENT)
  await world.gather()
  assert.equal(phones.attempts.length, 4)
})

test('while the database is away nothing is lost, and asked again', async () => {
  await using world = await startPushWorld()
  await world.phone('android')
  let isAway = true
  const { pushTargets } = world.store
  const targets = {
    ofUser: (id: string) => (isAway ? Promise.reject(new Error('away')) : pushTargets.ofUser(id)),
    ofOrganization: (id: string) => pushTargets.ofOrganization(id),
    usersChangedSince: pushTargets.usersChangedSince.bind(pushTargets),
  }
  const { notifier, phones } = await world.open('one', { targets })
  notifier.folder('SyncFolderCreate', { id: 'f1', userId: USER, revisionDate: new Date(world.clock.now()) }, null)
  await world.gather()
  notifier.folder('SyncFolderCreate', { id: 'f2', userId: USER, revisionDate: new Date(world.clock.now()) }, null)
  await world.gather()
  assert.deepEqual(phones.names, [])
  isAway = false
  world.clock.advance(1_000)
  await world.gather()
  assert.deepEqual(phones.names, ['SyncFolderCreate f1'])
  await phones.answer(SENT)
  assert.deepEqual(phones.names, ['SyncFolderCreate f2'])
})

test('a subscription that somebody has spoilt in the database keeps nothing from other devices', async () => {
  await using world = await startPushWorld()
  await world.browser('chrome')
  await world.phone('android')
  const subscription = { userId: USER, deviceId: 'chrome', endpoint: 'nonsense', p256dh: 'key', auth: 'secret' }
  await world.store.webPushSubscriptions.save(subscription, new Date(world.clock.now()))
  const { phones, browsers, notifier } = await world.open('one')
  notifier.account('SyncVault', USER, new Date(world.clock.now()), null)
  await world.gather()
  assert.deepEqual([phones.names, browsers.names], [['SyncVault'], ['SyncVault']])
})

test('what is no notification is logged, and harms nobody', async () => {
  await using world = await startPushWorld()
  await world.phone('android')
  const { phones, publishFrom, notifier } = await world.open('one')
  publishFrom('one', userSubject(USER, 'SyncVault'), Buffer.from('{"Type":'))
  notifier.account('SyncVault', USER, new Date(world.clock.now()), null)
  await world.gather()
  assert.deepEqual(phones.names, ['SyncVault'])
  assert.ok(world.log.some(({ event }) => /not understood/.test(event)))
})

test('a push can be followed through the log, from the request that caused it to what became of it', async () => {
  await using world = await startPushWorld()
  await world.phone('android')
  await world.browser('chrome')
  const { notifier, phones, browsers } = await world.open('one')
  const request = new RequestContext('a-request')
  answerInContext({} as IncomingMessage, request, () => {
    notifier.cipher('SyncCipherUpdate', item(world.clock.now()), { recipients: [USER], contextId: null })
  })
  // The answer is long sent when the push is decided about.
  request.end({ status: 200 })
  await world.gather()
  await phones.answer(SENT)
  await browsers.answer({ kind: 'gone' })
  const lines = (event: string) => world.log.filter((line) => line.event === event).map(({ fields }) => fields)
  const queued = lines('push queued')
  const type = NotificationType.SyncCipherUpdate
  assert.deepEqual(
    queued.map(({ push: _, ...others }) => others),
    [
      { kind: 'browser', user: USER, device: 'chrome', type, requestId: 'a-request' },
      { kind: 'phones', user: USER, type, requestId: 'a-request' },
    ],
  )
  const [browser, phone] = queued.map(({ push }) => push)
  assert.deepEqual(lines('push done'), [
    { push: phone, outcome: 'sent' },
    { push: browser, outcome: 'gone' },
  ])
})
