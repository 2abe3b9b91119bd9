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
}
