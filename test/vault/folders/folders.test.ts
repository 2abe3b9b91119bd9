import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, beforeEach, test } from 'node:test'
import { registerAndLogin, type TestDevice } from '../../helpers/account.ts'
import { startVault, type TestVault } from '../harness.ts'

let vault: TestVault
let alice: TestDevice
let mallory: TestDevice
before(async () => {
  vault = await startVault()
  alice = await registerAndLogin({ fetch: vault.fetch })
  mallory = await registerAndLogin({ fetch: vault.fetch })
})
after(() => vault[Symbol.asyncDispose]())
beforeEach(() => void vault.takeTold())

function assertTold(event: string, id: string, date?: string) {
  const told = vault.takeTold()
  assert.deepEqual(
    told.map(({ date: _, ...rest }) => rest),
    [{ event, id, contextId: alice.deviceId, recipients: [alice.userId] }],
  )
  if (date !== undefined) assert.equal(told[0]!.date.getTime(), Date.parse(date))
}

test('a folder is created, read, renamed and deleted, and each time told', async () => {
  const { status, json: folder } = await alice.post('/api/folders', { name: '2.name' })
  assert.equal(status, 200)
  assert.deepEqual(folder, { id: folder.id, revisionDate: folder.revisionDate, name: '2.name', object: 'folder' })
  assertTold('SyncFolderCreate', folder.id, folder.revisionDate)
  assert.deepEqual((await alice.get(`/api/folders/${folder.id}`)).json, folder)
  assert.deepEqual((await alice.get('/api/folders')).json, { data: [folder], object: 'list', continuationToken: null })

  let last = folder
  for (const method of ['PUT', 'POST', 'PUT']) {
    const { json: renamed } = await alice.request(method, `/api/folders/${folder.id}`, { name: '2.other' })
    assert.equal(renamed.name, '2.other')
    assert.ok(renamed.revisionDate > last.revisionDate)
    assertTold('SyncFolderUpdate', folder.id, renamed.revisionDate)
    last = renamed
  }

  const deleted = await alice.delete(`/api/folders/${folder.id}`)
  assert.deepEqual([deleted.status, deleted.json], [200, undefined])
  assertTold('SyncFolderDelete', folder.id)
  const gone = await alice.get(`/api/folders/${folder.id}`)
  assert.deepEqual([gone.status, gone.json.message], [400, 'Invalid folder'])
})

test('the items of a deleted folder stay, in no folder', async () => {
  const { json: folder } = await alice.post('/api/folders', { name: '2.name' })
  const { json: item } = await alice.post('/api/ciphers', alice.loginItem('x', { folderId: folder.id }))
  assert.equal(item.folderId, folder.id)
  assert.equal((await alice.post(`/api/folders/${folder.id}/delete`)).status, 200)
  assert.equal((await alice.get(`/api/ciphers/${item.id}`)).json.folderId, null)
})

test('a folder without a name is refused and names the field', async () => {
  for (const body of [{}, { name: '' }, { name: null }, { name: 5 }]) {
    const { status, json } = await alice.post('/api/folders', body)
    assert.deepEqual([status, Object.keys(json.validationErrors)], [400, ['name']])
  }
  assert.deepEqual(vault.takeTold(), [])
})

test("somebody else's folder is not there", async () => {
  const { json: folder } = await alice.post('/api/folders', { name: '2.name' })
  vault.takeTold()
  const attempts = await Promise.all([
    mallory.get(`/api/folders/${folder.id}`),
    mallory.put(`/api/folders/${folder.id}`, { name: '2.stolen' }),
    mallory.delete(`/api/folders/${folder.id}`),
    alice.get(`/api/folders/${randomUUID()}`),
  ])
  for (const { status, json } of attempts) assert.deepEqual([status, json.message], [400, 'Invalid folder'])
  assert.deepEqual(vault.takeTold(), [])
  assert.equal((await alice.get(`/api/folders/${folder.id}`)).json.name, '2.name')
})

test('many folders are deleted at once, or all, and their items stay', async () => {
  const make = async () => (await alice.post('/api/folders', { name: '2.name' })).json.id as string
  const [first, second, third] = [await make(), await make(), await make()]
  const { json: item } = await alice.post('/api/ciphers', alice.loginItem('x', { folderId: first }))
  const { json: foreign } = await mallory.post('/api/folders', { name: '2.name' })
  const left = async () => (await alice.get('/api/folders')).json.data.map(({ id }: { id: string }) => id)
  const others = new Set((await left()).filter((id: string) => ![first, second, third].includes(id)))
  vault.takeTold()

  const some = await alice.delete('/api/folders', { ids: [first, second, foreign.id, randomUUID()] })
  assert.deepEqual([some.status, some.json], [200, undefined])
  assert.deepEqual(new Set(await left()), new Set([...others, third]))
  assertTold('SyncVault', alice.userId)
  assert.equal((await alice.get(`/api/ciphers/${item.id}`)).json.folderId, null)

  const none = await alice.delete('/api/folders', { ids: [foreign.id] })
  assert.deepEqual([none.status, none.json.message, vault.takeTold()], [400, 'Invalid folder', []])

  assert.equal((await alice.delete('/api/folders/all')).status, 200)
  assert.deepEqual(await left(), [])
  assertTold('SyncVault', alice.userId)
  assert.equal((await mallory.get(`/api/folders/${foreign.id}`)).status, 200)
})
