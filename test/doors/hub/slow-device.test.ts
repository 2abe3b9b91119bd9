import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turnOver } from 'node:timers/promises'
import { type HubMessage, HubMessageType } from '#wire/signalr'
import { FakeClock } from '../../helpers/fake-clock.ts'
import { within } from '../../helpers/wait.ts'
import { HubClient } from './hub-client.ts'
import { ALICE, publishLarge, startHub } from './hub-server.ts'
import { RawDevice } from './raw-device.ts'

const AT = new Date('2024-01-02T03:04:05.678Z')
const LIMIT_BYTES = 256 * 1024
/** More than any socket takes at once: 16 MB. */
const EVENTS = 400

/** Undefined for a message of another kind. */
const notificationIn = (message: HubMessage | undefined) =>
  message?.type === HubMessageType.Invocation
    ? (message.arguments[0] as { Type: number; Payload: { UserId: string; Date: Date } })
    : undefined
const typeOf = (message: HubMessage) => notificationIn(message)?.Type
const isSyncVault = (message: HubMessage) => typeOf(message) === 5

test('a device that stops reading misses events but is told to sync, and delays nobody', async () => {
  await using hub = await startHub({ maxPendingBytes: LIMIT_BYTES })
  const slow = await RawDevice.start(hub.port, ALICE)
  const quick = await HubClient.start(hub.url, ALICE)
  slow.stopReading()
  await publishLarge(hub, EVENTS)
  for (let i = 0; i < EVENTS; i++) assert.equal((await quick.nextNotification()).Type, 0)

  slow.readAgain()
  await slow.until(isSyncVault, 'the SyncVault')
  const events = slow.messages.map(typeOf)
  assert.equal(events.filter((type) => type === 5).length, 1, 'one SyncVault stands for all that was missed')
  assert.ok(events.length < EVENTS, 'some events were left out')
  const { Payload } = notificationIn(slow.messages.find(isSyncVault))!
  assert.equal(Payload.UserId, ALICE)
  assert.ok(Math.abs(Payload.Date.getTime() - Date.now()) < 5_000)

  // And it is an ordinary connection again.
  hub.notifier.account('SyncSettings', ALICE, AT, null)
  await slow.until((message) => typeOf(message) === 10, 'the next event')
  slow.destroy()
})

test('a device that stops reading is still told to log out, and then closed', async () => {
  await using hub = await startHub({ maxPendingBytes: LIMIT_BYTES })
  const slow = await RawDevice.start(hub.port, ALICE)
  slow.stopReading()
  await publishLarge(hub, EVENTS)
  hub.notifier.account('LogOut', ALICE, AT, null)
  hub.notifier.account('SyncVault', ALICE, AT, null)
  slow.readAgain()
  await within(slow.closed, 'the close')
  assert.deepEqual(
    slow.messages.slice(-2).map((message) => typeOf(message) ?? message.type),
    [11, HubMessageType.Close],
  )
  assert.ok(!slow.messages.some(isSyncVault))
})

test('a device that reads a little now and then is kept for as long as it takes, and told to sync at the end', async () => {
  const clock = new FakeClock()
  await using hub = await startHub({ clock, maxPendingBytes: LIMIT_BYTES, writeDeadlineMs: 100_000 })
  const slow = await RawDevice.start(hub.port, ALICE)
  slow.stopReading()
  const syncs = () => slow.messages.filter(isSyncVault).length
  let seconds = 0
  let rounds = 0
  // In ten steps it reads as much as makes the operating system take more, whatever the sizes of its buffers.
  while (seconds < 250) {
    await publishLarge(hub, EVENTS)
    rounds++
    for (; seconds < 10_000 && syncs() < rounds; seconds += 10) {
      await slow.readSome(256 * 1024)
      slow.ping()
      await turnOver()
      clock.advance(10_000)
    }
  }
  const { connectionCount } = hub.door
  slow.destroy()
  assert.equal(syncs(), rounds)
  assert.equal(connectionCount, 1)
})

test('a device that reads nothing within the write deadline is cut off', async () => {
  await using hub = await startHub({ maxPendingBytes: LIMIT_BYTES, writeDeadlineMs: 200 })
  const dead = await RawDevice.start(hub.port, ALICE)
  dead.stopReading()
  await publishLarge(hub, EVENTS)
  await within(hub.everyoneGone(), 'the end of the connection')
  assert.ok(hub.log.some((line) => line.includes('stalled')))
  dead.destroy()
})
