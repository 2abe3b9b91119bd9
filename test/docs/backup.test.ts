import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { registerAndLogin } from '../helpers/account.ts'
import { testPage } from './test-page.ts'

testPage('docs/backup.md', async (page) => {
  const { place } = page
  const dataFolder = place.folder.join('data')
  const server = await page.server({ vault: { dataFolder } })
  const device = await registerAndLogin({ server: server.webUrl })
  await device.post('/api/ciphers', device.loginItem('login'))
  place.env.DATA_FOLDER = dataFolder
  place.replace('/tmp/rehearsal', place.folder.join('rehearsal'))

  const { stdout } = await page.runLine('belfry admin backup')
  const [, name = ''] = /^Saved 1 user, 1 item, .* to (belfry-backup-\d{8}-\d{6}\.tar\.gz)$/m.exec(stdout) ?? []
  assert.ok((await readdir(place.folder.path)).includes(name))

  // Stands for the real one, which is not needed to see that a backup goes through a pipe.
  await place.program('age', 'case $1 in -d) cat "$4" ;; *) cat ;; esac')
  await page.run('age -R backup-keys.txt')
  const rehearsal = await page.run('/tmp/rehearsal')
  assert.match(rehearsal.stdout, /Restored\..*No problems\.\n$/s)

  await page.runLine('belfry admin restore vault.tar.gz --yes', { code: 1 })
  await server.close()
  const restored = await page.run('belfry admin restore vault.tar.gz --yes')
  assert.match(restored.stdout, /is in ".*\/before-restore-\d{8}-\d{6}"/)
  await page.run('age -d')
  assert.ok((await readdir(dataFolder)).some((name) => name.startsWith('before-restore-')))
})
