/** How the hubs say farewell: one connection after the other, and who comes meanwhile is sent elsewhere. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HubMessageType } from '#wire/signalr'
import { FakeClock } from '../../helpers/fake-clock.ts'
import { until, within } from '../../helpers/wait.ts'
import { HubClient } from './hub-client.ts'
import { ALICE, type HubServer, startHub } from './hub-server.ts'
import { RawDevice } from './raw-device.ts'

const AT = new Date('2024-01-02T03:04:05.678Z')
const REQUEST = '55555555-5555-4555-8555-555555555555'
const FAREWELL_MS = 2_500

const FAREWELL = { type: HubMessageType.Close, error: null, allowReconnect: true }

const httpUrl = ({ url }: HubServer) => url.replace('ws:', 'http:')

test('connections end evenly over the window, and hear what happens until then', async () => {
  const clock = new FakeClock()
  await using hub = await startHub({ clock })
  const devices: HubClient[] = []
  for (let i = 0; i < 5; i++) devices.push(await HubClient.start(hub.url, ALICE))
  const drained = hub.door.drain(10_000)
  for (const [i, device] of devices.entries()) {
    if (i > 0) {
      clock.advance(1_960)
      hub.notifier.account('SyncSettings', ALICE, AT, null)
      for (const other of devices.slice(i)) assert.equal((await other.nextNotification()).Type, 10)
      clock.advance(40)
    }
    assert.deepEqual(await device.next(), FAREWELL)
    await within(device.closed, 'the close')
    await until(() => hub.door.connectionCount === devices.length - i - 1, 'the end of the connection')
  }
  await within(drained, 'the end of the drain')
  assert.equal(clock.pending, 0)
})

test('strangers are sent away like users', async () => {
  const clock = new FakeClock()
  await using hub = await startHub({ clock })
  const stranger = await HubClient.start(hub.url.replace('/hub', `/anonymous-hub?Token=${REQUEST}`), '')
  await within(hub.door.drain(0), 'the end of the drain')
  assert.deepEqual(await stranger.next(), FAREWELL)
  assert.equal(clock.pending, 0)
})

test('where nobody is, nobody waits', async () => {
  const clock = new FakeClock()
  await using hub = await startHub({ clock })
  await within(hub.door.drain(60_000), 'the end of the drain')
  assert.equal(clock.pending, 0)
})

test('whoever comes during the drain is refused with 503: connections and negotiations of both hubs', async () => {
  const clock = new FakeClock()
  await using hub = await startHub({ clock })
  await HubClient.start(hub.url, ALICE)
  const last = await HubClient.start(hub.url, ALICE)
  const drained = hub.door.drain(1_000)
  for (const url of [httpUrl(hub), `${httpUrl(hub).replace('/hub', '/anonymous-hub')}`]) {
    const query = `?negotiateVersion=1&access_token=${ALICE}&Token=${REQUEST}`
    assert.equal((await fetch(`${url}/negotiate${query}`, { method: 'POST' })).status, 503)
    await assert.rejects(HubClient.connect(url.replace('http:', 'ws:') + query, ALICE))
  }
  clock.advance(1_000)
  assert.deepEqual(await last.next(), FAREWELL)
  await within(drained, 'the end of the drain')
})

test('a negotiated connection whose client has not come yet is not waited for', async () => {
  const clock = new FakeClock()
  await using hub = await startHub({ clock })
  const response = await fetch(`${httpUrl(hub)}/negotiate?negotiateVersion=1&access_token=${ALICE}`, { method: 'POST' })
  const { connectionToken } = (await response.json()) as { connectionToken: string }
  await within(hub.door.drain(60_000), 'the end of the drain')
  await assert.rejects(HubClient.connect(`${hub.url}?id=${connectionToken}`, ALICE))
})

test('a second drain with a shorter window hastens the first, and both end', async () => {
  const clock = new FakeClock()
  await using hub = await startHub({ clock })
  const devices = [await HubClient.start(hub.url, ALICE), await HubClient.start(hub.url, ALICE)]
  devices.push(await HubClient.start(hub.url, ALICE))
  const slowly = hub.door.drain(600_000)
  assert.deepEqual(await devices[0]!.next(), FAREWELL)
  const quickly = hub.door.drain(1_000)
  assert.deepEqual(await devices[1]!.next(), FAREWELL)
  assert.equal(devices[2]!.frames.size, 0)
  clock.advance(1_000)
  assert.deepEqual(await devices[2]!.next(), FAREWELL)
  await within(Promise.all([slowly, quickly]), 'the end of both')
  assert.equal(clock.pending, 0)
})

test('a device that does not answer the farewell is cut', async () => {
  const clock = new FakeClock()
  await using hub = await startHub({ clock })
  const deaf = await RawDevice.start(hub.port, ALICE)
  deaf.stopReading()
  const drained = hub.door.drain(1_000)
  clock.advance(1_000 + FAREWELL_MS - 1)
  assert.equal(hub.door.connectionCount, 1)
  clock.advance(1)
  await within(drained, 'the end of the drain')
  assert.equal(clock.pending, 0)
  deaf.destroy()
})
