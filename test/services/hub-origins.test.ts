import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConfigError } from '#kit'
import { startServer } from '#server'
import { startTestServer } from '../helpers/server.ts'
import { temporaryFolder } from '../helpers/temp.ts'

/** Of a page that is welcome, which has no token. */
const WELCOME = 401
const REFUSED = 403

async function statusFor(url: string, headers: Record<string, string>): Promise<number> {
  const response = await fetch(`${url}/notifications/hub/negotiate`, { method: 'POST', headers })
  await response.arrayBuffer()
  return response.status
}

test('by default every page may use the hub', async () => {
  await using server = await startTestServer()
  assert.equal(await statusFor(server.webUrl, { Origin: 'https://anybody.example' }), WELCOME)
})

test('with same_origin pages are welcome of the address that was asked for, and of that in DOMAIN', async () => {
  await using server = await startTestServer({
    hub: { sameOrigin: true },
    vault: { domain: 'https://vault.example' },
  })
  const { webUrl } = server
  assert.equal(await statusFor(webUrl, { Origin: webUrl }), WELCOME)
  assert.equal(await statusFor(webUrl, { Origin: 'https://vault.example' }), WELCOME)
  assert.equal(await statusFor(webUrl, { Origin: 'moz-extension://0c4d3b1a-0000-4000-8000-000000000000' }), WELCOME)
  assert.equal(await statusFor(webUrl, { Origin: 'https://evil.example' }), REFUSED)
  assert.equal(await statusFor(webUrl, {}), WELCOME)
})

const forwarded = { 'X-Forwarded-Proto': 'https', 'X-Forwarded-Host': 'other.example', Origin: 'https://other.example' }

test('what a proxy says was asked for counts where its word on addresses does', async () => {
  await using believing = await startTestServer({ hub: { sameOrigin: true } })
  assert.equal(await statusFor(believing.webUrl, forwarded), WELCOME)
  await using doubting = await startTestServer({ hub: { sameOrigin: true }, web: { ipHeader: 'none' } })
  assert.equal(await statusFor(doubting.webUrl, forwarded), REFUSED)
})

test('with allowed_origins pages of the list are welcome, of the anonymous hub too', async () => {
  await using server = await startTestServer({ hub: { allowedOrigins: ['https://*.dash.example'] } })
  const { webUrl } = server
  assert.equal(await statusFor(webUrl, { Origin: 'https://one.dash.example' }), WELCOME)
  assert.equal(await statusFor(webUrl, { Origin: 'https://dash.example' }), REFUSED)
  const anonymous = `${webUrl}/notifications/anonymous-hub/negotiate?Token=55555555-5555-4555-8555-555555555555`
  const ask = (origin: string) => fetch(anonymous, { method: 'POST', headers: { Origin: origin } })
  assert.equal((await ask('https://one.dash.example')).status, 200)
  assert.equal((await ask('https://dash.example')).status, REFUSED)
})

test('an origin that nobody can have is an error of the configuration', async () => {
  await using folder = await temporaryFolder()
  for (const origin of ['https://*foo.example', 'ftp://files.example', 'https://']) {
    const started = startServer({ hub: { allowedOrigins: [origin] }, vault: { dataFolder: folder.path } })
    await assert.rejects(started, (error) => {
      assert.ok(error instanceof ConfigError)
      assert.match(error.message, /hub\.allowed_origins: unable to parse allowed origin/)
      return true
    })
  }
})
