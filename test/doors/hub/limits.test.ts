import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FakeClock } from '../../helpers/fake-clock.ts'
import { until, within } from '../../helpers/wait.ts'
import { HubClient } from './hub-client.ts'
import { ALICE, BOB, type HubServer, startHub } from './hub-server.ts'
import { type Answer, ask, askToUpgrade, EventStream, HUB, negotiate, PollingClient } from './requests.ts'

/** Clients say themselves where they come from. */
const clientAddress = ({ headers }: { headers: NodeJS.Dict<string | string[]> }) => String(headers['x-from'] ?? 'here')
const from = (address: string) => ({ headers: { 'X-From': address } })

function assertTooMany({ status, headers, text }: Answer): void {
  assert.equal(status, 429)
  assert.equal(headers['content-type'], 'application/json')
  assert.deepEqual(JSON.parse(text).errorModel, { message: 'Too many connections', object: 'error' })
}

async function assertFull(hub: HubServer): Promise<void> {
  assertTooMany(await askToUpgrade(hub, HUB))
  assertTooMany(await ask(hub, 'POST', `${HUB}/negotiate`))
}

test('one connection more than an address may have is refused with 429, whoever it is for', async () => {
  await using hub = await startHub({ clientAddress, maxConnectionsPerAddress: 2 })
  const first = await HubClient.start(hub.url, ALICE)
  await HubClient.start(hub.url, BOB)
  await assertFull(hub)
  assert.equal((await askToUpgrade(hub, HUB, from('elsewhere'))).status, 101)
  await first.close()
  await until(() => hub.door.connectionCount === 1, 'the end of the first')
  assert.equal((await askToUpgrade(hub, HUB)).status, 101)
})

test('a negotiated connection counts for its address before anybody has come for it, and once then', async () => {
  const clock = new FakeClock()
  await using hub = await startHub({ clock, clientAddress, maxConnectionsPerAddress: 1 })
  await negotiate(hub)
  await assertFull(hub)
  clock.advance(15_000)

  const path = await negotiate(hub)
  const device = await HubClient.start(`ws://127.0.0.1:${hub.port}${path}`, ALICE)
  clock.advance(15_000)
  await assertFull(hub)
  await device.close()
  await within(hub.everyoneGone(), 'the end of the connection')
  assert.equal((await askToUpgrade(hub, HUB)).status, 101)
})

test('streams and polling clients count as long as they are there', async () => {
  await using hub = await startHub({ clientAddress, maxConnectionsPerAddress: 2 })
  const stream = await EventStream.start(hub)
  const client = await PollingClient.start(hub)
  await assertFull(hub)
  stream.destroy()
  await client.leave()
  await within(hub.everyoneGone(), 'the end of the connections')
  for (let i = 0; i < 2; i++) await negotiate(hub)
  await assertFull(hub)
})

test('who is refused for another reason counts no longer', async () => {
  await using hub = await startHub({ clientAddress, maxConnectionsPerAddress: 1, maxConnections: 1 })
  assert.equal((await askToUpgrade(hub, HUB, { token: 'expired' })).status, 401)
  assert.equal((await ask(hub, 'POST', `${HUB}/negotiate`, { token: '' })).status, 401)
  assert.equal((await askToUpgrade(hub, HUB, { headers: { 'Sec-WebSocket-Key': 'short' } })).status, 400)
  await negotiate(hub)
  // The whole door is full, which is nothing that the other address has done.
  assert.equal((await askToUpgrade(hub, HUB, from('elsewhere'))).status, 503)
  assert.equal((await ask(hub, 'POST', `${HUB}/negotiate`, from('elsewhere'))).status, 503)
})

test('with one connection of a user too many the oldest goes, whatever its transport', async () => {
  await using hub = await startHub({ maxConnectionsPerUser: 2 })
  const stream = await EventStream.start(hub)
  await using client = await PollingClient.start(hub)
  const device = await HubClient.start(hub.url, ALICE)
  assert.match(await stream.next(), /"type":7,"error":"Too many connections of this user\."/)
  const { answer } = await client.hold()
  const next = await HubClient.start(hub.url, ALICE)
  assert.match((await answer).text, /"type":7,"error":"Too many connections of this user\."/)
  hub.notifier.account('SyncSettings', ALICE, new Date(), null)
  assert.equal((await device.nextNotification()).Type, 10)
  assert.equal((await next.nextNotification()).Type, 10)
})
