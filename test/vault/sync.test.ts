import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { registerAndLogin, type TestDevice } from '../helpers/account.ts'
import { startVault, type TestVault } from './harness.ts'

let vault: TestVault
let alice: TestDevice
before(async () => {
  vault = await startVault()
  alice = await registerAndLogin({ fetch: vault.fetch })
})
after(() => vault[Symbol.asyncDispose]())

test('a sync holds the whole vault, what is in the trash included', async () => {
  const { json: folder } = await alice.post('/api/folders', { name: '2.name' })
  const { json: item } = await alice.post('/api/ciphers', alice.loginItem('x', { folderId: folder.id }))
  const { json: trashed } = await alice.post('/api/ciphers', alice.loginItem('y'))
  await alice.put(`/api/ciphers/${trashed.id}/delete`)

  const { status, json } = await alice.get('/api/sync')
  assert.equal(status, 200)
  const { ciphers, ...rest } = json
  assert.deepEqual(rest, {
    profile: (await alice.get('/api/accounts/profile')).json,
    folders: [folder],
    collections: [],
    policies: [],
    domains: (await alice.get('/api/settings/domains')).json,
    sends: [],
    userDecryption: {
      masterPasswordUnlock: {
        kdf: { kdfType: 0, iterations: 100_000, memory: null, parallelism: null },
        masterKeyEncryptedUserKey: alice.token.Key,
        masterKeyWrappedUserKey: alice.token.Key,
        salt: alice.email,
      },
    },
    object: 'sync',
  })
  assert.equal(ciphers.length, 2)
  const byId = new Map(ciphers.map((cipher: { id: string }) => [cipher.id, cipher]))
  assert.deepEqual(byId.get(item.id), item)
  assert.notEqual((byId.get(trashed.id) as { deletedDate: unknown }).deletedDate, null)
})

test('domains are left out on request', async () => {
  assert.equal((await alice.get('/api/sync?excludeDomains=true')).json.domains, null)
  assert.notEqual((await alice.get('/api/sync?excludeDomains=false')).json.domains, null)
})

test('SSH keys go only to clients that say they can read them', async () => {
  const sshKey = { privateKey: '2.a', publicKey: '2.b', keyFingerprint: '2.c' }
  const { json: item } = await alice.post('/api/ciphers', alice.loginItem('x', { type: 5, login: null, sshKey }))
  const seesIt = async (version: string) => {
    const { json } = await alice.request('GET', '/api/sync', undefined, { 'Bitwarden-Client-Version': version })
    return json.ciphers.some(({ id }: { id: string }) => id === item.id)
  }
  assert.deepEqual(await Promise.all(['2024.11.9', '2024.12.0', '2025.1.0', '2026.9.0', '', 'x'].map(seesIt)), [
    false,
    true,
    true,
    true,
    false,
    false,
  ])
})

test('a change is dated when it is written: whoever synced while it waited for that has not seen it', async () => {
  const { json: item } = await alice.post('/api/ciphers', alice.loginItem('x'))
  const { json: folder } = await alice.post('/api/folders', { name: '2.name' })
  const { store } = vault
  const revision = async () => Number((await alice.get('/api/accounts/revision-date')).json)
  for (const change of [
    () => alice.post('/api/ciphers', alice.loginItem('y')),
    () => alice.put(`/api/ciphers/${item.id}`, alice.loginItem('z')),
    () => alice.put(`/api/ciphers/${item.id}/partial`, { folderId: folder.id, favorite: true }),
    () => alice.put('/api/ciphers/move', { ids: [item.id], folderId: null }),
    () => alice.put('/api/ciphers/delete', { ids: [item.id] }),
    () => alice.delete(`/api/ciphers/${item.id}`),
    () => alice.post('/api/folders', { name: '2.name' }),
    () => alice.put(`/api/folders/${folder.id}`, { name: '2.other' }),
    () => alice.delete(`/api/folders/${folder.id}`),
    () => alice.put('/api/accounts/profile', { name: 'Alice' }),
  ]) {
    const { transaction } = store
    let begunMs = 0
    store.transaction = (work) => {
      store.transaction = transaction
      vault.advance(60_000)
      begunMs = vault.context.clock.now()
      return store.transaction(work)
    }
    vault.takeTold()
    assert.equal((await change()).status, 200)
    assert.ok(begunMs > 0)
    const [told] = vault.takeTold()
    assert.ok(told!.date.getTime() >= begunMs, told!.event)
    assert.ok((await revision()) >= told!.date.getTime(), told!.event)
  }
})
