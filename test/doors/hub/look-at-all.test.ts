/** What other machines told and did not come here. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { FakeClock } from '../../helpers/fake-clock.ts'
import { within } from '../../helpers/wait.ts'
import { HubClient } from './hub-client.ts'
import { ALICE, BOB } from './hub-server.ts'
import { confirm, confirmBesidePings, STRANGER, startKeptHub, typesHeard } from './kept-hub.ts'

const SYNC_VAULT = 5
const SYNC_SETTINGS = 10
const LOG_OUT = 11
const SECOND = 1_000
/** Less than a client may be silent. */
const A_WHILE = 10 * SECOND

test('devices whose account has changed since are told to sync, once for each change; others are told nothing', async () => {
  const clock = new FakeClock()
  await using kept = await startKeptHub({ clock })
  await kept.add('laptop')
  await kept.add('phone', { userId: BOB })
  const laptop = await kept.connect('laptop')
  const phone = await kept.connect('phone', { userId: BOB })
  clock.advance(A_WHILE)
  const sinceMs = clock.now()
  await kept.change({ isTold: false })
  clock.advance(SECOND)
  await kept.hub.door.lookAtAll(sinceMs)
  await kept.hub.door.lookAtAll(sinceMs)
  assert.deepEqual(await typesHeard(kept, laptop), [SYNC_VAULT])
  assert.deepEqual(await typesHeard(kept, phone, BOB), [])
  await kept.change({ isTold: false })
  await kept.hub.door.lookAtAll(sinceMs)
  assert.deepEqual(await typesHeard(kept, laptop), [SYNC_VAULT])
})

test('who was told to sync and may not have been able to is told again when that is asked for', async () => {
  const clock = new FakeClock()
  await using kept = await startKeptHub({ clock })
  await kept.add('laptop')
  await kept.add('phone', { userId: BOB })
  const laptop = await kept.connect('laptop')
  const phone = await kept.connect('phone', { userId: BOB })
  clock.advance(A_WHILE)
  const sinceMs = clock.now()
  await kept.change({ isTold: false })
  clock.advance(SECOND)
  await kept.hub.door.lookAtAll(sinceMs)
  await kept.hub.door.lookAtAll(sinceMs, true)
  await kept.hub.door.lookAtAll(sinceMs)
  assert.deepEqual(await typesHeard(kept, laptop), [SYNC_VAULT, SYNC_VAULT])
  assert.deepEqual(await typesHeard(kept, phone, BOB), [])
})

test('what was told before the time in question is not told again', async () => {
  const clock = new FakeClock()
  await using kept = await startKeptHub({ clock })
  await kept.add('laptop')
  const laptop = await kept.connect('laptop')
  clock.advance(A_WHILE)
  await kept.change()
  clock.advance(A_WHILE)
  await kept.hub.door.lookAtAll(clock.now() - SECOND)
  assert.deepEqual(await typesHeard(kept, laptop), [10])
})

test('a device whose session ended elsewhere is told to log out, and its connection ends', async () => {
  const clock = new FakeClock()
  await using kept = await startKeptHub({ clock })
  for (const id of ['laptop', 'phone', 'tablet']) await kept.add(id)
  const [laptop, phone] = [await kept.connect('laptop'), await kept.connect('phone')]
  await kept.store.devices.delete('laptop', ALICE)
  await kept.hub.door.lookAtAll(clock.now())
  assert.equal((await laptop.nextNotification()).Type, LOG_OUT)
  await within(laptop.closed, 'the end of the connection')
  assert.deepEqual(await typesHeard(kept, phone), [])

  await kept.store.users.update({ ...(await kept.store.users.find(ALICE))!, securityStamp: randomUUID() })
  await kept.hub.door.lookAtAll(clock.now())
  assert.equal((await phone.nextNotification()).Type, LOG_OUT)
  await within(phone.closed, 'the end of the connection')
})

test('users of other servers are not looked for in our database', async () => {
  const clock = new FakeClock()
  await using kept = await startKeptHub({ clock })
  const device = await HubClient.start(kept.hub.url, `${STRANGER}/phone`)
  await kept.hub.door.lookAtAll(0)
  assert.deepEqual(await typesHeard(kept, device, STRANGER), [])
})

test('a database that cannot be asked is the caller’s to know of, and costs no connection', async () => {
  const clock = new FakeClock()
  await using kept = await startKeptHub({ clock })
  await kept.add('laptop')
  const laptop = await kept.connect('laptop')
  kept.fail(new Error('no database'))
  await assert.rejects(kept.hub.door.lookAtAll(0), /no database/)
  assert.deepEqual(await typesHeard(kept, laptop), [])
})

test('a tab is told to sync when it is back where another one, on another machine, may have heard more', async () => {
  const clock = new FakeClock()
  await using kept = await startKeptHub({ clock, heardAllUntilMs: () => Number.POSITIVE_INFINITY })
  for (const [id, clientType] of [
    ['browser', 'Web'],
    ['laptop', 'Desktop'],
  ] as const) {
    await kept.add(id, { clientType })
  }
  const [tab, laptop] = [await kept.connect('browser'), await kept.connect('laptop')]
  await kept.change()
  for (const client of [tab, laptop]) assert.deepEqual(await typesHeard(kept, client), [SYNC_SETTINGS])
  // Longer than it is remembered here that one was lost, which nobody knows here if that was elsewhere.
  for (let passed = 0; passed < 10 * 60 * SECOND; passed += A_WHILE) {
    clock.advance(A_WHILE)
    for (const client of [tab, laptop]) await confirmBesidePings(client)
  }
  for (const client of [tab, laptop]) await client.close()
  await kept.restart()
  assert.deepEqual(await typesHeard(kept, await kept.connect('browser')), [SYNC_VAULT])
  assert.deepEqual(await typesHeard(kept, await kept.connect('laptop')), [])
})

test('as long as others may not be heard, it is not written that a device has heard what they say', async () => {
  const clock = new FakeClock()
  let heardAllUntilMs = Number.POSITIVE_INFINITY
  await using kept = await startKeptHub({ clock, heardAllUntilMs: () => heardAllUntilMs })
  await kept.add('laptop')
  const laptop = await kept.connect('laptop')
  clock.advance(A_WHILE)
  await confirm(laptop)
  heardAllUntilMs = clock.now()
  clock.advance(A_WHILE)
  await kept.change({ isTold: false })
  clock.advance(A_WHILE)
  await confirm(laptop)
  await laptop.close()
  await kept.restart()
  const back = await kept.connect('laptop')
  assert.equal((await back.nextNotification()).Type, SYNC_VAULT)
})
