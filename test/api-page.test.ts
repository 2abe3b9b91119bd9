import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import { apiPage } from '../scripts/api-page/page.ts'
import { contracts } from './vault/contracts/index.ts'
import { startVault } from './vault/harness.ts'

test('docs/api.md is what `node scripts/document-api.ts` writes', async () => {
  const page = await readFile(path.join(import.meta.dirname, '../docs/api.md'), 'utf8')
  assert.equal(page, await apiPage())
})

test('every route has a contract, and every contract a route', async () => {
  await using vault = await startVault()
  const routes = vault.routes.map(({ method, path }) => `${method} ${path}`)
  assert.deepEqual(Object.keys(contracts).sort(), routes.sort())
})

test('every route is called by a test of its own', async () => {
  const page = await readFile(path.join(import.meta.dirname, '../docs/api.md'), 'utf8')
  assert.deepEqual(
    page.split('\n').filter((line) => line.startsWith('| `') && line.endsWith('|  |')),
    [],
  )
})
