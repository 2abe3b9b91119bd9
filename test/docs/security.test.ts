import assert from 'node:assert/strict'
import { readdirSync, statSync } from 'node:fs'
import path from 'node:path'
import { loadOptions } from '#config'
import { testPage } from './test-page.ts'

testPage('docs/security.md', async (page) => {
  const { stdout } = await page.run('belfry admin hash --argon2', { input: 'a good admin token\n' })
  const { options } = loadOptions({ cwd: page.place.folder.path, env: { ADMIN_TOKEN: stdout.trim() } })
  assert.equal(options.admin?.token, stdout.trim())

  const server = await page.server()
  const { headers } = await fetch(server.webUrl)
  const named = page.page.source.matchAll(/`((?:X-|Referrer-|Cross-Origin-)[\w-]+)`/g)
  for (const [, name = ''] of named) assert.ok(headers.has(name), name)
  assert.match(headers.get('Content-Security-Policy') ?? '', /require-trusted-types-for 'script'/)

  // Files of the data folder are for their owner alone.
  const files = readdirSync(server.dataFolder, { recursive: true, withFileTypes: true })
  assert.ok(files.length > 3)
  for (const file of files.filter((entry) => entry.isFile() && /key/.test(entry.name))) {
    assert.equal(statSync(path.join(file.parentPath, file.name)).mode & 0o077, 0, file.name)
  }
})
