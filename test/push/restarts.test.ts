import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startPushWorld } from './push-world.ts'
import { nameOf, OTHER, USER } from './pushes.ts'

const SENT = { kind: 'sent' } as const
const BUSY = { kind: 'busy', why: 'connection refused' } as const

type World = Awaited<ReturnType<typeof startPushWorld>>

const folder = (id: string, world: World) => ({ id, userId: USER, revisionDate: new Date(world.clock.now()) })

async function closeOf(world: World, { room }: { room: { close(): Promise<void> } }): Promise<void> {
  const closed = room.close()
  await world.settle()
  world.clock.advance(1_000)
  await closed
}

/** What the journal holds, whosever it is. */
async function left(world: World): Promise<string[]> {
  const names: string[] = []
  for (const instance of await world.store.pushJournal.instances()) {
    const taken = await world.store.pushJournal.takeOver(instance, instance)
    for (const { content } of taken!.pushes) names.push(nameOf({ ...JSON.parse(content), id: '' }))
    await world.store.pushJournal.mark(instance, taken!.wholeUntil)
  }
  return names
}

test('what was not told before a restart is told after it, in its order', async () => {
  await using world = await startPushWorld()
  await world.phone('android')
  await world.browser('chrome')
  const before = await world.open('before')
  // An orderly end leaves nothing to be found out, also of what changed a moment ago.
  world.clock.advance(1)
  before.notifier.folder('SyncFolderCreate', folder('f1', world), null)
  before.notifier.folder('SyncFolderCreate', folder('f2', world), null)
  await world.gather()
  await before.phones.answer(BUSY)
  await before.browsers.answer(SENT)
  await closeOf(world, before)
  assert.deepEqual((await left(world)).sort(), ['SyncFolderCreate f1', 'SyncFolderCreate f2', 'SyncFolderCreate f2'])

  const after = await world.open('after')
  await world.gather()
  assert.deepEqual(after.phones.names, ['SyncFolderCreate f1'])
  await after.phones.answer(SENT)
  assert.deepEqual(after.phones.names, ['SyncFolderCreate f2'])
  await after.phones.answer(SENT)
  assert.deepEqual(after.browsers.names, ['SyncFolderCreate f2'])
  await after.browsers.answer(SENT)
  world.clock.advance(2_000)
  await world.gather()
  assert.deepEqual(await left(world), [])
})

test('what is told at once is never written', async () => {
  await using world = await startPushWorld()
  await world.phone('android')
  const saved: number[] = []
  const { pushJournal } = world.store
  const journal = new Proxy(pushJournal, {
    get(target, name: keyof typeof pushJournal) {
      if (name !== 'save') return target[name].bind(target)
      return (...[instance, pushes]: Parameters<typeof pushJournal.save>) => {
        saved.push(pushes.length)
        return target.save(instance, pushes)
      }
    },
  })
  const { notifier, phones } = await world.open('one', { journal })
  notifier.folder('SyncFolderCreate', folder('f1', world), null)
  await world.gather()
  await phones.answer(SENT)
  world.clock.advance(5_000)
  await world.gather()
  assert.deepEqual(saved, [])
})

test('what waits for longer than a second is written down, and outlives a kill', async () => {
  await using world = await startPushWorld()
  await world.phone('android')
  const killed = await world.open('killed')
  killed.notifier.folder('SyncFolderCreate', folder('f1', world), null)
  await world.gather()
  await killed.phones.answer(BUSY)
  world.clock.advance(1_000)
  await world.gather()
  // Killed: nobody closes it. Its successor finds what it has written.
  const after = await world.open('after')
  await world.gather()
  assert.deepEqual(after.phones.names, ['SyncFolderCreate f1'])
})

test('after a kill whose account changed since all was known to be told is told to sync', async () => {
  await using world = await startPushWorld()
  await world.phone('android')
  await world.browser('chrome', OTHER)
  await world.open('killed')
  world.clock.advance(60_000)
  await world.gather()
  world.clock.advance(30_000)
  const user = (await world.store.users.find(USER))!
  await world.store.users.update({ ...user, updatedAt: new Date(world.clock.now()) })
  // It was killed before it could tell, or had told and not written.
  const after = await world.open('after')
  await world.gather()
  assert.deepEqual([after.phones.names, after.browsers.names], [['SyncVault'], []])
})

test('so is who changed shortly before: a change is told later than it is dated', async () => {
  await using world = await startPushWorld()
  await world.phone('android')
  await world.open('killed')
  world.clock.advance(50_000)
  const user = (await world.store.users.find(USER))!
  await world.store.users.update({ ...user, updatedAt: new Date(world.clock.now()) })
  world.clock.advance(10_000)
  await world.gather()
  const after = await world.open('after')
  await world.gather()
  assert.deepEqual(after.phones.names, ['SyncVault'])
})

test('what is written down and not understood is told once, and is gone', async () => {
  await using world = await startPushWorld()
  const { pushJournal } = world.store
  await pushJournal.mark('killed', new Date(world.clock.now()))
  await pushJournal.save('killed', [
    { id: 'p', content: '{"to":{"kind":"pigeon"}}', queuedAt: new Date(world.clock.now()) },
  ])
  await world.open('after')
  await world.gather()
  assert.equal(world.log.filter(({ event }) => /not understood/.test(event)).length, 1)
  assert.deepEqual((await pushJournal.takeOver('after', 'after'))!.pushes, [])
})

test('after an orderly end nobody is told anything', async () => {
  await using world = await startPushWorld()
  await world.phone('android')
  const before = await world.open('before')
  world.clock.advance(30_000)
  const user = (await world.store.users.find(USER))!
  await world.store.users.update({ ...user, updatedAt: new Date(world.clock.now()) })
  before.notifier.account('SyncVault', USER, new Date(world.clock.now()), null)
  await world.gather()
  await before.phones.answer(SENT)
  await closeOf(world, before)
  assert.deepEqual(await world.store.pushJournal.instances(), [])
  const after = await world.open('after')
  await world.gather()
  assert.deepEqual(after.phones.names, [])
})

test('what was heard just before an orderly end is told', async () => {
  await using world = await startPushWorld()
  await world.phone('android')
  const before = await world.open('before')
  before.notifier.folder('SyncFolderCreate', folder('f1', world), null)
  await closeOf(world, before)
  const after = await world.open('after')
  await world.gather()
  assert.deepEqual(after.phones.names, ['SyncFolderCreate f1'])
})

test('an instance that is there keeps what is its own; one that goes is followed by another', async () => {
  await using world = await startPushWorld()
  await world.phone('android')
  const alive = new Set(['one', 'two'])
  const shared = { isShared: true, isAlive: async (instance: string) => alive.has(instance) }
  const one = await world.open('one', shared)
  const two = await world.open('two', shared)
  one.notifier.folder('SyncFolderCreate', folder('f1', world), null)
  await world.gather()
  await one.phones.answer({ ...BUSY, afterMs: 3_600_000 })
  world.clock.advance(20_000)
  await world.gather()
  assert.deepEqual(two.phones.names, [])
  alive.delete('one')
  world.clock.advance(15_000)
  await world.gather()
  assert.deepEqual(two.phones.names, ['SyncFolderCreate f1'])
})
