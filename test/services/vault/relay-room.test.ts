import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { ConfigError } from '#kit'
import { startTestServer } from '../../helpers/server.ts'
import { within } from '../../helpers/wait.ts'

const INSTALLATION = { id: '8a5ad1a9-cf1c-4a7b-9ba5-2f6ad1bb2d63', key: 'installation-key' }
const USER = '11111111-1111-4111-8111-111111111111'

const CREDENTIALS = {
  grant_type: 'client_credentials',
  scope: 'api.push',
  client_id: `installation.${INSTALLATION.id}`,
  client_secret: INSTALLATION.key,
}

async function askForToken(url: string, changes: Partial<typeof CREDENTIALS> = {}) {
  const response = await fetch(url, { method: 'POST', body: new URLSearchParams({ ...CREDENTIALS, ...changes }) })
  const text = await response.text()
  return { status: response.status, json: text.startsWith('{') ? JSON.parse(text) : undefined }
}

async function send(url: string, token: string): Promise<number> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ userId: USER, type: 5, payload: { userId: USER } }),
  })
  await response.text()
  return response.status
}

const PUSH_PATHS = ['/push/send', '/push/register', '/push/delete/x', '/api/push/send', '/connect/token']

test('without a configured server there is no relay, and no token for one', async () => {
  await using server = await startTestServer()
  for (const path of PUSH_PATHS) assert.equal(await send(server.webUrl + path, 'token'), 404, path)
  const { status, json } = await askForToken(`${server.webUrl}/identity/connect/token`)
  assert.equal(status, 400)
  assert.equal(json.object, 'error')
})

test('the relay stands below the path of DOMAIN, and nothing of it elsewhere', async () => {
  await using server = await startTestServer({
    relay: { installations: [INSTALLATION] },
    vault: { domain: 'https://vault.example.com/warden' },
  })
  for (const path of ['/warden/identity/connect/token', '/warden/connect/token']) {
    const { json } = await askForToken(server.webUrl + path)
    assert.equal(await send(`${server.webUrl}/warden/push/send`, json.access_token), 200)
    assert.equal(await send(`${server.webUrl}/warden/api/push/send?x=1`, json.access_token), 200)
    for (const path of PUSH_PATHS) assert.equal(await send(server.webUrl + path, json.access_token), 404, path)
  }
})

test('who asks for too many tokens has to wait, whichever way the requests come', async () => {
  await using server = await startTestServer({
    relay: { installations: [INSTALLATION] },
    vault: { loginRatelimitMaxBurst: 2 },
  })
  const wrong = { client_secret: 'wrong' }
  for (const path of ['/connect/token', '/identity/connect/token']) {
    const { status, json } = await askForToken(server.webUrl + path, wrong)
    assert.deepEqual([status, json], [400, { error: 'invalid_client' }])
  }
  assert.equal((await askForToken(`${server.webUrl}/connect/token`)).status, 429)
  assert.equal((await askForToken(`${server.webUrl}/identity/connect/token`)).status, 429)
})

test('a token for a server opens nothing that is a user’s', async () => {
  await using server = await startTestServer({ relay: { installations: [INSTALLATION] } })
  const { json } = await askForToken(`${server.webUrl}/connect/token`)
  const headers = { Authorization: `Bearer ${json.access_token}` }
  assert.equal((await fetch(`${server.webUrl}/api/sync`, { headers })).status, 401)
  const upgrade = await fetch(`${server.webUrl}/notifications/hub/negotiate?negotiateVersion=1`, {
    method: 'POST',
    headers,
  })
  assert.equal(upgrade.status, 401)
})

test('a key that cannot be used ends the start', async () => {
  const installation = { ...INSTALLATION, issuer: 'https://vault.example.com|login', publicKeyFile: '/nowhere/key.pem' }
  await assert.rejects(startTestServer({ relay: { installations: [installation] } }), (error: Error) => {
    assert.ok(error instanceof ConfigError)
    assert.match(error.message, /Cannot read the key file "\/nowhere\/key\.pem"/)
    return true
  })
})

test('the Identity service of a relayed server is asked for its keys at the start', async () => {
  const { promise: asked, resolve } = Promise.withResolvers<string | undefined>()
  const identity = createServer((request, response) => {
    resolve(request.url)
    response.writeHead(404).end()
  }).listen(0, '127.0.0.1')
  await once(identity, 'listening')
  const { port } = identity.address() as AddressInfo
  await using _ = await startTestServer({
    relay: { installations: [{ ...INSTALLATION, identity: `http://127.0.0.1:${port}/identity` }] },
  })
  assert.equal(await within(asked, 'the question'), '/identity/.well-known/openid-configuration')
  identity.close()
  identity.closeAllConnections()
})
