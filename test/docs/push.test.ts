import assert from 'node:assert/strict'
import { checkSettings } from '../../src/commands/check.ts'
import { testPage } from './test-page.ts'

testPage(
  'docs/push.md',
  async (page) => {
    await page.run('openssl ecparam')
    const { path: cwd } = page.place.folder
    const settings = { ...process.env, BELFRY_VAPID_KEY: 'vapid_key.pem', DOMAIN: 'https://vault.example.com' }
    assert.deepEqual(await checkSettings(undefined, { cwd, env: settings }), [])
    await page.place.file('other.pem', 'no key')
    await assert.rejects(checkSettings(undefined, { cwd, env: { ...settings, BELFRY_VAPID_KEY: 'other.pem' } }))
  },
  ['openssl'],
)
