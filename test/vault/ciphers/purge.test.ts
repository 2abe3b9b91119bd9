import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { after, before, beforeEach, test } from 'node:test'
import { type Json, registerAndLogin, type TestDevice } from '../../helpers/account.ts'
import { startVault, type TestVault } from '../harness.ts'

let vault: TestVault
let alice: TestDevice
let bob: TestDevice
before(async () => {
  vault = await startVault()
  bob = await registerAndLogin({ fetch: vault.fetch })
  await fill(bob)
})
after(() => vault[Symbol.asyncDispose]())
beforeEach(async () => {
  alice = await registerAndLogin({ fetch: vault.fetch })
})

/** Three items in a folder, one of them in the trash. */
async function fill(device: TestDevice): Promise<string[]> {
  const { json: folder } = await device.post('/api/folders', { name: device.encrypt('Folder') })
  const ids: string[] = []
  for (const name of ['a', 'b', 'c']) {
    const fields = { folderId: folder.id, favorite: true, archivedDate: '2026-01-02T03:04:05Z' }
    const { json } = await device.post('/api/ciphers', device.loginItem(name, fields))
    ids.push(json.id)
  }
  await device.put(`/api/ciphers/${ids[2]}/delete`)
  return ids
}

async function vaultOf(device: TestDevice) {
  const { json }: { json: Json } = await device.get('/api/sync')
  return { ciphers: json.ciphers.length, folders: json.folders.length }
}

test('a purge takes all items and folders of the user and of nobody else, with their files', async () => {
  const [id] = await fill(alice)
  const attachment = { id: 'a'.repeat(20), cipherId: id!, fileName: '2.n', size: 3, key: null }
  await vault.context.files.attachments.write(
    { owner: id!, id: attachment.id },
    (async function* () {
      yield Buffer.from('abc')
    })(),
    { maxBytes: 10 },
  )
  await vault.store.attachments.insert(attachment)
  const file = path.join(vault.context.settings.attachments.folder, id!, attachment.id)
  assert.ok(existsSync(file))
  const before = Number((await alice.get('/api/accounts/revision-date')).json)
  vault.takeTold()

  const { status, json } = await alice.post('/api/ciphers/purge', { masterPasswordHash: alice.passwordHash })
  assert.deepEqual([status, json], [200, undefined])
  assert.deepEqual(await vaultOf(alice), { ciphers: 0, folders: 0 })
  assert.deepEqual(await vaultOf(bob), { ciphers: 3, folders: 1 })
  assert.deepEqual([existsSync(file), await vault.store.attachments.find(attachment.id)], [false, undefined])
  const [{ date, ...told }, ...more] = vault.takeTold() as [(typeof vault.told)[0]]
  assert.deepEqual(told, {
    event: 'SyncVault',
    id: alice.userId,
    contextId: alice.deviceId,
    recipients: [alice.userId],
  })
  assert.deepEqual([more, date.getTime() > before], [[], true])
})

test('a purge without the right password, or of an organization, takes nothing', async () => {
  await fill(alice)
  vault.takeTold()
  const right = { masterPasswordHash: alice.passwordHash }
  for (const [path, body] of [
    ['/api/ciphers/purge', { masterPasswordHash: 'wrong' }],
    ['/api/ciphers/purge', {}],
    [`/api/ciphers/purge?organizationId=${alice.userId}`, right],
    ['/api/ciphers/purge?organizationId=', right],
  ] as const) {
    assert.equal((await alice.post(path, body)).status, 400)
  }
  assert.deepEqual(await vaultOf(alice), { ciphers: 3, folders: 1 })
  assert.deepEqual(vault.takeTold(), [])
})
