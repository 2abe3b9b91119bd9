import assert from 'node:assert/strict'
import { cpSync, existsSync } from 'node:fs'
import { vaultwardenFolder } from '../helpers/vaultwarden-folder.ts'
import { testPage } from './test-page.ts'

testPage('docs/vaultwarden.md', async (page) => {
  const { place } = page
  await using left = await vaultwardenFolder()
  const dataFolder = place.folder.join('vaultwarden')
  cpSync(left.dataFolder, dataFolder, { recursive: true })
  place.replace('/var/lib/vaultwarden', dataFolder)

  await page.lineNotHere('systemctl stop vaultwarden')
  await page.runLine('cp -a')
  assert.ok(existsSync(`${dataFolder}.before/db.sqlite3`))

  // The report has the lines that the page shows, with the numbers of this folder.
  const { stdout } = await page.run('belfry admin check-data /var/lib/vaultwarden')
  const labels = (text: string) => [...text.matchAll(/^[A-Z]\w+(?: \w+)?(?= {2})/gm)].map(([label]) => label)
  assert.deepEqual(labels(stdout), labels(page.block('Data folder ')))
  assert.match(stdout, /\nNo problems\.\n$/)

  const { web } = await page.freePorts()
  await page.start('DATA_FOLDER=/var/lib/vaultwarden', /Stop with Ctrl-C/)
  assert.equal((await fetch(`http://127.0.0.1:${web}/alive`)).status, 200)
})
