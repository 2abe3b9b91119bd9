import assert from 'node:assert/strict'
import { test } from 'node:test'
import { made, sampleCipher, sampleFolder, sampleUser } from '../samples.ts'
import type { OpenTestStore } from '../suite.ts'

export function folderTests(openTestStore: OpenTestStore): void {
  test('a folder comes back as it was inserted and updated', async () => {
    await using opened = await openTestStore()
    const { users, folders } = opened.store
    const [ada, bob] = [sampleUser(), sampleUser()]
    await users.insert(ada)
    await users.insert(bob)
    const folder = sampleFolder(ada.id)
    const ofBob = sampleFolder(bob.id)
    await folders.insert(folder)
    await folders.insert(ofBob)
    assert.deepEqual(await folders.find(folder.id), folder)
    const changed = { ...folder, name: '2.renamed', updatedAt: new Date(made.getTime() + 1) }
    await folders.update(changed)
    assert.deepEqual(await folders.ofUser(ada.id), [changed])
    assert.deepEqual(await folders.ofUser(bob.id), [ofBob])
  })

  test('deleting a folder leaves its items, in no folder', async () => {
    await using opened = await openTestStore()
    const { users, folders, ciphers } = opened.store
    const user = sampleUser()
    const folder = sampleFolder(user.id)
    const cipher = sampleCipher(user.id)
    await users.insert(user)
    await folders.insert(folder)
    await ciphers.insert(cipher)
    await ciphers.setFolder(user.id, [cipher.id], folder.id)
    await folders.delete(folder.id)
    assert.equal(await folders.find(folder.id), undefined)
    assert.equal((await ciphers.findOwn(user.id, cipher.id))?.folderId, null)
  })

  test("many folders are inserted at once, and deleted again: those named that are the user's, or all", async () => {
    await using opened = await openTestStore()
    const { users, folders, ciphers } = opened.store
    const [ada, bob] = [sampleUser(), sampleUser()]
    await users.insert(ada)
    await users.insert(bob)
    const many = Array.from({ length: 250 }, () => sampleFolder(ada.id))
    const ofBob = sampleFolder(bob.id)
    await folders.insertMany([...many, ofBob])
    const cipher = sampleCipher(ada.id)
    await ciphers.insertViews(ada.id, [
      { ...cipher, folderId: many[0]!.id, favorite: false, archivedAt: null, attachments: [] },
    ])
    const ids = async () => new Set((await folders.ofUser(ada.id)).map(({ id }) => id))
    assert.deepEqual(await ids(), new Set(many.map(({ id }) => id)))

    assert.deepEqual(await folders.deleteOf(ada.id, [many[0]!.id, ofBob.id, 'unknown']), [many[0]!.id])
    assert.equal((await ciphers.findOwn(ada.id, cipher.id))?.folderId, null)
    assert.equal((await folders.deleteOf(ada.id)).length, 249)
    assert.deepEqual(await ids(), new Set())
    assert.deepEqual(await folders.ofUser(bob.id), [ofBob])
  })
}
