/** How much a user may store in items, which each sync has in memory. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { registerAndLogin } from '../../helpers/account.ts'
import { startVault } from '../harness.ts'

const vault = await startVault()
after(() => vault[Symbol.asyncDispose]())

const item = (characters: number) => ({ type: 2, name: `2.${'A'.repeat(characters)}`, secureNote: { type: 0 } })
const items = (count: number, characters: number) => ({
  ciphers: Array.from({ length: count }, () => item(characters)),
  folders: [],
  folderRelationships: [],
})

test('an item is no longer than half a million characters, however it comes', async () => {
  const device = await registerAndLogin({ fetch: vault.fetch })
  const tooLong = item(500_000)
  const { json } = await device.post('/api/ciphers', item(400_000))
  for (const { status, json: answer } of [
    await device.post('/api/ciphers', tooLong),
    await device.post('/api/ciphers/create', { cipher: tooLong }),
    await device.put(`/api/ciphers/${json.id}`, tooLong),
    await device.post('/api/ciphers/import', items(1, 500_000)),
  ]) {
    assert.deepEqual([status, answer.message], [400, 'An item has 500000 characters at most'])
  }
  assert.equal((await device.get('/api/sync')).json.ciphers.length, 1)
})

test('the items of a user take no more than 50 MB', async () => {
  const device = await registerAndLogin({ fetch: vault.fetch })
  const other = await registerAndLogin({ fetch: vault.fetch })
  const most = items(40, 480_000)
  for (let i = 0; i < 2; i++) assert.equal((await device.post('/api/ciphers/import', most)).status, 200)
  const full = /^Your items take more room/
  assert.match((await device.post('/api/ciphers/import', most)).json.message, full)
  const { json } = await device.post('/api/ciphers', item(1000))
  for (let i = 0; i < 23; i++) await device.post('/api/ciphers', item(499_000))
  assert.match((await device.post('/api/ciphers', item(499_000))).json.message, full)
  assert.match((await device.put(`/api/ciphers/${json.id}`, item(499_000))).json.message, full)
  assert.equal((await other.post('/api/ciphers', item(499_000))).status, 200)
})

test('folders have short names, and imports bring no more than 10,000', async () => {
  const device = await registerAndLogin({ fetch: vault.fetch })
  const name = `2.${'A'.repeat(999)}`
  assert.equal(
    (await device.post('/api/folders', { name })).json.message,
    'name must NOT have more than 1000 characters',
  )
  const folders = (count: number, name: string) => ({ ...items(0, 0), folders: Array(count).fill({ name }) })
  assert.equal((await device.post('/api/ciphers/import', folders(1, name))).status, 400)
  for (let i = 0; i < 5; i++) assert.equal((await device.post('/api/ciphers/import', folders(2000, '2.a'))).status, 200)
  const { json } = await device.post('/api/ciphers/import', folders(1, '2.a'))
  assert.equal(json.message, 'A user has 10000 folders at most')
})
