import assert from 'node:assert/strict'
import { randomBytes, randomUUID } from 'node:crypto'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import { silentLogger } from '#kit'
import type { Cipher, Store } from '#store'
import { vaultFiles } from '#vault'
import { purgeTrash } from '../../../src/vault/jobs/purge-trash.ts'
import { FakeClock } from '../../helpers/fake-clock.ts'
import { temporaryFolder } from '../../helpers/temp.ts'
import { sampleCipher, sampleDevice, sampleFolder, sampleUser } from '../../store/samples.ts'
import type { TestStore } from '../../store/suite.ts'
import { afterNext, settingsIn } from '../harness.ts'
import { onBothEngines } from './both-engines.ts'

const NOW = Date.UTC(2026, 5, 1, 0, 5)
const DAYS = 30
const NEVER = new AbortController().signal

const daysAgo = (days: number, moreMs = 0) => new Date(NOW - days * 86_400_000 - moreMs)
const filesIn = (folder: { join(name: string): string }) => vaultFiles(settingsIn(folder))
const NOWHERE = { join: (name: string) => `/nonexistent/${name}` }
const purge = (store: Store, files = filesIn(NOWHERE)) =>
  purgeTrash({ store, files, clock: new FakeClock(NOW), logger: silentLogger }, DAYS)

async function addUser(store: Store): Promise<string> {
  const user = sampleUser()
  await store.users.insert(user)
  return user.id
}

async function addCipher(store: Store, userId: string | null, changes: Partial<Cipher>): Promise<string> {
  const cipher = sampleCipher(userId, changes)
  await store.ciphers.insert(cipher)
  return cipher.id
}

async function idsIn({ query }: TestStore): Promise<Set<unknown>> {
  return new Set((await query('SELECT uuid FROM ciphers')).map(({ uuid }) => uuid))
}

const revisionOf = async (store: Store, userId: string) => (await store.users.find(userId))!.updatedAt

onBothEngines((openTestStore) => {
  test('what has been in the trash too long is deleted, with what hangs on it, and nothing else', async () => {
    await using opened = await openTestStore()
    const { store, query } = opened
    const [ada, bob] = [await addUser(store), await addUser(store)]
    const old = await addCipher(store, ada, { deletedAt: daysAgo(DAYS, 1) })
    const kept = [
      await addCipher(store, ada, { deletedAt: daysAgo(DAYS) }),
      await addCipher(store, ada, { deletedAt: null }),
      await addCipher(store, bob, { deletedAt: daysAgo(1) }),
    ]
    const folder = sampleFolder(ada)
    await store.folders.insert(folder)
    await store.ciphers.setFolder(ada, [old], folder.id)
    await store.ciphers.setFavorite(ada, old, true)
    await store.ciphers.setArchived(ada, [old], daysAgo(40))

    assert.deepEqual(await purge(store)(NEVER), { deleted: 1 })
    assert.deepEqual(await idsIn(opened), new Set(kept))
    for (const table of ['folders_ciphers', 'favorites', 'archives']) {
      assert.deepEqual(await query(`SELECT * FROM ${table}`), [], table)
    }
    assert.deepEqual(await revisionOf(store, ada), new Date(NOW))
    assert.deepEqual(await revisionOf(store, bob), sampleUser().updatedAt)
    assert.equal(await purge(store)(NEVER), undefined)
  })

  test('devices that come back are told to sync, also those that are marked as having heard later things', async () => {
    await using opened = await openTestStore()
    const { store } = opened
    const ada = await addUser(store)
    const device = sampleDevice(ada)
    await store.devices.insert(device)
    const heardAt = new Date(NOW + 5000)
    await store.heard.mark([{ deviceId: device.id, userId: ada, heardAt }])
    await addCipher(store, ada, { deletedAt: daysAgo(99) })
    await purge(store)(NEVER)
    assert.ok((await store.heard.find(device.id, ada))!.accountChangedAt > heardAt)
  })

  test('the files of attachments go with their items', async () => {
    await using opened = await openTestStore()
    await using folder = await temporaryFolder()
    const { store } = opened
    const ada = await addUser(store)
    const [gone, kept] = [await addCipher(store, ada, { deletedAt: daysAgo(90) }), await addCipher(store, ada, {})]
    const files = filesIn(folder)
    const places = [gone, kept].map((owner) => ({ owner, id: randomBytes(10).toString('hex') }))
    for (const { owner: cipherId, id } of places) {
      await store.attachments.insert({ id, cipherId, fileName: '2.n', key: null, size: 1 })
      await files.attachments.write({ owner: cipherId, id }, Readable.from([Buffer.from('x')]), { maxBytes: 1 })
    }
    assert.deepEqual(await purge(store, files)(NEVER), { deleted: 1 })
    assert.deepEqual(await idsIn(opened), new Set([kept]))
    const left = await Array.fromAsync(files.attachments.list())
    assert.deepEqual(
      left.map(({ owner }) => owner),
      [kept],
    )
  })

  test('for items of an organization the revision dates of its members move', async () => {
    await using opened = await openTestStore()
    const { store, query } = opened
    const [member, invited, stranger] = [await addUser(store), await addUser(store), await addUser(store)]
    const organizationId = randomUUID()
    await query(`INSERT INTO organizations (uuid, name, billing_email) VALUES ('${organizationId}', 'Acme', 'a@b')`)
    const collection = randomUUID()
    await query(`INSERT INTO collections (uuid, org_uuid, name) VALUES ('${collection}', '${organizationId}', '2.c')`)
    for (const [userId, status] of [
      [member, 2],
      [invited, 0],
    ] as const) {
      await query(`INSERT INTO users_organizations (uuid, user_uuid, org_uuid, access_all, akey, status, atype)
        VALUES ('${randomUUID()}', '${userId}', '${organizationId}', true, '', ${status}, 2)`)
    }
    const id = await addCipher(store, null, { organizationId, deletedAt: daysAgo(31) })
    await query(`INSERT INTO ciphers_collections (cipher_uuid, collection_uuid) VALUES ('${id}', '${collection}')`)

    assert.deepEqual(await purge(store)(NEVER), { deleted: 1 })
    assert.deepEqual(await idsIn(opened), new Set())
    assert.deepEqual(await revisionOf(store, member), new Date(NOW))
    for (const other of [invited, stranger]) assert.deepEqual(await revisionOf(store, other), sampleUser().updatedAt)
  })

  test('an item that is taken out of the trash at the last moment stays', async () => {
    await using opened = await openTestStore()
    const { store } = opened
    const ada = await addUser(store)
    const id = await addCipher(store, ada, { deletedAt: daysAgo(90) })
    const restored = afterNext(store.trash, 'nextOwner', async () => {
      const cipher = (await store.ciphers.findOwn(ada, id))!
      await store.ciphers.update({ ...cipher, deletedAt: null })
    })
    assert.equal(await purge(store)(NEVER), undefined)
    assert.deepEqual(await idsIn(opened), new Set([id]))
    assert.deepEqual(await revisionOf(store, ada), sampleUser().updatedAt)
    await restored()
  })

  test('much is deleted in batches, between which it can be stopped', async () => {
    await using opened = await openTestStore()
    const { store } = opened
    const [ada, bob] = [await addUser(store), await addUser(store)]
    await store.transaction(async (inside) => {
      for (let count = 0; count < 250; count++) await addCipher(inside, ada, { deletedAt: daysAgo(90, count) })
      for (let count = 0; count < 30; count++) await addCipher(inside, bob, { deletedAt: daysAgo(80) })
    })
    const stop = new AbortController()
    const reason = new Error('enough')
    const stopping = purge(store)(stop.signal)
    const stopped = afterNext(store.trash, 'nextOwner', async () => stop.abort(reason))
    await assert.rejects(stopping, reason)
    await stopped()
    const left = (await idsIn(opened)).size
    assert.ok(left === 180 || left === 80, `${left} left`)
    assert.deepEqual(await purge(store)(NEVER), { deleted: left })
    assert.equal((await idsIn(opened)).size, 0)
  })
})
