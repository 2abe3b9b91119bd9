import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, beforeEach, test } from 'node:test'
import { type Json, registerAndLogin, type TestDevice } from '../../helpers/account.ts'
import { startVault, type TestVault } from '../harness.ts'

let vault: TestVault
let alice: TestDevice
before(async () => {
  vault = await startVault()
})
after(() => vault[Symbol.asyncDispose]())
beforeEach(async () => {
  alice = await registerAndLogin({ fetch: vault.fetch })
  vault.takeTold()
})

interface Import {
  readonly ciphers?: unknown[]
  readonly folders?: unknown[]
  readonly folderRelationships?: unknown[]
}
const post = ({ ciphers = [], folders = [], folderRelationships = [] }: Import) =>
  alice.post('/api/ciphers/import', { ciphers, folders, folderRelationships })

/** The vault by the decrypted names of its items, each with the name of its folder. */
async function contents() {
  const { json } = await alice.get('/api/sync')
  const folders = new Map<string, string>(json.folders.map(({ id, name }: Json) => [id, alice.decrypt(name)]))
  const ciphers = new Map<string, Json>(json.ciphers.map((cipher: Json) => [alice.decrypt(cipher.name), cipher]))
  return { folders, ciphers, folderOf: (name: string) => folders.get(ciphers.get(name)!.folderId) ?? null }
}

async function assertNothing(reply: { status: number; json: Json }, ...fields: string[]) {
  assert.deepEqual([reply.status, Object.keys(reply.json.validationErrors)], [400, fields])
  const { folders, ciphers } = await contents()
  assert.deepEqual([folders.size, ciphers.size, vault.takeTold()], [0, 0, []])
}

test('an import brings items and folders and says once that the vault is another', async () => {
  const before = Number((await alice.get('/api/accounts/revision-date')).json)
  const archivedDate = '2026-01-02T03:04:05.678Z'
  const { status, json } = await post({
    // The file's own ids and folders mean nothing here.
    ciphers: [
      alice.loginItem('plain', { id: randomUUID(), folderId: randomUUID() }),
      alice.loginItem('placed', { favorite: true, reprompt: 1, lastKnownRevisionDate: '2020-01-01T00:00:00Z' }),
      alice.loginItem('archived', { archivedDate }),
    ],
    folders: [{ name: alice.encrypt('Work') }, { name: alice.encrypt('Home'), id: null }],
    folderRelationships: [
      { key: 1, value: 0 },
      { key: 2, value: 1 },
    ],
  })
  assert.deepEqual([status, json], [200, undefined])
  const { folders, ciphers, folderOf } = await contents()
  assert.deepEqual([...folders.values()].toSorted(), ['Home', 'Work'])
  assert.deepEqual(['plain', 'placed', 'archived'].map(folderOf), [null, 'Work', 'Home'])
  const { favorite, reprompt, login } = ciphers.get('placed')!
  assert.deepEqual([favorite, reprompt, alice.decrypt(login.password)], [true, 1, 'secret'])
  assert.equal(Date.parse(ciphers.get('archived')!.archivedDate), Date.parse(archivedDate))

  const [{ date, ...told }, ...more] = vault.takeTold() as [(typeof vault.told)[0]]
  assert.deepEqual(told, {
    event: 'SyncVault',
    id: alice.userId,
    contextId: alice.deviceId,
    recipients: [alice.userId],
  })
  assert.deepEqual(more, [])
  assert.ok(date.getTime() > before)
  assert.equal(Number((await alice.get('/api/accounts/revision-date')).json), date.getTime())
})

test('a folder that the user has is used and not made again; that of somebody else is made anew', async () => {
  const stranger = await registerAndLogin({ fetch: vault.fetch })
  const { json: foreign } = await stranger.post('/api/folders', { name: stranger.encrypt('Foreign') })
  const { json: own } = await alice.post('/api/folders', { name: alice.encrypt('Own') })
  const { status } = await post({
    ciphers: [alice.loginItem('a'), alice.loginItem('b')],
    folders: [
      { name: alice.encrypt('another name'), id: own.id },
      { name: alice.encrypt('Copied'), id: foreign.id },
    ],
    folderRelationships: [
      { key: 0, value: 0 },
      { key: 1, value: 1 },
    ],
  })
  assert.equal(status, 200)
  const { folders, ciphers, folderOf } = await contents()
  assert.deepEqual([...folders.values()].toSorted(), ['Copied', 'Own'])
  assert.equal(ciphers.get('a')!.folderId, own.id)
  assert.equal(folderOf('b'), 'Copied')
  assert.equal((await stranger.get('/api/folders')).json.data.length, 1)
})

test('an import with faults names all of them as importing clients look for them, and brings nothing', async () => {
  const long = `2.${'x'.repeat(10_000)}`
  const reply = await post({
    ciphers: [
      alice.loginItem('fine'),
      alice.loginItem('a', { notes: long }),
      alice.loginItem('b', { name: 'not encrypted' }),
      alice.loginItem('c', { type: 7 }),
      alice.loginItem('d', { login: { uris: [{ uri: 'https://plain.example' }] } }),
      alice.loginItem('e', { organizationId: randomUUID() }),
      alice.loginItem('f', { encryptedFor: randomUUID() }),
      alice.loginItem('g', { archivedDate: 'yesterday' }),
      'no item',
    ],
    folders: [{ name: alice.encrypt('Fine') }, { name: 5 }],
  })
  await assertNothing(
    reply,
    'Ciphers[1].Notes',
    'Ciphers[2].Name',
    'Ciphers[3].Type',
    'Ciphers[4].Login.uris[0].uri',
    'Ciphers[5].OrganizationId',
    'Ciphers[6].EncryptedFor',
    'Ciphers[7].ArchivedDate',
    'Ciphers[8].Body',
    'Folders[1].Name',
  )
  assert.equal(reply.json.message, 'The model state is invalid.')
  assert.deepEqual(reply.json.validationErrors['Ciphers[1].Notes'], [
    'The field Notes exceeds the maximum encrypted value length of 10000 characters.',
  ])
})

test('of a thousand faults fifty are told', async () => {
  const { json } = await post({ ciphers: Array.from({ length: 1000 }, () => alice.loginItem('x', { type: 9 })) })
  assert.equal(Object.keys(json.validationErrors).length, 50)
})

test('a relationship that leads out of the lists is refused', async () => {
  const lists = { ciphers: [alice.loginItem('a')], folders: [{ name: alice.encrypt('F') }] }
  await assertNothing(await post({ ...lists, folderRelationships: [{ key: 0, value: 1 }] }), 'Ciphers[0].FolderId')
  await assertNothing(await post({ ...lists, folderRelationships: [{ key: 1, value: 0 }] }), 'Ciphers[1].FolderId')
  await assertNothing(
    await post({ ...lists, folderRelationships: [{ key: -1, value: 0 }] }),
    'folderRelationships[0].key',
  )
})

test('an import without one of its lists, or with too many folders, is refused', async () => {
  await assertNothing(await alice.post('/api/ciphers/import', { ciphers: [], folders: [] }), 'folderRelationships')
  await assertNothing(await post({ folders: Array.from({ length: 2001 }, () => ({ name: '2.a' })) }), 'folders')
})

test('all of an import that fails half-way is undone', async () => {
  const { transaction } = vault.store
  vault.store.transaction = (work, options) => {
    vault.store.transaction = transaction
    return vault.store.transaction(async (store) => {
      const { insertViews } = store.ciphers
      let calls = 0
      store.ciphers.insertViews = async (...parameters) => {
        if (++calls === 2) throw new Error('the disk is full')
        return insertViews.apply(store.ciphers, parameters)
      }
      return work(store)
    }, options)
  }
  const ciphers = Array.from({ length: 150 }, (_, i) => alice.loginItem(`item ${i}`))
  assert.equal((await post({ ciphers, folders: [{ name: alice.encrypt('F') }] })).status, 500)
  const { folders, ciphers: kept } = await contents()
  assert.deepEqual([folders.size, kept.size, vault.takeTold()], [0, 0, []])
  assert.equal((await post({ ciphers })).status, 200)
  assert.equal((await contents()).ciphers.size, 150)
})

test('an item is created by the form for organizations too, as when it is cloned', async () => {
  const item = alice.loginItem('clone', { lastKnownRevisionDate: '2020-01-01T00:00:00Z' })
  const { status, json } = await alice.post('/api/ciphers/create', { cipher: item, collectionIds: [] })
  assert.equal(status, 200)
  assert.deepEqual((await alice.get(`/api/ciphers/${json.id}`)).json, json)
  const [told] = vault.takeTold()
  assert.deepEqual([told!.event, told!.id], ['SyncCipherCreate', json.id])
  const ofOrganization = { cipher: { ...item, organizationId: randomUUID() }, collectionIds: [] }
  const refused = await alice.post('/api/ciphers/create', ofOrganization)
  assert.deepEqual([refused.status, Object.keys(refused.json.validationErrors)], [400, ['organizationId']])
})
