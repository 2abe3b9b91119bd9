import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { CONTROL_REVOKE } from '#notify'
import { HubMessageType } from '#wire/signalr'
import { FakeClock } from '../../helpers/fake-clock.ts'
import { until, within } from '../../helpers/wait.ts'
import { HubClient } from './hub-client.ts'
import { ALICE, BOB, startHub } from './hub-server.ts'
import { startKeptHub, typesHeard } from './kept-hub.ts'
import { askToUpgrade, HUB } from './requests.ts'

const AT = new Date('2024-01-02T03:04:05.678Z')
const LOG_OUT = 11

/** It is told to log out, by that device, and then let go. */
async function assertRevoked(client: HubClient, contextId: string | null): Promise<void> {
  const { Type, ContextId, Payload } = await client.nextNotification()
  assert.deepEqual([Type, ContextId, Payload.UserId], [LOG_OUT, contextId, ALICE])
  assert.ok(Payload.Date instanceof Date)
  assert.equal((await client.next()).type, HubMessageType.Close)
  await within(client.closed, 'the end of the connection')
}

async function assertOpen(client: HubClient, notifier: Awaited<ReturnType<typeof startHub>>['notifier'], user = ALICE) {
  notifier.account('SyncSettings', user, AT, null)
  assert.equal((await client.nextNotification()).Type, 10)
}

test('devices that are revoked are told to log out and let go; nobody else notices', async () => {
  await using hub = await startHub()
  const clients: Record<string, HubClient> = {}
  for (const token of [`${ALICE}/phone`, `${ALICE}/laptop`, `${ALICE}/tablet`, `${BOB}/phone`]) {
    clients[token] = await HubClient.start(hub.url, token)
  }
  const secondOfPhone = await HubClient.start(hub.url, `${ALICE}/phone`)
  hub.notifier.devicesRevoked(ALICE, ['phone', 'tablet', 'unknown'], 'laptop')
  for (const client of [clients[`${ALICE}/phone`]!, secondOfPhone, clients[`${ALICE}/tablet`]!]) {
    await assertRevoked(client, 'laptop')
  }
  await assertOpen(clients[`${ALICE}/laptop`]!, hub.notifier)
  await assertOpen(clients[`${BOB}/phone`]!, hub.notifier, BOB)
  hub.notifier.devicesRevoked(ALICE, [], null)
  await assertOpen(clients[`${ALICE}/laptop`]!, hub.notifier)
})

test('a revocation without devices is one of all of them', async () => {
  await using hub = await startHub()
  const [phone, laptop] = [`${ALICE}/phone`, `${ALICE}/laptop`].map((token) => HubClient.start(hub.url, token))
  const clients = [await phone!, await laptop!]
  const others = await HubClient.start(hub.url, BOB)
  hub.publish(CONTROL_REVOKE, JSON.stringify({ UserId: ALICE, DeviceIds: null, ContextId: null }))
  for (const client of clients) await assertRevoked(client, null)
  await assertOpen(others, hub.notifier, BOB)
})

test('a device that has not shaken hands yet is told as soon as it has', async () => {
  await using hub = await startHub()
  const client = await HubClient.connect(hub.url, `${ALICE}/phone`)
  hub.notifier.account('SyncSettings', ALICE, AT, null)
  hub.notifier.devicesRevoked(ALICE, ['phone'], null)
  client.shakeHands()
  const [reply, event] = (await client.nextFrame()).toString('latin1').split('\x1e')
  assert.equal(reply, '{}')
  // The log-out alone: the change before it is nothing to that device any more.
  assert.ok(event?.includes('\xa4Type\x0b') && !event.includes('\xa4Type\x0a'), event)
  await within(client.closed, 'the end of the connection')
})

test('a log-out that gives a reason leaves the session, and its connection, as they are', async () => {
  await using hub = await startHub()
  const client = await HubClient.start(hub.url, ALICE)
  for (const Reason of [0, 1]) {
    const notification = { ContextId: null, Type: LOG_OUT, Payload: { UserId: ALICE, Reason } }
    hub.publish(`vault.user.${ALICE}.LogOut`, JSON.stringify(notification))
    const heard = await client.nextNotification()
    assert.deepEqual([heard.Type, heard.Payload], [LOG_OUT, { UserId: ALICE, Reason }])
  }
  await assertOpen(client, hub.notifier)
  const notification = { ContextId: null, Type: LOG_OUT, Payload: { UserId: ALICE, Reason: null } }
  hub.publish(`vault.user.${ALICE}.LogOut`, JSON.stringify(notification))
  assert.equal((await client.nextNotification()).Type, LOG_OUT)
  await within(client.closed, 'the end of the connection')
})

test('users of another server are not revoked by ours, although they have the same id', async () => {
  const subject = `relay.${BOB}.user.${ALICE}.>`
  await using hub = await startHub({
    authenticate: async (deviceId) => ({ user: { id: ALICE }, device: { id: deviceId }, subjects: [subject] }),
  })
  const client = await HubClient.start(hub.url, 'phone')
  hub.notifier.devicesRevoked(ALICE, ['phone'], null)
  hub.notifier.account('LogOut', ALICE, AT, null)
  hub.publish(`relay.${BOB}.user.${ALICE}.SyncVault`, '{"ContextId":null,"Type":5,"Payload":{}}')
  assert.equal((await client.nextNotification()).Type, 5)
})

for (const [what, revoke] of [
  ['all sessions of the user end', (hub) => hub.notifier.account('LogOut', ALICE, AT, null)],
  ['its device is revoked', (hub) => hub.notifier.devicesRevoked(ALICE, ['phone'], null)],
] as [string, (hub: Awaited<ReturnType<typeof startHub>>) => void][]) {
  test(`a token that is being checked when ${what} is checked anew`, async () => {
    let holds = true
    let asked = 0
    const reading = Promise.withResolvers<void>()
    await using hub = await startHub({
      async authenticate() {
        const session = holds ? { user: { id: ALICE }, device: { id: 'phone' } } : undefined
        asked++
        await reading.promise
        return session
      },
    })
    const answer = askToUpgrade(hub, HUB, { token: 'token' })
    await until(() => asked > 0, 'the check')
    holds = false
    revoke(hub)
    reading.resolve()
    assert.equal((await answer).status, 401)
    assert.equal(asked, 2)
  })
}

test('a session that ended after its token was checked is noticed when the device hears', async () => {
  await using kept = await startKeptHub({ clock: new FakeClock() })
  const ends: Record<string, (deviceId: string) => Promise<unknown>> = {
    'its device is gone': (deviceId) => kept.store.devices.delete(deviceId, ALICE),
    'there is another stamp': async () =>
      kept.store.users.update({ ...(await kept.store.users.find(ALICE))!, securityStamp: randomUUID() }),
    'the user is disabled': async () =>
      kept.store.users.update({ ...(await kept.store.users.find(ALICE))!, enabled: false }),
  }
  for (const [why, end] of Object.entries(ends)) {
    await kept.add(why)
    // On another machine, whose word has not come here yet.
    kept.holdNextLookUp(async () => void (await end(why)))
    await assertRevoked(await kept.connect(why), null)
  }
})

test('what is no revocation is logged without its content, and changes nothing', async () => {
  await using hub = await startHub()
  const client = await HubClient.start(hub.url, ALICE)
  for (const payload of ['secret', '{}', '{"UserId":"secret","DeviceIds":7}']) hub.publish(CONTROL_REVOKE, payload)
  await assertOpen(client, hub.notifier)
  const lines = hub.log.filter((line) => line.includes('revocation not understood'))
  assert.equal(lines.length, 3)
  assert.ok(!lines.some((line) => line.includes('secret')), lines.join('\n'))
})

test('a device hears of the organizations of its user, and of others as soon as that changes', async () => {
  await using kept = await startKeptHub({ clock: new FakeClock() })
  const [left, joined, kept1] = [randomUUID(), randomUUID(), randomUUID()]
  const organizations = new Map([[ALICE, [left, kept1]]])
  kept.store.memberships.confirmedOf = async (userId) => organizations.get(userId) ?? []
  for (const [deviceId, userId] of [
    ['laptop', ALICE],
    ['other', BOB],
  ] as const) {
    await kept.add(deviceId, { userId })
  }
  const client = await kept.connect('laptop')
  const others = await kept.connect('other', { userId: BOB })
  const { notifier } = kept.hub
  const heardOf = async () => {
    for (const id of [left, joined, kept1]) notifier.organizationStatus({ id, enabled: true })
    notifier.account('SyncOrganizations', ALICE, AT, null)
    const ids: unknown[] = []
    for (;;) {
      const { Type, Payload } = await client.nextNotification()
      if (Type === 17) return ids
      if (Type === 18) ids.push(Payload.OrganizationId)
    }
  }
  assert.deepEqual(await heardOf(), [left, kept1])

  organizations.set(ALICE, [kept1, joined])
  // Twice at once: the second time the first look-up is under way.
  notifier.account('SyncOrgKeys', ALICE, AT, null)
  notifier.account('SyncOrgKeys', ALICE, AT, null)
  await until(async () => (await heardOf()).join() === [joined, kept1].join(), 'the other organizations')

  await client.close()
  await until(() => kept.hub.door.connectionCount === 1, 'the end of the connection')
  // Nobody is left who could hear.
  for (const id of [left, joined, kept1]) {
    assert.equal(kept.hub.publish(`vault.org.${id}.PolicyChanged`, '{}'), 0, id)
  }
  assert.deepEqual(await typesHeard(kept, others, BOB), [])
})

test('of two changes of organizations at once the later one holds', async () => {
  await using kept = await startKeptHub({ clock: new FakeClock() })
  await kept.add('laptop')
  const client = await kept.connect('laptop')
  const [first, second] = [randomUUID(), randomUUID()]
  const reading = Promise.withResolvers<string[]>()
  const answers = [reading.promise, Promise.resolve([second])]
  kept.store.memberships.confirmedOf = () => answers.shift() ?? Promise.reject(new Error('asked too often'))
  const { notifier } = kept.hub
  notifier.account('SyncOrgKeys', ALICE, AT, null)
  notifier.account('SyncOrgKeys', ALICE, AT, null)
  assert.equal((await client.nextNotification()).Type, 6)
  reading.resolve([first])
  await until(() => answers.length === 0, 'both look-ups')
  assert.deepEqual(await typesHeard(kept, client), [6])
  notifier.organizationStatus({ id: first, enabled: true })
  notifier.organizationStatus({ id: second, enabled: true })
  assert.equal((await client.nextNotification()).Payload.OrganizationId, second)
})

test('notifications for one type of clients reach those of that type', async () => {
  await using hub = await startHub({
    authenticate: async (clientType) => ({ user: { id: ALICE }, device: { id: clientType }, clientType }),
    installationId: BOB,
  })
  const [web, mobile] = [await HubClient.start(hub.url, 'Web'), await HubClient.start(hub.url, 'Mobile')]
  const notification = (Id: string) => JSON.stringify({ ContextId: null, Type: 20, Payload: { Id } })
  hub.publish(`vault.user.${ALICE}.Notification.Web`, notification('1'))
  hub.publish(`vault.user.${ALICE}.Notification.Mobile`, notification('2'))
  hub.publish(`vault.installation.${BOB}.Notification.Mobile`, notification('3'))
  hub.publish(`vault.installation.${BOB}.Notification`, notification('4'))
  hub.publish(`vault.installation.${ALICE}.Notification`, notification('5'))
  hub.publish(`vault.user.${ALICE}.Notification`, notification('6'))
  const idsOf = async (client: HubClient) => {
    const ids: unknown[] = []
    while (ids.at(-1) !== '6') ids.push((await client.nextNotification()).Payload.Id)
    return ids
  }
  assert.deepEqual(await idsOf(web), ['1', '4', '6'])
  assert.deepEqual(await idsOf(mobile), ['2', '3', '4', '6'])
})
