import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import type { Send } from '#store'
import { made, sampleSend, sampleUser } from '../samples.ts'
import type { OpenTestStore } from '../suite.ts'

const later = (ms: number) => new Date(made.getTime() + ms)

export function sendTests(openTestStore: OpenTestStore): void {
  test('a Send is kept with all that it says, and changed in all but what it is', async () => {
    await using opened = await openTestStore()
    const { sends, users } = opened.store
    const user = sampleUser()
    await users.insert(user)
    const plain = sampleSend(user.id)
    await sends.insert(plain)
    assert.deepEqual(await sends.find(plain.id), plain)
    const full: Send = {
      ...plain,
      revisionDate: later(1),
      name: '2.other',
      notes: '2.notes ☂',
      data: '{}',
      key: '2.newKey',
      passwordHash: Buffer.from('00ff80', 'hex'),
      passwordSalt: Buffer.alloc(64, 7),
      passwordIterations: 100_000,
      maxAccessCount: 2 ** 31 - 1,
      accessCount: 5,
      expirationDate: later(500),
      deletionDate: later(2000),
      disabled: true,
      hideEmail: true,
    }
    await sends.update(full)
    assert.deepEqual(await sends.find(plain.id), full)
    await sends.update({ ...full, createdAt: later(9), userId: null, type: 1 })
    assert.deepEqual(await sends.find(plain.id), full)
    assert.equal(await sends.find(randomUUID()), undefined)
  })

  test('the Sends of a user are listed and counted, and their files named', async () => {
    await using opened = await openTestStore()
    const { sends, users } = opened.store
    const [ada, bob] = [sampleUser(), sampleUser()]
    for (const user of [ada, bob]) await users.insert(user)
    const text = sampleSend(ada.id)
    const file = sampleSend(ada.id, { type: 1, data: '{"size":5}' })
    for (const send of [text, file, sampleSend(bob.id, { type: 1 })]) await sends.insert(send)
    assert.deepEqual((await sends.ofUser(ada.id)).map(({ id }) => id).sort(), [text.id, file.id].sort())
    assert.deepEqual([await sends.countOf(ada.id), await sends.countOf(bob.id)], [2, 1])
    assert.deepEqual(await sends.fileDataOf(ada.id), ['{"size":5}'])
    assert.deepEqual(await sends.ofUser(randomUUID()), [])
    assert.equal(await sends.countOf(randomUUID()), 0)
  })

  test('Sends past their deletion date are named, the earliest first', async () => {
    await using opened = await openTestStore()
    const { sends, users } = opened.store
    const user = sampleUser()
    await users.insert(user)
    const [first, second, third] = [1, 2, 3].map((ms) => sampleSend(user.id, { deletionDate: later(ms) }))
    for (const send of [third!, first!, second!]) await sends.insert(send)
    const due = async (ms: number, limit: number) => (await sends.dueForDeletion(later(ms), limit)).map(({ id }) => id)
    assert.deepEqual(await due(3, 9), [first!.id, second!.id])
    assert.deepEqual(await due(3, 1), [first!.id])
    assert.deepEqual(await due(1, 9), [])
  })

  test('what is deleted is gone with its mark, and its file is doomed', async () => {
    await using opened = await openTestStore()
    const { sends, users, doomedFiles } = opened.store
    const user = sampleUser()
    await users.insert(user)
    const [gone, whole, kept] = [1, 1, 1].map((type) => sampleSend(user.id, { type }))
    const text = sampleSend(user.id)
    const unborn = randomUUID()
    for (const send of [gone!, whole!, kept!, text]) await sends.insert(send)
    for (const id of [gone!.id, kept!.id, unborn]) await sends.awaitFile(id, made)
    const deleted = [gone!.id, whole!.id, unborn]
    await sends.delete([...deleted, text.id, randomUUID()])
    assert.deepEqual(await sends.ofUser(user.id), [kept])
    assert.deepEqual(await sends.awaitingFile(later(1), 9), [kept!.id])
    const doomed = await doomedFiles.some(9)
    assert.deepEqual(
      doomed.map(({ kind, owner, id }) => [kind, owner, id]).sort(),
      deleted.map((id) => ['send', id, null]).sort(),
    )
  })

  test('one upload of a file may be under way', async () => {
    await using opened = await openTestStore()
    const { sends } = opened.store
    const id = randomUUID()
    assert.equal(await sends.claimFile(id), false)
    await sends.awaitFile(id, made)
    assert.deepEqual([await sends.claimFile(id), await sends.claimFile(id)], [true, false])
    await sends.releaseFile(id)
    assert.equal(await sends.claimFile(id), true)
    assert.equal(await sends.fileArrived(id), true)
    assert.equal(await sends.claimFile(id), false)
  })

  test('the file of a Send arrives once', async () => {
    await using opened = await openTestStore()
    const { sends } = opened.store
    const [early, late] = [randomUUID(), randomUUID()]
    await sends.awaitFile(late, later(5))
    await sends.awaitFile(early, later(1))
    assert.deepEqual(await sends.awaitingFile(later(5), 9), [early])
    assert.equal((await sends.awaitingFile(later(6), 9)).length, 2)
    assert.equal((await sends.awaitingFile(later(6), 1)).length, 1)
    assert.equal(await sends.fileArrived(early), true)
    assert.equal(await sends.fileArrived(early), false)
    assert.deepEqual(await sends.awaitingFile(later(6), 9), [late])
  })
}
