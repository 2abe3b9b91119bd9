import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import type { PushJournal, QueuedPush } from '#store'
import { made } from '../samples.ts'
import type { OpenTestStore } from '../suite.ts'

const at = (ms: number) => new Date(made.getTime() + ms)
const push = (ms = 0, content = `{"at":${ms},"text":"☂ 'and' \\"so\\""}`): QueuedPush => ({
  id: randomUUID(),
  content,
  queuedAt: at(ms),
})

/** Takes over, and says what was there. */
async function left(journal: PushJournal, from: string, to = `after ${from}`) {
  await journal.mark(from, made)
  return (await journal.takeOver(from, to))?.pushes
}

export function pushJournalTests(openTestStore: OpenTestStore): void {
  async function openJournal() {
    const opened = await openTestStore()
    return {
      journal: opened.store.pushJournal,
      [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
    }
  }

  test('what an instance has left is taken over, oldest first, with how far it is whole', async () => {
    await using opened = await openJournal()
    const { journal } = opened
    const [first, second, third] = [push(1), push(2), push(3)]
    await journal.mark('a', at(5))
    await journal.save('a', [third, first])
    await journal.save('a', [second])
    await journal.save('b', [push(0)])
    assert.deepEqual(await journal.takeOver('a', 'c'), { pushes: [first, second, third], wholeUntil: at(5) })
    assert.deepEqual(await left(journal, 'a'), [])
    // It is c's now, and b's is b's.
    assert.deepEqual(await left(journal, 'c'), [first, second, third])
    assert.equal((await left(journal, 'b'))?.length, 1)
  })

  test('pushes of one date keep the order in which they were saved, also when they change hands', async () => {
    await using opened = await openJournal()
    const { journal } = opened
    const pushes = Array.from({ length: 300 }, () => push(0))
    await journal.save('a', pushes.slice(0, 250))
    await journal.save('a', pushes.slice(250))
    // Written anew it stays where it was.
    await journal.save('a', [pushes[100]!])
    assert.deepEqual(await left(journal, 'a', 'b'), pushes)
    assert.deepEqual(await left(journal, 'b', 'c'), pushes)
  })

  test('a push that is saved anew takes the place of the earlier form, and only for that instance', async () => {
    await using opened = await openJournal()
    const { journal } = opened
    const before = push(1)
    const after = { ...before, content: 'changed', queuedAt: at(2) }
    await journal.save('a', [before])
    await journal.save('b', [before])
    await journal.save('a', [before, after])
    assert.deepEqual(await left(journal, 'a'), [after])
    assert.deepEqual(await left(journal, 'b'), [before])
  })

  test('what is deleted is gone, and what is not there or another’s is passed over', async () => {
    await using opened = await openJournal()
    const { journal } = opened
    const pushes = Array.from({ length: 1_203 }, (_, i) => push(i))
    const [kept, ...others] = pushes as [QueuedPush, ...QueuedPush[]]
    await journal.save('a', pushes)
    await journal.delete('b', [kept.id])
    await journal.delete(
      'a',
      others.map(({ id }) => id),
    )
    await journal.delete('a', [randomUUID()])
    await journal.delete('a', [])
    await journal.save('a', [])
    assert.deepEqual(await left(journal, 'a'), [kept])
  })

  test('instances that have a mark are listed, and the last mark is the one that counts', async () => {
    await using opened = await openJournal()
    const { journal } = opened
    assert.deepEqual(await journal.instances(), [])
    await journal.mark('a', at(1))
    await journal.mark('b', at(1))
    await journal.mark('a', at(7))
    await journal.mark('a', at(3))
    assert.deepEqual((await journal.instances()).sort(), ['a', 'b'])
    assert.deepEqual(await journal.takeOver('a', 'b'), { pushes: [], wholeUntil: at(3) })
    assert.deepEqual(await journal.instances(), ['b'])
  })

  test('of many who take over the same instance one does', async () => {
    await using opened = await openJournal()
    const { journal } = opened
    await journal.mark('a', at(1))
    await journal.save('a', [push(), push()])
    const takers = Array.from({ length: 6 }, (_, i) => `taker ${i}`)
    const taken = await Promise.all(takers.map((taker) => journal.takeOver('a', taker)))
    assert.deepEqual(
      taken.filter((one) => one !== undefined).map(({ pushes }) => pushes.length),
      [2],
    )
    const kept = await left(journal, takers[taken.findIndex((one) => one !== undefined)]!)
    assert.equal(kept?.length, 2)
  })

  test('an instance without a mark is taken over by nobody', async () => {
    await using opened = await openJournal()
    const { journal } = opened
    await journal.save('a', [push()])
    assert.equal(await journal.takeOver('a', 'b'), undefined)
    assert.deepEqual(await left(journal, 'b'), [])
    assert.equal((await left(journal, 'a'))?.length, 1)
  })

  test('an instance that goes by the same name as before finds what it had left', async () => {
    await using opened = await openJournal()
    const { journal } = opened
    const one = push()
    await journal.mark('a', at(1))
    await journal.save('a', [one])
    assert.deepEqual(await journal.takeOver('a', 'a'), { pushes: [one], wholeUntil: at(1) })
    assert.deepEqual(await journal.instances(), [])
    assert.deepEqual(await left(journal, 'a'), [one])
  })

  test('an instance that was taken over and is there after all goes on, and loses nothing', async () => {
    await using opened = await openJournal()
    const { journal } = opened
    const before = push(1)
    await journal.mark('a', at(1))
    await journal.save('a', [before])
    await journal.takeOver('a', 'b')
    const [after, fresh] = [{ ...before, content: 'changed' }, push(2)]
    await journal.mark('a', at(3))
    await journal.save('a', [after, fresh])
    assert.deepEqual(await journal.takeOver('a', 'b'), { pushes: [after, fresh], wholeUntil: at(3) })
    assert.deepEqual(await left(journal, 'b'), [after, fresh])
  })

  test('an instance that ends is listed only if it has left something', async () => {
    await using opened = await openJournal()
    const { journal } = opened
    const one = push()
    await journal.mark('a', at(1))
    await journal.mark('b', at(1))
    await journal.save('a', [one])
    await journal.endOf('b')
    await journal.endOf('a')
    assert.deepEqual(await journal.instances(), ['a'])
    await journal.delete('a', [one.id])
    await journal.endOf('a')
    assert.deepEqual(await journal.instances(), [])
  })
}
