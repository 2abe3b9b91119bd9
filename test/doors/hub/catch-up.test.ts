import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FakeClock } from '../../helpers/fake-clock.ts'
import { until, within } from '../../helpers/wait.ts'
import { HubClient } from './hub-client.ts'
import { ALICE, BOB, startHub } from './hub-server.ts'
import { confirm, confirmBesidePings, startKeptHub, typesHeard } from './kept-hub.ts'
import { RawDevice } from './raw-device.ts'

const SYNC_VAULT = 5
const SYNC_SETTINGS = 10
const SECOND = 1_000
const MINUTE = 60 * SECOND

/** Long enough for a client to be asked whether it has read what it was told before. */
const HEARING = 6 * SECOND

test('a device that is back after its account changed is told to sync, once, and before anything else', async () => {
  const clock = new FakeClock()
  await using kept = await startKeptHub({ clock })
  await kept.add('laptop')
  const first = await kept.connect('laptop')
  assert.deepEqual(await typesHeard(kept, first), [])
  await first.close()
  clock.advance(3 * MINUTE)
  await kept.change()
  await kept.change()

  const back = await kept.connect('laptop')
  const { ContextId, Type, Payload } = await back.nextNotification()
  assert.deepEqual([ContextId, Type, Payload.UserId], [null, SYNC_VAULT, ALICE])
  assert.deepEqual(await typesHeard(kept, back), [])
})

test('a device that missed nothing is told nothing: neither a new one nor one that was away', async () => {
  const clock = new FakeClock()
  await using kept = await startKeptHub({ clock })
  clock.advance(MINUTE)
  await kept.change()
  clock.advance(MINUTE)
  await kept.add('laptop')
  for (let i = 0; i < 2; i++) {
    const client = await kept.connect('laptop')
    assert.deepEqual(await typesHeard(kept, client), [])
    await client.close()
    clock.advance(3 * MINUTE)
  }
})

test('what a device has heard and confirmed is not told again; what it may not have read is', async () => {
  const clock = new FakeClock()
  await using kept = await startKeptHub({ clock })
  await kept.add('heard')
  await kept.add('unsure')
  const heard = await kept.connect('heard')
  const unsure = await RawDevice.start(kept.hub.port, `${ALICE}/unsure`)
  unsure.stopReading()
  clock.advance(MINUTE / 10)
  await kept.change()
  assert.deepEqual(await typesHeard(kept, heard), [SYNC_SETTINGS])
  clock.advance(HEARING)
  await confirm(heard)
  // It speaks, as apps do every 15 s, but its line lets nothing through the other way.
  unsure.ping()
  unsure.end()
  await heard.close()
  await kept.hub.everyoneGone()
  clock.advance(3 * MINUTE)
  assert.deepEqual(await typesHeard(kept, await kept.connect('heard')), [])
  assert.deepEqual(await typesHeard(kept, await kept.connect('unsure')), [SYNC_VAULT])
})

test('who is told to sync and does not confirm it is told again', async () => {
  const clock = new FakeClock()
  await using kept = await startKeptHub({ clock })
  await kept.add('laptop')
  clock.advance(MINUTE)
  await kept.change()
  clock.advance(MINUTE)
  for (let i = 0; i < 2; i++) {
    const client = await kept.connect('laptop')
    assert.deepEqual(await typesHeard(kept, client), [SYNC_VAULT])
    await confirm(client)
    await client.close()
    clock.advance(3 * MINUTE)
  }
  const client = await kept.connect('laptop')
  assert.deepEqual(await typesHeard(kept, client), [SYNC_VAULT])
  clock.advance(HEARING)
  await confirm(client)
  await client.close()
  assert.deepEqual(await typesHeard(kept, await kept.connect('laptop')), [])
})

test('a change while it is looked up whether something was missed is heard', async () => {
  const clock = new FakeClock()
  await using kept = await startKeptHub({ clock })
  await kept.add('laptop')
  const { promise, resolve } = Promise.withResolvers<void>()
  kept.holdNextLookUp(async () => {
    clock.advance(SECOND)
    await kept.change()
    resolve()
  })
  const client = await kept.connect('laptop')
  await within(promise, 'the change')
  assert.deepEqual(await typesHeard(kept, client), [SYNC_SETTINGS, SYNC_VAULT])
})

test('every minute it is written how far those have heard that were told something, and of nobody else', async () => {
  const clock = new FakeClock()
  await using kept = await startKeptHub({ clock })
  for (const id of ['a', 'b']) await kept.add(id)
  await kept.add('other', { userId: BOB })
  const clients = [await kept.connect('a'), await kept.connect('b')]
  await kept.connect('other', { userId: BOB })
  const minute = async () => {
    for (let i = 0; i < 4; i++) {
      clock.advance(15 * SECOND - 1)
      for (const client of clients) client.send(Buffer.from('029106', 'hex'))
      for (const client of clients) await confirmBesidePings(client)
      clock.advance(1)
    }
    await kept.written()
  }
  await minute()
  assert.deepEqual(kept.writes, [])
  await kept.change()
  await kept.change()
  const toldAtMs = clock.now()
  await minute()
  assert.deepEqual(kept.writes, [['a', 'b']])
  assert.ok((await kept.heardAtMs('a'))! > toldAtMs)
  await minute()
  await minute()
  assert.deepEqual(kept.writes, [['a', 'b']])
})

test('a device that is back while it is written how far it has heard is known nevertheless', async () => {
  const clock = new FakeClock()
  await using kept = await startKeptHub({ clock })
  await kept.add('laptop')
  const client = await kept.connect('laptop')
  clock.advance(MINUTE / 10)
  await kept.change()
  assert.deepEqual(await typesHeard(kept, client), [SYNC_SETTINGS])
  clock.advance(HEARING)
  await confirm(client)
  const release = Promise.withResolvers<void>()
  kept.holdWrites(() => release.promise)
  await client.close()
  await kept.hub.everyoneGone()
  clock.advance(3 * MINUTE)
  assert.deepEqual(await typesHeard(kept, await kept.connect('laptop')), [])
  assert.deepEqual(kept.writes, [])
  release.resolve()
  await kept.written()
  assert.deepEqual(kept.writes, [['laptop']])
})

test('connections that end together are written together, and a device that is back at once is known nevertheless', async () => {
  const clock = new FakeClock()
  await using kept = await startKeptHub({ clock })
  for (const id of ['a', 'b', 'c']) await kept.add(id)
  const clients = [await kept.connect('a'), await kept.connect('b'), await kept.connect('c')]
  clock.advance(MINUTE / 10)
  await kept.change()
  for (const client of clients) assert.deepEqual((await client.nextNotification()).Type, SYNC_SETTINGS)
  clock.advance(HEARING)
  for (const client of clients) await confirm(client)
  for (const client of clients) await client.close()
  await kept.hub.everyoneGone()
  assert.deepEqual(kept.writes, [])
  assert.deepEqual(await typesHeard(kept, await kept.connect('a')), [])
  clock.advance(SECOND)
  await until(() => kept.writes.length > 0, 'the marks')
  assert.deepEqual(kept.writes, [['a', 'b', 'c']])
})

test('when the hub closes it is written how far everybody has heard, before it is closed', async () => {
  const clock = new FakeClock()
  await using kept = await startKeptHub({ clock })
  await kept.add('laptop')
  const client = await kept.connect('laptop')
  clock.advance(MINUTE / 10)
  await kept.change()
  assert.deepEqual(await typesHeard(kept, client), [SYNC_SETTINGS])
  clock.advance(HEARING)
  await confirm(client)
  const confirmedAtMs = clock.now()
  await kept.restart()
  assert.ok((await kept.heardAtMs('laptop'))! >= confirmedAtMs - HEARING)
  assert.deepEqual(await typesHeard(kept, await kept.connect('laptop')), [])
})

test('a database that fails costs log lines, and a device is told to sync where nothing is known', async () => {
  const clock = new FakeClock()
  await using kept = await startKeptHub({ clock })
  await kept.add('laptop')
  const before = await kept.connect('laptop')
  await kept.change()
  assert.equal((await before.nextNotification()).Type, SYNC_SETTINGS)
  kept.fail(new Error('disk full'))
  clock.advance(HEARING)
  await confirm(before)
  await before.close()
  await kept.hub.everyoneGone()
  clock.advance(SECOND)
  const client = await kept.connect('laptop')
  assert.deepEqual(await typesHeard(kept, client), [SYNC_VAULT])
  await until(() => kept.hub.log.some((line) => line.includes('not written how far')), 'the log')
  assert.ok(kept.hub.log.some((line) => line.includes('not known whether a hub client missed something')))
  kept.fail(undefined)
  await kept.change()
  assert.deepEqual(await typesHeard(kept, client), [SYNC_SETTINGS])
})

test('a tab that was lost while another went on hearing is told when it is back, as are all tabs that come back', async () => {
  const clock = new FakeClock()
  await using kept = await startKeptHub({ clock })
  await kept.add('browser', { clientType: 'Web' })
  const [one, other] = [await kept.connect('browser'), await kept.connect('browser')]
  clock.advance(HEARING)
  for (const tab of [one, other]) await confirm(tab)
  await one.close()
  await until(() => kept.hub.door.connectionCount === 1, 'the end of a tab')
  clock.advance(SECOND)
  await kept.change()
  assert.deepEqual(await typesHeard(kept, other), [SYNC_SETTINGS])
  for (let i = 0; i < 10; i++) {
    clock.advance(14 * SECOND)
    await confirmBesidePings(other)
  }
  const back = await kept.connect('browser')
  assert.deepEqual(await typesHeard(kept, back), [SYNC_VAULT])

  // The whole browser sleeps, and its tabs come back one after the other.
  for (const tab of [back, other]) {
    await tab.close()
  }
  await kept.hub.everyoneGone()
  clock.advance(60 * MINUTE)
  await kept.change()
  clock.advance(60 * MINUTE)
  const first = await kept.connect('browser')
  assert.deepEqual(await typesHeard(kept, first), [SYNC_VAULT])
  for (let i = 0; i < 16; i++) {
    clock.advance(14 * SECOND)
    await confirmBesidePings(first)
  }
  assert.deepEqual(await typesHeard(kept, await kept.connect('browser')), [SYNC_VAULT])
})

test('a tab that is back after another that had missed nothing is told what happened in between', async () => {
  const clock = new FakeClock()
  await using kept = await startKeptHub({ clock })
  await kept.add('browser', { clientType: 'Web' })
  for (let i = 0; i < 2; i++) await kept.connect('browser')
  await kept.restart()
  clock.advance(2 * MINUTE)
  const first = await kept.connect('browser')
  assert.deepEqual(await typesHeard(kept, first), [])
  await kept.change()
  assert.deepEqual(await typesHeard(kept, first), [SYNC_SETTINGS])
  for (let i = 0; i < 12; i++) {
    clock.advance(14 * SECOND)
    await confirmBesidePings(first)
  }
  assert.deepEqual(await typesHeard(kept, await kept.connect('browser')), [SYNC_VAULT])
})

test('of a device with several tabs it is written how far that one has heard which is furthest behind', async () => {
  const clock = new FakeClock()
  await using kept = await startKeptHub({ clock })
  await kept.add('browser', { clientType: 'Web' })
  const behind = await RawDevice.start(kept.hub.port, `${ALICE}/browser`)
  const ahead = await kept.connect('browser')
  behind.stopReading()
  await kept.change()
  const toldAtMs = clock.now()
  assert.deepEqual(await typesHeard(kept, ahead), [SYNC_SETTINGS])
  for (let i = 0; i < 8; i++) {
    clock.advance(10 * SECOND)
    await confirmBesidePings(ahead)
    behind.ping()
  }
  behind.end()
  await until(() => kept.hub.door.connectionCount === 1, 'the end of the other tab')
  await ahead.close()
  await kept.restart()
  assert.ok(((await kept.heardAtMs('browser')) ?? 0) < toldAtMs)
})

test('a mark of the future, from before the clock was set back, counts for nothing', async () => {
  const clock = new FakeClock()
  await using kept = await startKeptHub({ clock })
  await kept.add('laptop')
  const future = new Date(clock.now() + 60 * MINUTE)
  await kept.store.heard.mark([{ userId: ALICE, deviceId: 'laptop', heardAt: future }])
  clock.advance(MINUTE)
  await kept.change()
  assert.deepEqual(await typesHeard(kept, await kept.connect('laptop')), [SYNC_VAULT])
})

test('a device that is there since the future, from before the clock was set back, is told to sync', async () => {
  const clock = new FakeClock()
  await using kept = await startKeptHub({ clock })
  clock.advance(60 * MINUTE)
  await kept.add('laptop')
  clock.advance(-30 * MINUTE)
  await kept.change()
  assert.deepEqual(await typesHeard(kept, await kept.connect('laptop')), [SYNC_VAULT])
})

test('what changes after the clock was set back is not taken for older than what was heard before', async () => {
  const clock = new FakeClock()
  await using kept = await startKeptHub({ clock })
  await kept.add('laptop')
  clock.advance(60 * MINUTE)
  await kept.store.heard.mark([{ userId: ALICE, deviceId: 'laptop', heardAt: new Date(clock.now()) }])
  clock.advance(-30 * MINUTE)
  await kept.change()
  clock.advance(60 * MINUTE)
  assert.deepEqual(await typesHeard(kept, await kept.connect('laptop')), [SYNC_VAULT])
})

test('nothing is looked up or kept of sessions that are not in the database', async () => {
  const clock = new FakeClock()
  const neverAsked = () => Promise.reject(new Error('asked'))
  await using hub = await startHub({ clock, heard: { find: neverAsked, findMany: neverAsked, mark: neverAsked } })
  const client = await HubClient.start(hub.url, ALICE)
  clock.advance(HEARING)
  await confirm(client)
  hub.notifier.account('SyncSettings', ALICE, new Date(0), null)
  assert.equal((await client.nextNotification()).Type, SYNC_SETTINGS)
  clock.advance(HEARING)
  await confirm(client)
  await client.close()
  await hub.everyoneGone()
  clock.advance(2 * MINUTE)
  await hub.door.close()
  assert.deepEqual(
    hub.log.filter((line) => line.includes('asked')),
    [],
  )
})
