import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Turns } from '../../src/store/turns.ts'
import { openTestStore } from './open-test-store.ts'
import { sampleUser } from './samples.ts'

test('turns come in the order of asking, one at a time', async () => {
  const turns = new Turns()
  const log: string[] = []
  const take = async (name: string) => {
    await turns.begin()
    log.push(`${name} begins`)
    await Promise.resolve()
    log.push(`${name} ends`)
    turns.end()
  }
  await Promise.all(['a', 'b', 'c'].map(take))
  // Once nobody waits any more, and again.
  await Promise.all(['d', 'e'].map(take))
  assert.deepEqual(
    log,
    ['a', 'b', 'c', 'd', 'e'].flatMap((name) => [`${name} begins`, `${name} ends`]),
  )
})

test('thousands wait in line, and go on coming while it moves', async () => {
  const turns = new Turns()
  const order: number[] = []
  const take = async (i: number): Promise<void> => {
    await turns.begin()
    order.push(i)
    const successor = i < 4_000 ? take(i + 3_000) : undefined
    turns.end()
    await successor
  }
  await Promise.all(Array.from({ length: 3_000 }, (_, i) => take(i)))
  assert.deepEqual(
    order,
    Array.from({ length: 7_000 }, (_, i) => i),
  )
})

test('who asks while a turn passes on comes after those who have waited', async () => {
  const turns = new Turns()
  const log: string[] = []
  await turns.begin()
  const waited = turns.begin().then(() => log.push('waited'))
  turns.end()
  const late = turns.begin().then(() => log.push('late'))
  await waited
  assert.deepEqual(log, ['waited'])
  turns.end()
  await late
})

test('a statement that fails, and a transaction that does, pass the turn on', async () => {
  await using opened = await openTestStore()
  const { store } = opened
  const user = sampleUser()
  await store.users.insert(user)
  const answers = await Promise.allSettled([
    store.users.insert(user),
    store.transaction(() => Promise.reject(new Error('trouble'))),
    store.users.find(user.id),
  ])
  assert.deepEqual(
    answers.map(({ status }) => status),
    ['rejected', 'rejected', 'fulfilled'],
  )
})
