import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { after, before, test } from 'node:test'
import { createVaultApp, type VaultSettings } from '#vault'
import { type Json, registerAndLogin, type TestDevice } from '../helpers/account.ts'
import { startVault, type TestVault } from './harness.ts'

let vault: TestVault
let alice: TestDevice
before(async () => {
  vault = await startVault()
  alice = await registerAndLogin({ fetch: vault.fetch })
})
after(() => vault[Symbol.asyncDispose]())

const get = (path: string, headers: Record<string, string> = {}) => vault.fetch(vault.server + path, { headers })

test('the configuration tells clients where everything is', async () => {
  const response = await get('/api/config')
  assert.deepEqual(await response.json(), {
    version: '2026.6.0',
    gitHash: null,
    server: { name: 'Belfry', url: 'https://localhost' },
    settings: { disableUserRegistration: false, suppressOnboardingInterstitials: false },
    environment: {
      vault: 'https://localhost',
      api: 'https://localhost/api',
      identity: 'https://localhost/identity',
      notifications: 'https://localhost/notifications',
      sso: '',
      cloudRegion: null,
    },
    push: { pushTechnology: 0, vapidPublicKey: null },
    featureStates: { 'pm-19148-innovation-archive': true },
    communication: null,
    object: 'config',
  })
})

test('the configuration tells of Web Push while it is there, and else of SignalR alone', async () => {
  let publicKey: string | undefined
  const webPush = {
    get publicKey() {
      return publicKey
    },
    isReachable: () => true,
  }
  const app = await createVaultApp({ ...vault.context, webPush })
  const told = async () => (await app.inject('/api/config')).json().push
  assert.deepEqual(await told(), { pushTechnology: 0, vapidPublicKey: null })
  publicKey = `B${'a'.repeat(86)}`
  assert.deepEqual(await told(), { pushTechnology: 1, vapidPublicKey: publicKey })
  publicKey = undefined
  assert.deepEqual(await told(), { pushTechnology: 0, vapidPublicKey: null })
  await app.close()
})

for (const [isHidden, settings] of [
  [false, { signupsAllowed: true, sendsMail: true }],
  [true, { signupsAllowed: false, invitationsAllowed: false }],
  [false, { signupsAllowed: false, invitationsAllowed: true }],
  [true, { signupsAllowed: false, invitationsAllowed: true, sendsMail: true }],
  [false, { signupsAllowed: false, signupsDomainsWhitelist: ['a.org'], sendsMail: true }],
] as const) {
  test(`the sign-up page is ${isHidden ? 'hidden' : 'shown'} with ${JSON.stringify(settings)}`, async () => {
    await using closed = await startVault(settings)
    const response = await closed.fetch(`${closed.server}/api/config`)
    assert.equal(((await response.json()) as Json).settings.disableUserRegistration, isHidden)
  })
}

test('clients are told what the operator has switched on in them', async () => {
  await using vault = await startVault({ featureFlags: ['ssh-agent'], suppressesOnboarding: true })
  const { settings, featureStates } = (await (await vault.fetch(`${vault.server}/api/config`)).json()) as Json
  assert.equal(settings.suppressOnboardingInterstitials, true)
  assert.deepEqual(featureStates, { 'ssh-agent': true, 'pm-19148-innovation-archive': true })
})

test('small questions are answered in JSON', async () => {
  for (const path of ['/api/version', '/version', '/notifications/version']) {
    assert.equal(await (await get(path)).json(), '2026.6.0')
  }
  for (const path of ['/api/now', '/api/alive', '/alive', '/now', '/notifications/alive', '/notifications/now']) {
    assert.match((await (await get(path)).json()) as string, /^\d{4}-\d\d-\d\dT.*\d{6}Z$/)
  }
  assert.deepEqual(await (await get('/api/tasks')).json(), { data: [], object: 'list' })
  const head = await vault.fetch(`${vault.server}/alive`, { method: 'HEAD' })
  assert.deepEqual([head.status, await head.text()], [200, ''])
  const nothing = { data: [], object: 'list', continuationToken: null }
  assert.deepEqual((await alice.get('/api/webauthn')).json, nothing)
  // Without mail and a Yubico account: authenticator apps and security keys.
  assert.deepEqual((await alice.get('/api/two-factor')).json, { ...nothing, offeredTypes: [0, 7] })
})

test('the images of letters are there for whoever reads one', async () => {
  for (const path of ['/vw_static/logo-gray.png', '/vw_static/mail-github.png']) {
    const response = await get(path)
    assert.deepEqual([response.status, response.headers.get('content-type')], [200, 'image/png'])
    // What every PNG begins with.
    const { rawPayload } = await vault.app.inject(path)
    assert.equal(rawPayload.subarray(0, 8).toString('hex'), '89504e470d0a1a0a')
  }
})

test('a server whose database does not answer is not alive', async () => {
  const broken = await startVault()
  await broken.store.close()
  const response = await broken.fetch(`${broken.server}/alive`)
  assert.equal(response.status, 503)
  await broken[Symbol.asyncDispose]()
})

test('a path that does not exist is answered in the form of Vaultwarden', async () => {
  const paths = ['/api/nothing', '/api/ciphers/not-an-id', '/nothing', '/identity/connect/authorize', '/api/%zz']
  for (const path of [...paths, `/api/devices/identifier/${'x'.repeat(1000)}`]) {
    const response = await get(path)
    assert.equal(response.status, 404)
    assert.deepEqual(await response.json(), {
      error: { code: 404, reason: 'Not Found', description: 'The requested resource could not be found.' },
    })
  }
})

test('a slash at the end makes no difference, for clients write one here and there', async () => {
  for (const path of ['/api/auth-requests/', '/api/sync/?excludeDomains=true', '/api/two-factor/']) {
    assert.equal((await alice.get(path)).status, 200, path)
  }
  const { status, json } = await alice.post('/api/folders/', { name: alice.encrypt('folder') })
  assert.equal(status, 200)
  assert.equal((await alice.delete(`/api/folders/${json.id}/`)).status, 200)
})

test('without a good token there is nothing but 401', async () => {
  for (const authorization of ['', 'Bearer', 'Bearer x', `Bearer ${alice.token.refresh_token}`, 'Basic eDp5']) {
    for (const path of ['/api/sync', '/api/accounts/profile', '/api/devices', '/api/ciphers', '/api/folders']) {
      const response = await get(path, authorization === '' ? {} : { Authorization: authorization })
      assert.equal(response.status, 401)
      assert.equal(((await response.json()) as Json).error.code, 401)
    }
  }
})

test('a body that is not what it should be is refused with the name of what is wrong', async () => {
  const send = async (body: string, type = 'application/json; charset=utf-8', path = '/api/folders') => {
    const response = await vault.fetch(vault.server + path, {
      method: 'POST',
      headers: { Authorization: `Bearer ${alice.accessToken}`, 'Content-Type': type },
      body,
    })
    const json = (await response.json()) as Json
    return [response.status, json.object, ...Object.keys(json.validationErrors)]
  }
  assert.deepEqual(await send('{"name": "secret'), [400, 'error', ''])
  assert.deepEqual(await send('{"__proto__": {"name": "x"}}'), [400, 'error', ''])
  assert.deepEqual(await send('null'), [400, 'error', 'body'])
  assert.deepEqual(await send('[]'), [400, 'error', 'body'])
  assert.deepEqual(await send('{}'), [400, 'error', 'name'])
  assert.deepEqual(await send('name=x', 'application/x-www-form-urlencoded'), [415, 'error', ''])
  assert.deepEqual(await send('{}', 'application/json', '/identity/connect/token'), [415, 'error', ''])
  assert.deepEqual(await send('', 'application/x-www-form-urlencoded', '/identity/connect/token'), [
    400,
    'error',
    'grant_type',
  ])
})

test('a body of up to 20 MB is read and a larger one is not', async () => {
  const sized = (bytes: number) => `{"name":"2.x","more":"${'x'.repeat(bytes - 24)}"}`
  const send = async (body: string) =>
    vault.app.inject({
      method: 'POST',
      url: '/api/folders',
      headers: { authorization: `Bearer ${alice.accessToken}`, 'content-type': 'application/json' },
      payload: body,
    })
  const tooLarge = await send(sized(20_000_001))
  assert.deepEqual([tooLarge.statusCode, tooLarge.json().message], [413, 'The request body is too large.'])
  assert.equal((await send(sized(20_000_000))).statusCode, 200)
})

test('a stranger may not send a large body anywhere', async () => {
  const payload = JSON.stringify({ email: 'x'.repeat(1 << 20) })
  for (const url of ['/identity/accounts/prelogin', '/identity/accounts/register', '/api/nothing']) {
    const headers = { 'content-type': 'application/json' }
    const { statusCode } = await vault.app.inject({ method: 'POST', url, headers, payload })
    assert.equal(statusCode, 413)
  }
})

test('every answer carries the headers that keep it to itself', async () => {
  for (const path of ['/api/config', '/api/sync', '/api/nothing']) {
    const { headers } = await get(path)
    assert.equal(headers.get('cache-control'), 'no-cache, no-store, max-age=0')
    assert.equal(headers.get('x-content-type-options'), 'nosniff')
    assert.equal(headers.get('x-frame-options'), 'SAMEORIGIN')
    assert.match(headers.get('content-security-policy')!, /default-src 'none'/)
  }
})

test('only our own origin and the apps are allowed to read answers across origins', async () => {
  const allowed = async (origin: string) =>
    (await get('/api/config', { Origin: origin })).headers.get('access-control-allow-origin')
  for (const origin of ['https://localhost', 'file://', 'bw-desktop-file://bundle']) {
    assert.equal(await allowed(origin), origin)
  }
  for (const origin of ['https://evil.example', 'null', 'http://localhost']) assert.equal(await allowed(origin), null)
})

test('a preflight is answered for every path', async () => {
  for (const path of ['/api/sync', '/identity/connect/token', '/nothing']) {
    const { status, headers } = await vault.fetch(vault.server + path, {
      method: 'OPTIONS',
      headers: {
        Origin: 'file://',
        'Access-Control-Request-Method': 'PUT',
        'Access-Control-Request-Headers': 'authorization, content-type',
      },
    })
    assert.equal(status, 200)
    assert.equal(headers.get('access-control-allow-methods'), 'PUT')
    assert.equal(headers.get('access-control-allow-headers'), 'authorization, content-type')
    assert.equal(headers.get('access-control-allow-credentials'), 'true')
    assert.equal(headers.get('access-control-allow-origin'), 'file://')
  }
})

test('behind a path everything stands below it', async () => {
  await using prefixed = await startVault({ domain: 'https://localhost/vault', pathPrefix: '/vault' })
  const bob = await registerAndLogin({ fetch: prefixed.fetch, server: prefixed.server })
  assert.equal((await bob.get('/api/sync')).status, 200)
  for (const path of ['/vault/alive', '/vault/', '/vault/api/config']) {
    assert.equal((await prefixed.fetch(`https://localhost${path}`)).status, 200)
  }
  assert.equal((await prefixed.fetch('https://localhost/api/config')).status, 404)
})

test('the first page says what to enter in the apps, and loads nothing', async () => {
  const response = await get('/')
  const page = await response.text()
  assert.match(response.headers.get('content-type')!, /^text\/html/)
  assert.ok(page.includes('<code>https://localhost</code>'))
  assert.ok(!/<(script|link|img)|url\(|@import/.test(page))
  const style = /<style>(.*?)<\/style>/s.exec(page)![1]!
  const hash = createHash('sha256').update(style).digest('base64')
  assert.ok(response.headers.get('content-security-policy')!.includes(`style-src 'sha256-${hash}'`))
})

test('the log names routes, not paths', async () => {
  const { json } = await alice.post('/api/folders', { name: '2.name' })
  await alice.get(`/api/folders/${json.id}?access_token=secret`)
  const text = JSON.stringify(vault.logged)
  assert.ok(text.includes(alice.userId))
  assert.ok(!text.includes(json.id))
  assert.ok(!text.includes('secret'))
})

test('over a real connection a request is answered and a stranger is not listened to', async () => {
  const server = createServer((request, response) => vault.app.routing(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  try {
    const bob = await registerAndLogin({ server: `http://127.0.0.1:${port}` })
    const { json } = await bob.post('/api/ciphers', bob.loginItem('over a socket'))
    assert.equal(bob.decrypt(json.name), 'over a socket')
    const { json: synced } = await bob.get('/api/sync?excludeDomains=true')
    assert.deepEqual(synced.ciphers, [json])

    // The body is announced and never sent: the answer must not wait for it.
    const socket = connect(port, '127.0.0.1')
    socket.write(
      'POST /api/ciphers HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9999\r\n\r\n',
    )
    const [chunk] = (await Promise.race([
      new Promise((resolve) => socket.once('data', (data) => resolve([data]))),
      new Promise((_, reject) => setTimeout(() => reject(new Error('no answer')), 5000).unref()),
    ])) as [Buffer]
    assert.match(chunk.toString(), /^HTTP\/1\.1 401 /)
    socket.destroy()
  } finally {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
})

test('without a DOMAIN clients are told the address they came by, with one that address', async () => {
  const environmentFor = async (settings: Partial<VaultSettings>, headers: Record<string, string>) => {
    await using vault = await startVault(settings)
    const { body } = await vault.app.inject({ url: '/api/config', headers })
    return JSON.parse(body).environment.notifications
  }
  const proxied = { host: '10.0.0.7', 'x-forwarded-host': 'vault.example.com', 'x-forwarded-proto': 'https' }
  const unset = { domain: undefined, origin: 'http://localhost' }
  assert.equal(await environmentFor(unset, { host: 'box:8000' }), 'http://box:8000/notifications')
  assert.equal(await environmentFor(unset, proxied), 'https://vault.example.com/notifications')
  assert.equal(await environmentFor(unset, { host: 'evil"><script>' }), 'http://localhost/notifications')
  assert.equal(await environmentFor({}, proxied), 'https://localhost/notifications')
})
