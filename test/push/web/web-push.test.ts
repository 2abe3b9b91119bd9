import assert from 'node:assert/strict'
import { createECDH, randomBytes } from 'node:crypto'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import type { GuardRules, GuardTools, Lookup } from '#net'
import { NotificationType } from '#notify'
import type { Push } from '../../../src/push/push.ts'
import { loadVapidKey } from '../../../src/push/web/vapid-key.ts'
import { WebPush } from '../../../src/push/web/web-push.ts'
import { openTestDatabase } from '../../helpers/database.ts'
import { FakeClock } from '../../helpers/fake-clock.ts'
import { startPushService } from '../../helpers/push-service.ts'
import { type LoggedEvent, lineOf, recordingLogger } from '../../helpers/recording-logger.ts'
import { temporaryFolder } from '../../helpers/temp.ts'
import { until } from '../../helpers/wait.ts'
import { OTHER, pushOf, toBrowserOf, USER } from '../pushes.ts'

const GUARDED: GuardRules = { blockedHosts: undefined, blocksNonGlobalAddresses: true, prefersIpv6: false }
const DEVICE = '44444444-4444-4444-8444-444444444444'
const MINUTE_MS = 60_000

/** A push service on its own, Web Push as a server has it, and one browser that has subscribed. */
async function world({
  rules = GUARDED,
  lookup,
  connect,
}: {
  readonly rules?: GuardRules
  readonly lookup?: Lookup
  readonly connect?: GuardTools['connect']
} = {}) {
  await using cleanup = new AsyncDisposableStack()
  const clock = new FakeClock(Date.now())
  const folder = cleanup.use(await temporaryFolder())
  const service = cleanup.use(await startPushService({ now: () => clock.now() }))
  const { store } = cleanup.use(await openTestDatabase(clock))
  const logged: LoggedEvent[] = []
  const key = await loadVapidKey(folder.join('vapid_key.pem'))
  const subscriptions = store.webPushSubscriptions
  const webPush = new WebPush({
    key,
    contact: 'mailto:operator@example.com',
    subscriptions,
    rules,
    clock,
    logger: recordingLogger((line) => logged.push(line)),
    tools: { ...service.guardTools, ...(lookup && { lookup }), ...(connect && { connect }) },
  })
  cleanup.defer(() => webPush.close())
  /** A browser, for a user on a device. */
  const subscribe = async (userId = USER, deviceId = DEVICE) => {
    const subscription = service.subscribe(key.publicKey)
    const { endpoint, p256dh, auth } = subscription
    await subscriptions.save({ userId, deviceId, endpoint, p256dh, auth }, new Date(clock.now()))
    return subscription
  }
  const browser = await subscribe()
  const rest = cleanup.move()
  return {
    clock,
    service,
    store,
    subscriptions,
    logged,
    webPush,
    browser,
    subscribe,
    /** To that browser, unless `given` says otherwise. */
    push: (type: number, given: Partial<Push> = {}, signal = new AbortController().signal) =>
      webPush.deliver(pushOf(type, { to: toBrowserOf(USER, DEVICE), queuedAtMs: clock.now(), ...given }), signal),
    [Symbol.asyncDispose]: () => rest.disposeAsync(),
  }
}

test('what encrypts is loaded with the first push', async () => {
  const isLoaded = () => Object.keys(createRequire(import.meta.url).cache).some((file) => file.includes('/web-push/'))
  await using it = await world()
  assert.equal(isLoaded(), false)
  assert.deepEqual(await it.push(NotificationType.SyncVault), { kind: 'sent' })
  assert.equal(isLoaded(), true)
})

for (const [type, payload, contextId] of [
  [
    'SyncCipherUpdate',
    { Id: OTHER, OrganizationId: null, CollectionIds: null, RevisionDate: '2026-01-02T03:04:05.678Z' },
    OTHER,
  ],
  ['SyncFolderCreate', { Id: OTHER, RevisionDate: '2026-01-02T03:04:05.678Z' }, OTHER],
  ['SyncVault', { Date: '2026-01-02T03:04:05.678Z' }, null],
  ['LogOut', { Date: '2026-01-02T03:04:05.678Z' }, null],
  ['AuthRequest', { Id: OTHER }, OTHER],
  ['PolicyChanged', { OrganizationId: OTHER, Policy: { Id: OTHER, Data: '{"minLength":12}', Enabled: true } }, null],
] as const) {
  test(`${type} arrives as the extension reads it`, async () => {
    await using it = await world()
    const number = NotificationType[type]
    assert.deepEqual(await it.push(number, { payload, contextId }), { kind: 'sent' })
    const { json } = await it.browser.received.next()
    assert.deepEqual(json, {
      data: { type: number, payload: { ...payload, UserId: USER }, ...(contextId !== null && { contextId }) },
    })
  })
}

test('whoever the event was about, the one who is told is named', async () => {
  await using it = await world()
  const browser = await it.subscribe(OTHER, DEVICE)
  for (const UserId of [null, USER, undefined]) {
    await it.push(NotificationType.SyncCipherUpdate, { to: toBrowserOf(OTHER, DEVICE), payload: { Id: USER, UserId } })
    assert.equal((await browser.received.next()).json.data.payload.UserId, OTHER)
  }
  assert.deepEqual(it.browser.received.all, [])
})

for (const [type, urgency, ttlSeconds] of [
  ['LogOut', 'high', 900],
  ['AuthRequest', 'high', 900],
  ['AuthRequestResponse', 'normal', 900],
  ['SyncCipherCreate', 'normal', 86_400],
  ['SyncVault', 'normal', 86_400],
] as const) {
  test(`${type} is of ${urgency} urgency, and kept for ${ttlSeconds} s`, async () => {
    await using it = await world()
    await it.push(NotificationType[type])
    const received = await it.browser.received.next()
    assert.deepEqual([received.urgency, received.ttlSeconds], [urgency, ttlSeconds])
  })
}

test('nothing is kept for longer than it is of use, and what comes too late is not sent', async () => {
  await using it = await world()
  const queuedAtMs = it.clock.now()
  it.clock.advance(14 * MINUTE_MS + 500)
  await it.push(NotificationType.LogOut, { queuedAtMs })
  assert.equal((await it.browser.received.next()).ttlSeconds, 59)
  it.clock.advance(59_499)
  await it.push(NotificationType.LogOut, { queuedAtMs })
  assert.equal((await it.browser.received.next()).ttlSeconds, 0)
  it.clock.advance(1)
  assert.equal((await it.push(NotificationType.LogOut, { queuedAtMs })).kind, 'refused')
  assert.equal(it.service.requests.all.length, 2)
})

test('a browser that wakes has the last of the hints to sync, and each of the rest', async () => {
  await using it = await world()
  it.browser.sleep()
  const about = (Id: string) => ({ payload: { Id } })
  await it.push(NotificationType.SyncVault)
  await it.push(NotificationType.SyncCipherUpdate, about('1'))
  await it.push(NotificationType.SyncCiphers)
  await it.push(NotificationType.SyncOrgKeys)
  await it.push(NotificationType.SyncCipherUpdate, about('2'))
  await it.push(NotificationType.AuthRequest, about('3'))
  await it.push(NotificationType.AuthRequest, about('4'))
  await it.push(NotificationType.SyncSettings)
  await it.push(NotificationType.SyncCipherUpdate, about('1'))
  it.browser.wake()
  const told = it.browser.received.all.map(({ json }) => [json.data.type, json.data.payload.Id])
  assert.deepEqual(told, [
    [NotificationType.SyncCipherUpdate, '1'],
    [NotificationType.SyncOrgKeys, undefined],
    [NotificationType.SyncCipherUpdate, '2'],
    [NotificationType.AuthRequest, '3'],
    [NotificationType.AuthRequest, '4'],
    [NotificationType.SyncSettings, undefined],
    [NotificationType.SyncCipherUpdate, '1'],
  ])
})

test('hints for several accounts of one browser wait beside each other, and topics tell nobody apart', async () => {
  await using it = await world()
  const { endpoint, p256dh, auth } = it.browser
  const subscription = { userId: OTHER, deviceId: DEVICE, endpoint, p256dh, auth }
  await it.subscriptions.save(subscription, new Date(it.clock.now()))
  const elsewhere = await it.subscribe(USER, OTHER)
  it.browser.sleep()
  await it.push(NotificationType.SyncVault)
  await it.push(NotificationType.SyncVault, { to: toBrowserOf(OTHER, DEVICE) })
  await it.push(NotificationType.SyncVault, { to: toBrowserOf(USER, OTHER) })
  it.browser.wake()
  const all = [...it.browser.received.all, ...elsewhere.received.all]
  assert.deepEqual(
    all.map(({ json }) => json.data.payload.UserId),
    [USER, OTHER, USER],
  )
  assert.equal(new Set(all.map(({ topic }) => topic)).size, 3)
})

test('what is too long is told as a hint to sync', async () => {
  await using it = await world()
  const type = NotificationType.SyncCipherUpdate
  const lengthOf = (Ids: string) => JSON.stringify({ data: { type, payload: { Ids, UserId: USER } } }).length
  // RFC 8291 §4: 86 bytes of header, 17 behind.
  const longest = 'x'.repeat(4096 - 103 - lengthOf(''))
  await it.push(type, { payload: { Ids: longest } })
  assert.equal((await it.browser.received.next()).json.data.payload.Ids, longest)
  await it.push(type, { payload: { Ids: `${longest}x` }, contextId: OTHER })
  const queuedAtMs = it.clock.now()
  await it.push(type, { payload: { Ids: 'ü'.repeat(2000) }, queuedAtMs })
  const [first, second] = [await it.browser.received.next(), await it.browser.received.next()]
  assert.deepEqual(first.json.data.contextId, OTHER)
  assert.deepEqual(second.json, {
    data: {
      type: NotificationType.SyncVault,
      payload: { UserId: USER, Date: new Date(queuedAtMs).toISOString() },
    },
  })
  assert.ok(second.topic)
})

test('pushes that follow each other go by one connection, for days', async () => {
  await using it = await world()
  for (let i = 0; i < 10; i++) {
    assert.deepEqual(await it.push(NotificationType.SyncVault), { kind: 'sent' })
    it.clock.advance(7 * 60 * MINUTE_MS)
  }
  assert.equal(it.service.connections, 1)
})

for (const status of [404, 410]) {
  test(`after ${status} the browser is not told again`, async () => {
    await using it = await world()
    it.service.trouble = { status }
    assert.deepEqual(await it.push(NotificationType.SyncVault), { kind: 'gone' })
    assert.equal(await it.subscriptions.find(USER, DEVICE), undefined)
    it.service.trouble = undefined
    assert.deepEqual(await it.push(NotificationType.SyncVault), { kind: 'gone' })
    assert.equal(it.service.requests.all.length, 1)
  })
}

test('a subscription that the browser has told meanwhile is not the one that is over', async () => {
  await using it = await world()
  it.browser.trouble = 'held'
  const pushed = it.push(NotificationType.SyncVault)
  await until(() => it.service.heldCount, 'the push')
  const next = await it.subscribe()
  it.browser.end()
  it.service.release()
  assert.deepEqual(await pushed, { kind: 'gone' })
  assert.deepEqual(await it.push(NotificationType.SyncVault), { kind: 'sent' })
  assert.equal(next.received.all.length, 1)
})

test('that a subscription cannot be deleted changes nothing else', async () => {
  await using it = await world()
  it.browser.trouble = 'held'
  it.browser.end()
  const pushed = it.push(NotificationType.SyncVault)
  await until(() => it.service.heldCount, 'the push')
  await it.store.close()
  it.service.release()
  assert.deepEqual(await pushed, { kind: 'gone' })
  assert.deepEqual(
    it.logged.map(({ level, fields }) => [level, fields.deviceId]),
    [['warn', DEVICE]],
  )
  assert.ok(!lineOf(it.logged[0]!).includes(it.browser.endpoint))
})

for (const [status, headers, outcome] of [
  [200, {}, { kind: 'sent' }],
  [202, {}, { kind: 'sent' }],
  [429, {}, { kind: 'busy', why: 'HTTP 429 Too Many Requests' }],
  [429, { 'Retry-After': '120' }, { kind: 'busy', why: 'HTTP 429 Too Many Requests', afterMs: 120_000 }],
  [503, { 'Retry-After': '99999999' }, { kind: 'busy', why: 'HTTP 503 Service Unavailable', afterMs: 3_600_000 }],
  [503, { 'Retry-After': 'soon' }, { kind: 'busy', why: 'HTTP 503 Service Unavailable' }],
  [500, {}, { kind: 'busy', why: 'HTTP 500 Internal Server Error' }],
  [599, {}, { kind: 'busy', why: 'HTTP 599' }],
  [408, {}, { kind: 'busy', why: 'HTTP 408 Request Timeout' }],
  // As WNS, behind Edge, says that it is asked too often.
  [406, {}, { kind: 'busy', why: 'HTTP 406 Not Acceptable' }],
  [307, { Location: 'https://push.example/elsewhere' }, { kind: 'refused', why: 'HTTP 307 Temporary Redirect' }],
  [400, {}, { kind: 'refused', why: 'HTTP 400 Bad Request' }],
  [413, {}, { kind: 'refused', why: 'HTTP 413 Payload Too Large' }],
] as const) {
  test(`a push service that answers ${status} ${JSON.stringify(headers)} is ${outcome.kind}`, async () => {
    await using it = await world()
    it.service.trouble = { status, headers }
    assert.deepEqual(await it.push(NotificationType.SyncVault), outcome)
    assert.equal(it.service.requests.all.length, 1)
    assert.ok(await it.subscriptions.find(USER, DEVICE))
  })
}

test('a push service may say by a date when it is to be asked again', async () => {
  await using it = await world()
  const at = new Date(it.clock.now() + 5 * MINUTE_MS)
  it.service.trouble = { status: 429, headers: { 'Retry-After': at.toUTCString() } }
  const outcome = await it.push(NotificationType.SyncVault)
  assert.ok(outcome.kind === 'busy')
  assert.ok(Math.abs(outcome.afterMs! - 5 * MINUTE_MS) <= 1000)
})

test('a browser that subscribed with another key is not reached, and why is said', async () => {
  await using it = await world()
  const stranger = createECDH('prime256v1')
  stranger.generateKeys()
  const { endpoint, p256dh, auth } = it.service.subscribe(stranger.getPublicKey('base64url'))
  await it.subscriptions.save({ userId: USER, deviceId: DEVICE, endpoint, p256dh, auth }, new Date())
  const outcome = await it.push(NotificationType.SyncVault)
  assert.ok(outcome.kind === 'refused')
  assert.match(outcome.why, /^HTTP 403 Forbidden \(.*vapid_key\.pem/)
  assert.equal(it.service.takeOffences().length, 1)
  assert.ok(await it.subscriptions.find(USER, DEVICE))
})

for (const trouble of ['reset', 'garbage'] as const) {
  test(`a push service that answers by ${trouble} is asked again later`, async () => {
    await using it = await world()
    it.service.trouble = trouble
    const outcome = await it.push(NotificationType.SyncVault)
    assert.equal(outcome.kind, 'busy')
    it.service.trouble = undefined
    assert.deepEqual(await it.push(NotificationType.SyncVault), { kind: 'sent' })
  })
}

test('a push service that says more than anybody wants to know has taken the push', async () => {
  await using it = await world()
  it.service.trouble = 'endless body'
  const outcome = await it.push(NotificationType.SyncVault)
  assert.equal(outcome.kind, 'sent')
})

test('a push service that is silent is given up after 15 seconds', async () => {
  await using it = await world()
  it.service.trouble = 'held'
  const pushed = it.push(NotificationType.SyncVault)
  await until(() => it.service.heldCount, 'the push')
  it.clock.advance(15_000)
  assert.deepEqual(await pushed, { kind: 'busy', why: 'no answer after 15000 ms' })
})

test('a push that is given up rejects', async () => {
  await using it = await world()
  it.service.trouble = 'held'
  const caller = new AbortController()
  const pushed = it.push(NotificationType.SyncVault, {}, caller.signal)
  await until(() => it.service.heldCount, 'the push')
  caller.abort(new Error('closed'))
  await assert.rejects(pushed, /closed/)
  assert.equal(it.webPush.publicKey?.length, 87)
})

test('without a subscription nobody is told, and without a database nobody yet', async () => {
  await using it = await world()
  assert.deepEqual(await it.push(NotificationType.SyncVault, { to: toBrowserOf(OTHER, DEVICE) }), { kind: 'gone' })
  await it.store.close()
  const outcome = await it.push(NotificationType.SyncVault)
  assert.ok(outcome.kind === 'busy')
  assert.match(outcome.why, /^the database does not answer/)
  assert.equal(it.service.requests.all.length, 0)
})

for (const [what, endpoint, rules] of [
  ['of this network', 'https://10.0.0.1/secret', GUARDED],
  ['that was blocked since', 'https://push.example/secret', { ...GUARDED, blockedHosts: /push/ }],
] as const) {
  test(`a push service ${what} is not asked`, async () => {
    await using it = await world({ rules })
    const { p256dh, auth } = it.browser
    await it.subscriptions.save({ userId: USER, deviceId: DEVICE, endpoint, p256dh, auth }, new Date())
    const outcome = await it.push(NotificationType.SyncVault)
    assert.ok(outcome.kind === 'refused')
    assert.doesNotMatch(outcome.why, /secret/)
    for (let i = 0; i < 2; i++) {
      it.clock.advance(6 * MINUTE_MS)
      await it.push(NotificationType.SyncVault)
    }
    assert.equal(it.webPush.isReachable(endpoint), false)
    assert.equal(it.service.connections, 0)
  })
}

test('a name that leads into this network is not asked, and counts as out of reach', async () => {
  const addresses = [{ address: '10.0.0.1', family: 4 }]
  await using it = await world({ lookup: async () => addresses })
  for (let i = 0; i < 6; i++) {
    const outcome = await it.push(NotificationType.SyncVault)
    assert.deepEqual(outcome, { kind: 'refused', why: 'push.example is not on the public internet' })
    it.clock.advance(2 * MINUTE_MS)
  }
  assert.equal(it.webPush.publicKey, undefined)
  assert.equal(it.service.connections, 0)
})

test('of a push service that cannot be reached its browsers alone are told, also where little is changed', async () => {
  const addresses = [{ address: '10.0.0.1', family: 4 }]
  await using it = await world({ lookup: async () => addresses })
  const { endpoint } = it.browser
  for (const isReachable of [true, true, false]) {
    await it.push(NotificationType.SyncVault)
    assert.deepEqual([it.webPush.isReachable(endpoint), it.webPush.publicKey?.length], [isReachable, 87])
    it.clock.advance(3 * 60 * MINUTE_MS)
  }
  assert.equal(it.webPush.isReachable('https://another.example/secret'), true)
})

test('a push service that answers is in reach again', async () => {
  await using it = await world()
  const { endpoint } = it.browser
  await it.service.goAway()
  for (let i = 0; i < 3; i++) {
    await it.push(NotificationType.SyncVault)
    it.clock.advance(6 * MINUTE_MS)
  }
  assert.equal(it.webPush.isReachable(endpoint), false)
  await it.service.comeBack()
  await it.push(NotificationType.SyncVault)
  assert.equal(it.webPush.isReachable(endpoint), true)
})

test('a browser that has another push service by now is not told in the turn of the one before', async () => {
  await using it = await world()
  const to = toBrowserOf(USER, DEVICE, 'https://before.example')
  const { origin } = new URL(it.browser.endpoint)
  assert.deepEqual(await it.push(NotificationType.SyncVault, { to }), { kind: 'moved', origin })
  assert.deepEqual(it.browser.received.all, [])
})

test('of what is wrong with a push service no more is told than fits into a line', async () => {
  const objection = `tls: failed to verify certificate: x509: ${'of somebody, '.repeat(10_000)}\nother line`
  await using it = await world({ connect: () => Promise.reject(new Error(objection)) })
  const outcome = await it.push(NotificationType.SyncVault)
  assert.match(outcome.kind === 'busy' ? outcome.why : '', /^tls: failed to verify[\x20-\x7e]{10,100}$/)
})

test('keys that are none are refused, and named nowhere', async () => {
  await using it = await world()
  const { endpoint } = it.browser
  const broken = {
    endpoint,
    p256dh: randomBytes(65).toString('base64url'),
    auth: randomBytes(16).toString('base64url'),
  }
  await it.subscriptions.save({ userId: USER, deviceId: DEVICE, ...broken }, new Date())
  const outcome = await it.push(NotificationType.SyncVault)
  assert.ok(outcome.kind === 'refused')
  for (const secret of Object.values(broken)) assert.ok(!outcome.why.includes(secret))
})

test('Web Push is announced as long as push services can be reached', async () => {
  await using it = await world()
  const { publicKey } = it.webPush
  assert.equal(publicKey?.length, 87)
  await it.service.goAway()
  for (let i = 0; i < 6; i++) {
    const outcome = await it.push(NotificationType.SyncVault)
    assert.ok(outcome.kind === 'busy')
    assert.ok(!outcome.why.includes(it.browser.endpoint))
    assert.equal(it.webPush.publicKey, i < 5 ? publicKey : undefined)
    it.clock.advance(2 * MINUTE_MS)
  }
  await it.service.comeBack()
  it.service.trouble = { status: 500 }
  await it.push(NotificationType.SyncVault)
  assert.equal(it.webPush.publicKey, publicKey)
  for (const line of it.logged) assert.ok(!lineOf(line).includes(it.browser.endpoint))
})
