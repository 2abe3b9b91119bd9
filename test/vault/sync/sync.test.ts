import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { registerAndLogin, type TestDevice } from '../../helpers/account.ts'
import { startVault, type TestVault } from '../harness.ts'

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

test('a sync of many items, folders and attachments asks the store no more often than one of few', async () => {
  const bob = await registerAndLogin({ fetch: vault.fetch })
  /** The methods of the store that a sync calls, and how often. */
  const calls = async () => {
    const counts: Record<string, number> = {}
    const { users, folders, ciphers, attachments, sends } = vault.store
    const undo = Object.entries({ users, folders, ciphers, attachments, sends }).map(([name, rows]) => {
      const methods = Object.getOwnPropertyNames(Object.getPrototypeOf(rows)).filter(
        (method) => method !== 'constructor',
      )
      for (const method of methods) {
        const original = (rows as unknown as Record<string, (...parameters: unknown[]) => unknown>)[method]!
        const counted = (...parameters: unknown[]) => {
          counts[`${name}.${method}`] = (counts[`${name}.${method}`] ?? 0) + 1
          return original.apply(rows, parameters)
        }
        Object.defineProperty(rows, method, { value: counted, configurable: true })
      }
      return () => {
        for (const method of methods) Reflect.deleteProperty(rows, method)
      }
    })
    const { json } = await bob.get('/api/sync')
    for (const restore of undo) restore()
    return { counts, ciphers: json.ciphers.length }
  }
  const few = await calls()
  const names = Array.from({ length: 120 }, (_, i) => `item ${i}`)
  await bob.post('/api/ciphers/import', {
    ciphers: names.map((name) => bob.loginItem(name)),
    folders: names.map((name) => ({ name: bob.encrypt(name) })),
    folderRelationships: names.map((_, i) => ({ key: i, value: i })),
  })
  const { json } = await bob.get('/api/ciphers')
  for (const [i, { id: cipherId }] of json.data.entries()) {
    const id = i.toString(16).padStart(20, '0')
    await vault.store.attachments.insert({ id, cipherId, fileName: '2.n', size: 1, key: null })
  }
  const many = await calls()
  assert.deepEqual([few.ciphers, many.ciphers], [0, 120])
  assert.deepEqual(many.counts, few.counts)
  assert.deepEqual([few.counts['ciphers.ownOf'], few.counts['folders.ofUser'], few.counts['sends.ofUser']], [1, 1, 1])
  const synced = (await bob.get('/api/sync')).json.ciphers
  for (const { attachments, folderId } of synced) assert.deepEqual([attachments.length, folderId !== null], [1, true])
})
