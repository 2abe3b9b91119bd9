import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { Broker, InProcessClient } from '#core'
import { Notifier, NotificationType as T, VAULT_ACCOUNT } from '#notify'
import type { QueuedPush } from '#store'
import { Inbox } from '../../src/push/inbox.ts'
import { ownTurn } from '../../src/push/own-turn.ts'
import { JournalWriter } from '../../src/push/queue/journal-writer.ts'
import { Recovery } from '../../src/push/recovery.ts'
import { FakeClock } from '../helpers/fake-clock.ts'
import { recordingLogger } from '../helpers/recording-logger.ts'
import { until } from '../helpers/wait.ts'
import { about, settled } from './pushes.ts'

/** In which turn of the event loop we are. */
function countTurns() {
  let turn = 0
  let isOver = false
  const next = () => {
    turn++
    if (!isOver) setImmediate(next)
  }
  setImmediate(next)
  return {
    get now() {
      return turn
    },
    [Symbol.dispose]() {
      isOver = true
    },
  }
}

const ids = (count: number) => Array.from({ length: count }, () => randomUUID())
const logger = recordingLogger(() => {})

test('whoever waits for a turn has it alone, in the order of asking', async () => {
  using turns = countTurns()
  const came: [string, number][] = []
  const work = async (name: string) => {
    await ownTurn()
    came.push([name, turns.now])
    await Promise.resolve()
    await ownTurn()
    came.push([name, turns.now])
  }
  await Promise.all([work('a'), work('b')])
  assert.deepEqual(
    came.map(([name]) => name),
    ['a', 'b', 'a', 'b'],
  )
  assert.equal(new Set(came.map(([, turn]) => turn)).size, 4)
})

test('users who change at once are looked up in a turn each', async () => {
  using turns = countTurns()
  const clock = new FakeClock()
  const account = new Broker(() => 0).account(VAULT_ACCOUNT)
  const client = new InProcessClient(account, (error) => {
    throw error
  })
  const looked: number[] = []
  const handle = async () => void looked.push(turns.now)
  const inbox = new Inbox({ account, instance: 'here', handle, clock, logger })
  const notifier = new Notifier((subject, payload) => client.publish(subject, payload))
  for (const userId of ids(10)) {
    notifier.folder('SyncFolderCreate', { id: randomUUID(), userId, revisionDate: new Date(0) }, null)
  }
  clock.advance(100)
  await inbox.close()
  assert.equal(looked.length, 10)
  assert.equal(new Set(looked).size, 10)
})

test('users who are told after a crash are told in a turn each', async () => {
  using turns = countTurns()
  const told: number[] = []
  const changed = ids(20)
  const recovery = new Recovery({
    instance: 'here',
    journal: {
      instances: async () => ['gone'],
      delete: async () => {},
      takeOver: async () => ({ pushes: [], wholeUntil: new Date(0) }),
    },
    targets: { usersChangedSince: async (_, afterUserId) => (afterUserId === '' ? changed : []) },
    isAlive: async () => false,
    isShared: false,
    onLeft: () => {},
    onChanged: async () => void told.push(turns.now),
    clock: new FakeClock(),
    logger,
  })
  await until(() => told.length === changed.length, 'all to be told')
  await recovery.close()
  assert.equal(new Set(told).size, changed.length)
})

test('what waits is written a little in each turn, and what comes meanwhile a second later', async () => {
  using turns = countTurns()
  const clock = new FakeClock()
  const written: { readonly rows: number; readonly turn: number }[] = []
  const rows = new Map<string, QueuedPush>()
  const writer = new JournalWriter({
    journal: {
      save: async (_, pushes) => {
        for (const push of pushes) rows.set(push.id, push)
        written.push({ rows: pushes.length, turn: turns.now })
        writer.add(late, false)
      },
      delete: async (_, gone) => {
        for (const id of gone) rows.delete(id)
        written.push({ rows: gone.length, turn: turns.now })
      },
      mark: async () => {},
      instances: async () => [],
      takeOver: async () => undefined,
      endOf: async () => {},
    },
    instance: 'here',
    undecidedSinceMs: () => Number.POSITIVE_INFINITY,
    clock,
    logger,
  })
  const late = about(T.SyncCipherUpdate, 'late')
  const pushes = ids(1_000).map((id) => about(T.SyncCipherUpdate, id))
  for (const push of pushes) writer.add(push, false)
  clock.advance(1_000)
  await until(() => rows.size === pushes.length, 'all to be written')
  await settled()
  assert.equal(rows.has(late.id), false)
  clock.advance(1_000)
  await until(() => rows.has(late.id), 'what came later')
  for (const push of pushes) writer.remove(push)
  await writer.close()
  assert.deepEqual([...rows.keys()], [late.id])
  assert.ok(written.every((some) => some.rows <= 50))
  assert.equal(new Set(written.map(({ turn }) => turn)).size, written.length)
})
