import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { allSettings } from '../../src/config/settings/schema.ts'
import { LIVE_SETTINGS } from '../../src/services/reload/live-settings.ts'
import { freePort } from '../helpers/processes.ts'
import { ROOT } from './page.ts'
import { testPage } from './test-page.ts'

testPage('docs/operating.md', async (page) => {
  const [web, nats] = [await freePort(), await freePort()]
  Object.assign(page.place.env, {
    DATA_FOLDER: page.place.folder.join('data'),
    ROCKET_PORT: String(web),
    BELFRY_NATS_PORT: String(nats),
    BELFRY_HTTPS: 'false',
  })
  await page.place.start('belfry', /Stop with Ctrl-C/)
  const { stdout } = await page.run('belfry status')
  const said = ['nothing has changed', 'nothing has changed', 'info\nhub: debug', 'info']
  assert.ok(stdout.endsWith(`\n${said.join('\n')}\nbelfry: http://127.0.0.1:${web}/alive answers\n`), stdout)
  assert.match(stdout, new RegExp(`^web +127\\.0\\.0\\.1:${web}$`, 'm'))
})

test('docs/operating.md names each setting that a reload takes over, and no other', () => {
  const text = readFileSync(path.join(ROOT, 'docs/operating.md'), 'utf8')
  const [, table = ''] = /^What it takes over,.*?\n\n(.*?)\n\n/ms.exec(text) ?? []
  const rows = table.split('\n').slice(3)
  const named = rows.flatMap((row) => [...row.split('|')[1]!.matchAll(/`([^`]+)`/g)].map(([, key]) => key))
  const keyOf = (option: string) => allSettings.find((one) => one.option === option)!.setting.key
  assert.deepEqual(named.toSorted(), LIVE_SETTINGS.map(keyOf).toSorted())
})
