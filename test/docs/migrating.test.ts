import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { login, PASSWORD, registerAndLogin } from '../helpers/account.ts'
import { startTestServer } from '../helpers/server.ts'
import { vaultwardenFolder } from '../helpers/vaultwarden-folder.ts'
import { type PageTest, testPage } from './test-page.ts'

testPage('docs/migrating.md', async (page) => {
  await olderFolder(page)
  await exportAndImport(page)
})

async function olderFolder(page: PageTest): Promise<void> {
  const { dataFolder } = page.use(await vaultwardenFolder())
  const database = new DatabaseSync(path.join(dataFolder, 'db.sqlite3'))
  database.exec(`DELETE FROM __diesel_schema_migrations WHERE version > '20210701'`)
  database.close()
  page.place.replace('/var/lib/bitwarden_rs', dataFolder)
  const { stdout } = await page.run('check-data /var/lib/bitwarden_rs', { code: 1 })
  assert.match(stdout, /2021\d{10}|20260505120000/)
}

async function exportAndImport(page: PageTest): Promise<void> {
  const { place } = page
  const old = page.use(await startTestServer())
  const server = await page.server()
  const authorities = [old, server].map(({ certificateAuthorityFile }) =>
    readFileSync(certificateAuthorityFile, 'utf8'),
  )
  place.env.NODE_EXTRA_CA_CERTS = await place.file('authorities.pem', authorities.join('\n'))
  place.replace('https://old.example.com', old.secureUrl)
  place.replace('https://vault.example.com', server.secureUrl)

  const email = 'alice@example.com'
  const before = await registerAndLogin({ server: old.webUrl, email })
  const { json: folder } = await before.post('/api/folders', { name: before.encrypt('Work') })
  await before.post('/api/ciphers', before.loginItem('Desk', { folderId: folder.id, favorite: true }))

  await page.run('bw import', { env: { BELFRY_PASSWORD: PASSWORD }, deadlineMs: 120_000 })
  assert.equal(existsSync(place.folder.join('vault.json')), false)
  const after = await login({ server: server.webUrl, email })
  const { json } = await after.get('/api/sync')
  assert.deepEqual(
    json.folders.map(({ name }: { name: string }) => after.decrypt(name)),
    ['Work'],
  )
  const [item] = json.ciphers
  assert.equal(after.decrypt(item.name), 'Desk')
  assert.equal(item.folderId, json.folders[0].id)
  assert.equal(item.favorite, true)
}
