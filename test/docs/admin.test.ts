import assert from 'node:assert/strict'
import { startTestServer } from '../helpers/server.ts'
import { testPage } from './test-page.ts'

testPage('docs/admin.md', async (page) => {
  const { stdout } = await page.run('belfry admin hash', { input: 'a token for the pages\n' })
  await using server = await startTestServer({ admin: { token: stdout.trim() } })
  const logIn = (token: string) =>
    fetch(`${server.webUrl}/admin/session`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ token }),
    })
  // Three times, right or wrong.
  assert.equal((await logIn('a token for the pages')).status, 204)
  assert.equal((await logIn('another')).status, 401)
  assert.equal((await logIn('a token for the pages')).status, 204)
  assert.equal((await logIn('a token for the pages')).status, 429)
})
