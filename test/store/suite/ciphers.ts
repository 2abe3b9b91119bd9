import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import type { Store } from '#store'
import { made, sampleCipher, sampleFolder, sampleUser } from '../samples.ts'
import type { OpenTestStore } from '../suite.ts'

const plain = { folderId: null, favorite: false, archivedAt: null }
const plainView = { ...plain, attachments: [] }

async function insertUser(store: Store) {
  const user = sampleUser()
  await store.users.insert(user)
  return user
}

async function insertCiphers(store: Store, userId: string, count: number) {
  const ciphers = Array.from({ length: count }, () => sampleCipher(userId))
  await store.transaction(async (inside) => {
    for (const cipher of ciphers) await inside.ciphers.insert(cipher)
  })
  return ciphers.map((cipher) => cipher.id)
}

export function cipherTests(openTestStore: OpenTestStore): void {
  test('an item comes back as it was inserted and updated', async () => {
    await using opened = await openTestStore()
    const { store } = opened
    const user = await insertUser(store)
    const cipher = sampleCipher(user.id)
    await store.ciphers.insert(cipher)
    assert.deepEqual(await store.ciphers.findOwn(user.id, cipher.id), { ...cipher, ...plainView })
    const changed = {
      ...cipher,
      updatedAt: new Date(made.getTime() + 1),
      name: '2.renamed',
      notes: '2.notes',
      fields: '[]',
      data: '{"username":null}',
      passwordHistory: '[]',
      key: '2.key',
      reprompt: 1,
      deletedAt: made,
    }
    await store.ciphers.update(changed)
    assert.deepEqual(await store.ciphers.findOwn(user.id, cipher.id), { ...changed, ...plainView })
  })

  test('the texts of a user are counted in bytes', async () => {
    await using opened = await openTestStore()
    const { store } = opened
    const user = await insertUser(store)
    assert.equal(await store.ciphers.bytesOwnOf(user.id), 0)
    const texts = { notes: null, fields: '[]', data: '{}', passwordHistory: null, key: null }
    await store.ciphers.insert({ ...sampleCipher(user.id), ...texts, name: 'é' })
    await store.ciphers.insert({ ...sampleCipher(user.id), ...texts, name: '', notes: 'abc', key: 'k' })
    await insertCiphers(store, (await insertUser(store)).id, 1)
    assert.equal(await store.ciphers.bytesOwnOf(user.id), 2 + 4 + (4 + 3 + 1))
  })

  test('many items are inserted at once, with what is kept of them for the user', async () => {
    await using opened = await openTestStore()
    const { store } = opened
    const user = await insertUser(store)
    const folder = sampleFolder(user.id)
    await store.folders.insert(folder)
    const views = Array.from({ length: 250 }, (_, i) => ({
      ...sampleCipher(user.id, { name: `2.${i}` }),
      folderId: i % 2 === 0 ? folder.id : null,
      favorite: i % 3 === 0,
      archivedAt: i % 5 === 0 ? made : null,
      attachments: [],
    }))
    await store.ciphers.insertViews(user.id, views)
    const byId = (a: { id: string }, b: { id: string }) => (a.id < b.id ? -1 : 1)
    assert.deepEqual((await store.ciphers.ownOf(user.id)).toSorted(byId), views.toSorted(byId))
    assert.deepEqual(new Set(await store.ciphers.idsOwnOf(user.id)), new Set(views.map(({ id }) => id)))

    const again = { ...views[0]!, id: randomUUID() }
    await assert.rejects(store.ciphers.insertViews(user.id, [again, views[1]!]))
    assert.equal(await store.ciphers.findOwn(user.id, again.id), undefined)
    await store.ciphers.insertViews(user.id, [])
  })

  test('the items of a user are its own only, the trash included', async () => {
    await using opened = await openTestStore()
    const { store } = opened
    const [ada, bob] = [await insertUser(store), await insertUser(store)]
    const kept = sampleCipher(ada.id)
    const trashed = sampleCipher(ada.id, { deletedAt: made })
    const ofBob = sampleCipher(bob.id)
    for (const cipher of [kept, trashed, ofBob]) await store.ciphers.insert(cipher)

    const ids = (await store.ciphers.ownOf(ada.id)).map((view) => view.id)
    assert.deepEqual(new Set(ids), new Set([kept.id, trashed.id]))
    assert.equal(await store.ciphers.findOwn(ada.id, ofBob.id), undefined)
    const found = await store.ciphers.findManyOwn(ada.id, [kept.id, ofBob.id, 'unknown', kept.id])
    assert.deepEqual(found, [{ ...kept, ...plainView }])
    assert.deepEqual(await store.ciphers.findManyOwn(ada.id, []), [])
  })

  test('an item of an organization is nobody’s own', async () => {
    await using opened = await openTestStore()
    const { store } = opened
    const user = await insertUser(store)
    await opened.query(`INSERT INTO organizations (uuid, name, billing_email) VALUES ('org', 'n', 'e')`)
    const cipher = sampleCipher(null, { organizationId: 'org' })
    await store.ciphers.insert(cipher)
    assert.equal((await opened.query('SELECT * FROM ciphers')).length, 1)
    assert.equal(await store.ciphers.findOwn(user.id, cipher.id), undefined)
    assert.deepEqual(await store.ciphers.ownOf(user.id), [])
  })

  test('folder, favourite and archive mark are set, replaced and taken away', async () => {
    await using opened = await openTestStore()
    const { store } = opened
    const user = await insertUser(store)
    const [first, second] = [sampleFolder(user.id), sampleFolder(user.id)]
    await store.folders.insert(first)
    await store.folders.insert(second)
    const [id] = (await insertCiphers(store, user.id, 1)) as [string]
    const view = async () => {
      const { folderId, favorite, archivedAt } = (await store.ciphers.findOwn(user.id, id))!
      return { folderId, favorite, archivedAt }
    }
    const later = new Date(made.getTime() + 1)

    await store.ciphers.setFolder(user.id, [id, id], first.id)
    await store.ciphers.setFavorite(user.id, id, true)
    await store.ciphers.setFavorite(user.id, id, true)
    await store.ciphers.setArchived(user.id, [id], made)
    assert.deepEqual(await view(), { folderId: first.id, favorite: true, archivedAt: made })

    await store.ciphers.setFolder(user.id, [id], second.id)
    await store.ciphers.setArchived(user.id, [id], later)
    assert.deepEqual(await view(), { folderId: second.id, favorite: true, archivedAt: later })

    await store.ciphers.setFolder(user.id, [id], null)
    await store.ciphers.setFavorite(user.id, id, false)
    await store.ciphers.setArchived(user.id, [id], null)
    assert.deepEqual(await view(), plain)
  })

  test('what another user keeps about an item stays as it is and is not seen', async () => {
    await using opened = await openTestStore()
    const { store } = opened
    const [ada, bob] = [await insertUser(store), await insertUser(store)]
    const [id] = (await insertCiphers(store, ada.id, 1)) as [string]
    const folder = sampleFolder(bob.id)
    await store.folders.insert(folder)
    await store.ciphers.setFolder(bob.id, [id], folder.id)
    await store.ciphers.setFavorite(bob.id, id, true)
    await store.ciphers.setArchived(bob.id, [id], made)

    await store.ciphers.setFolder(ada.id, [id], null)
    await store.ciphers.setFavorite(ada.id, id, false)
    await store.ciphers.setArchived(ada.id, [id], null)
    assert.deepEqual(
      (await store.ciphers.ownOf(ada.id)).map(({ folderId, favorite, archivedAt }) => ({
        folderId,
        favorite,
        archivedAt,
      })),
      [plain],
    )
    for (const table of ['folders_ciphers', 'favorites', 'archives']) {
      assert.equal((await opened.query(`SELECT * FROM ${table}`)).length, 1, table)
    }
  })

  test('an item that lies in two folders of its user is listed once', async () => {
    await using opened = await openTestStore()
    const { store } = opened
    const user = await insertUser(store)
    const [id] = (await insertCiphers(store, user.id, 1)) as [string]
    for (const folder of ['one', 'two']) {
      await store.folders.insert(sampleFolder(user.id, { id: folder }))
      await opened.query(`INSERT INTO folders_ciphers (cipher_uuid, folder_uuid) VALUES ('${id}', '${folder}')`)
    }
    assert.equal((await store.ciphers.ownOf(user.id)).length, 1)
    await store.ciphers.setFolder(user.id, [id], 'two')
    assert.equal((await opened.query('SELECT * FROM folders_ciphers')).length, 1)
  })

  test('deleting items removes everything that hangs on them and nothing else', async () => {
    await using opened = await openTestStore()
    const { store } = opened
    const user = await insertUser(store)
    const [gone, kept] = (await insertCiphers(store, user.id, 2)) as [string, string]
    const folder = sampleFolder(user.id)
    await store.folders.insert(folder)
    await opened.query(`INSERT INTO organizations (uuid, name, billing_email) VALUES ('org', 'n', 'e')`)
    await opened.query(`INSERT INTO collections (uuid, org_uuid, name) VALUES ('collection', 'org', 'n')`)
    for (const id of [gone, kept]) {
      await store.ciphers.setFolder(user.id, [id], folder.id)
      await store.ciphers.setFavorite(user.id, id, true)
      await store.ciphers.setArchived(user.id, [id], made)
      await opened.query(
        `INSERT INTO ciphers_collections (cipher_uuid, collection_uuid) VALUES ('${id}', 'collection')`,
      )
    }
    await store.ciphers.delete([gone, 'unknown'])
    assert.equal(await store.ciphers.findOwn(user.id, gone), undefined)
    for (const table of ['folders_ciphers', 'ciphers_collections', 'favorites', 'archives']) {
      const rows = await opened.query(`SELECT cipher_uuid FROM ${table}`)
      assert.deepEqual(
        rows.map((row) => row.cipher_uuid),
        [kept],
        table,
      )
    }
  })

  test('lists longer than one statement takes are read, moved, archived and deleted whole', async () => {
    await using opened = await openTestStore()
    const { store } = opened
    const user = await insertUser(store)
    const folder = sampleFolder(user.id)
    await store.folders.insert(folder)
    const ids = await insertCiphers(store, user.id, 1000)
    const unknown = Array.from({ length: 40_000 }, () => randomUUID())

    await store.ciphers.setFolder(user.id, ids, folder.id)
    await store.ciphers.setArchived(user.id, ids, made)
    const views = await store.ciphers.ownOf(user.id)
    assert.deepEqual(new Set(views.map((view) => view.id)), new Set(ids))
    assert.equal(views.length, 1000)
    assert.ok(views.every((view) => view.folderId === folder.id && view.archivedAt?.getTime() === made.getTime()))

    assert.equal((await store.ciphers.findManyOwn(user.id, [...unknown, ...ids])).length, 1000)
    await store.ciphers.delete(ids)
    assert.deepEqual(await store.ciphers.ownOf(user.id), [])
  })

  test('many items are updated at once, their other columns and what is beside them left alone', async () => {
    await using opened = await openTestStore()
    const { store } = opened
    const user = await insertUser(store)
    await insertCiphers(store, user.id, 250)
    const before = await store.ciphers.ownOf(user.id)
    const [other, ...changed] = before
    await store.ciphers.setFavorite(user.id, changed[0]!.id, true)
    const content = {
      updatedAt: new Date(made.getTime() + 1),
      name: '2.new',
      notes: '2.notes',
      fields: '[1]',
      data: '{"new":1}',
      passwordHistory: '[2]',
      key: '2.key',
      reprompt: 1,
      deletedAt: made,
    }
    await store.ciphers.updateAll(
      changed.map((cipher) => ({ ...cipher, ...content, type: 2, userId: 'nobody', createdAt: new Date(0) })),
    )
    assert.deepEqual(await store.ciphers.ownOf(user.id), [
      other,
      ...changed.map((cipher, place) => ({ ...cipher, ...content, favorite: place === 0 })),
    ])
  })

  test('moving items fails as a whole when one of them does not exist', async () => {
    await using opened = await openTestStore()
    const { store } = opened
    const user = await insertUser(store)
    const [before, after] = [sampleFolder(user.id), sampleFolder(user.id)]
    await store.folders.insert(before)
    await store.folders.insert(after)
    const ids = await insertCiphers(store, user.id, 600)
    await store.ciphers.setFolder(user.id, ids, before.id)
    await assert.rejects(store.ciphers.setFolder(user.id, [...ids, 'unknown'], after.id))
    assert.ok((await store.ciphers.ownOf(user.id)).every((view) => view.folderId === before.id))
  })
}
