import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import type { AnnouncedAttachment, Attachment, Store } from '#store'
import { made, sampleCipher, sampleUser } from '../samples.ts'
import type { OpenTestStore } from '../suite.ts'

const newId = () => randomBytes(10).toString('hex')

const sample = (cipherId: string, changes: Partial<Attachment> = {}): Attachment => ({
  id: newId(),
  cipherId,
  fileName: '2.name',
  size: 5,
  key: '2.key',
  ...changes,
})

const announcement = (cipherId: string, userId: string, changes: Partial<AnnouncedAttachment> = {}) => ({
  ...sample(cipherId),
  userId,
  announcedAt: made,
  revisionDate: new Date(made.getTime() + 7),
  ...changes,
})

async function insertItems(store: Store, count: number) {
  const user = sampleUser()
  await store.users.insert(user)
  const items = Array.from({ length: count }, () => sampleCipher(user.id))
  for (const item of items) await store.ciphers.insert(item)
  return { userId: user.id, ids: items.map(({ id }) => id) as [string, string] }
}

const doomed = async ({ doomedFiles }: Store) => new Set((await doomedFiles.some(1000)).map(({ id }) => id))

export function attachmentTests(openTestStore: OpenTestStore): void {
  test('attachments come with their items, in the same order each time, and are changed and deleted', async () => {
    await using opened = await openTestStore()
    const { store } = opened
    const { userId, ids } = await insertItems(store, 2)
    const attachments = [3_000_000_000, 1, 2].map((size) => sample(ids[0], { size, key: size === 1 ? null : '2.k' }))
    for (const attachment of attachments) await store.attachments.insert(attachment)
    const sorted = attachments.toSorted((one, other) => (one.id < other.id ? -1 : 1))
    const byItem = new Map([
      [ids[0], sorted],
      [ids[1], []],
    ])
    assert.deepEqual((await store.ciphers.findOwn(userId, ids[0]))?.attachments, sorted)
    for (const ciphers of [await store.ciphers.ownOf(userId), await store.ciphers.findManyOwn(userId, ids)]) {
      assert.deepEqual(new Map(ciphers.map(({ id, attachments }) => [id, attachments])), byItem)
    }
    const [first, ...others] = sorted
    const changed = { ...first!, fileName: '2.other', size: 9, key: '2.otherkey' }
    await store.attachments.update(changed)
    assert.deepEqual(await store.attachments.find(changed.id), changed)
    assert.equal(await store.attachments.find(newId()), undefined)
    await store.attachments.delete([changed.id, newId()])
    assert.deepEqual((await store.ciphers.findOwn(userId, ids[0]))?.attachments, others)
    assert.deepEqual(await doomed(store), new Set([changed.id]))
  })

  test('the files of items that are deleted are doomed, until they are gone', async () => {
    await using opened = await openTestStore()
    const { store } = opened
    const { userId, ids } = await insertItems(store, 3)
    const attachments = ids.flatMap((id) => [sample(id), sample(id)])
    for (const attachment of attachments) await store.attachments.insert(attachment)
    await store.ciphers.delete(ids.slice(0, 2))
    const files = await store.doomedFiles.some(10)
    const expected = attachments
      .slice(0, 4)
      .map(({ id, cipherId }) => ({ kind: 'attachment' as const, owner: cipherId, id }))
    const byId = (one: { id: string | null }, other: { id: string | null }) => (one.id! < other.id! ? -1 : 1)
    assert.deepEqual(files.toSorted(byId), expected.toSorted(byId))
    assert.deepEqual(await store.doomedFiles.some(3), files.slice(0, 3))
    assert.deepEqual(await store.doomedFiles.some(10, files[1]), files.slice(2))
    await store.doomedFiles.forget(files.slice(1))
    assert.deepEqual(await store.doomedFiles.some(10), files.slice(0, 1))
    assert.equal((await store.ciphers.ownOf(userId)).length, 1)
  })

  test('what is doomed in a transaction that fails is not', async () => {
    await using opened = await openTestStore()
    const { store } = opened
    const { ids } = await insertItems(store, 1)
    await store.attachments.insert(sample(ids[0]))
    const failing = store.transaction(async (inside) => {
      await inside.ciphers.delete(ids)
      throw new Error('no')
    })
    await assert.rejects(failing, /no/)
    assert.deepEqual(await doomed(store), new Set())
  })

  test('an announcement is found, claimed once and taken once', async () => {
    await using opened = await openTestStore()
    const { store } = opened
    const { userId, ids } = await insertItems(store, 1)
    const announced = announcement(ids[0], userId)
    await store.attachments.announce(announced)
    assert.deepEqual(await store.attachments.findAnnounced(announced.id), announced)
    assert.deepEqual((await store.ciphers.findOwn(userId, ids[0]))?.attachments, [])
    assert.equal(await store.attachments.countAnnounced(userId), 1)
    assert.deepEqual(await Promise.all([1, 2].map(() => store.attachments.claimAnnounced(announced.id))), [true, false])
    assert.equal(await store.attachments.takeAnnounced(announced.id), true)
    assert.equal(await store.attachments.takeAnnounced(announced.id), false)
    assert.equal(await store.attachments.claimAnnounced(announced.id), false)
    assert.equal(await store.attachments.findAnnounced(announced.id), undefined)
  })

  test('sizes and numbers count what is announced, on items that are there', async () => {
    await using opened = await openTestStore()
    const { store } = opened
    const { userId, ids } = await insertItems(store, 2)
    const other = await insertItems(store, 1)
    assert.deepEqual([await store.attachments.bytesOf(userId), await store.attachments.countOf(ids[0])], [0, 0])
    await store.attachments.insert(sample(ids[0], { size: 5_000_000_000 }))
    await store.attachments.announce(announcement(ids[0], userId, { size: 70 }))
    await store.attachments.announce(announcement(ids[1], userId, { size: 8 }))
    await store.attachments.insert(sample(other.ids[0], { size: 900 }))
    assert.equal(await store.attachments.bytesOf(userId), 5_000_000_078)
    assert.deepEqual(await Promise.all(ids.map((id) => store.attachments.countOf(id))), [2, 1])
    await store.ciphers.delete([ids[1]])
    assert.equal(await store.attachments.bytesOf(userId), 5_000_000_070)
  })

  test('old announcements are forgotten, and what has come of them is doomed', async () => {
    await using opened = await openTestStore()
    const { store } = opened
    const { userId, ids } = await insertItems(store, 1)
    const [old, young] = [
      announcement(ids[0], userId),
      announcement(ids[0], userId, { announcedAt: new Date(made.getTime() + 1) }),
    ]
    for (const announced of [old, young]) await store.attachments.announce(announced)
    await store.attachments.dropAnnounced(made)
    assert.equal(await store.attachments.countAnnounced(userId), 2)
    await store.attachments.dropAnnounced(young.announcedAt)
    assert.equal(await store.attachments.findAnnounced(old.id), undefined)
    assert.deepEqual(await store.attachments.findAnnounced(young.id), young)
    assert.deepEqual(await doomed(store), new Set([old.id]))
  })
}
