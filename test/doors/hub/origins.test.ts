import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { HubOrigins } from '#doors/hub'
import { startHub } from './hub-server.ts'
import { type Answer, ask, askToUpgrade, EventStream, HUB, negotiate } from './requests.ts'

const NEGOTIATE = `${HUB}/negotiate`
const ANY: HubOrigins = { sameOrigin: false, allowedOrigins: [] }
const LISTED: HubOrigins = { ...ANY, allowedOrigins: ['https://dash.example', 'https://*.apps.example:*'] }
const SAME: HubOrigins = { ...ANY, sameOrigin: true }
const BEHIND_PROXY: HubOrigins = { ...SAME, reachedBy: () => ({ host: 'vault.example', isTls: true }) }
const OWN: HubOrigins = { ...LISTED, own: 'https://vault.example' }

const cases: [name: string, origins: HubOrigins, origin: string, isWelcome: boolean][] = [
  ['by default', ANY, 'https://anybody.example', true],
  ['by default', ANY, 'null', true],
  ['with a list', LISTED, 'https://dash.example', true],
  ['with a list', LISTED, 'https://one.apps.example:8443', true],
  ['with a list', LISTED, 'https://apps.example', false],
  ['with a list', LISTED, 'https://dash.example.evil.example', false],
  ['with a list', LISTED, 'http://dash.example', false],
  ['with a list', LISTED, 'https://vault.example', false],
  ['with a list', LISTED, 'null', false],
  ['with a list', LISTED, 'https://bundle', false],
  ['with a list', LISTED, 'evil-file://bundle', false],
  ['with a list', LISTED, 'file://evil.example', false],
  ['with a list and DOMAIN', OWN, 'https://vault.example', true],
  ['with a list and DOMAIN', OWN, 'https://vault.example:8443', false],
  ['with the same origin', SAME, 'http://localhost:4711', true],
  ['with the same origin', SAME, 'http://localhost', false],
  ['with the same origin', SAME, 'https://localhost:4711', false],
  ['with the same origin behind a proxy', BEHIND_PROXY, 'https://vault.example', true],
  ['with the same origin behind a proxy', BEHIND_PROXY, 'http://localhost:4711', false],
]
const APPS = [
  'chrome-extension://nngceckbapebfimnlniiiahkandclblb',
  'moz-extension://0c4d3b1a-0000-4000-8000-000000000000',
  'safari-web-extension://0c4d3b1a-0000-4000-8000-000000000000',
  'file://',
  'bw-desktop-file://bundle',
]
for (const origin of APPS)
  cases.push(['with a list', LISTED, origin, true], ['with the same origin', SAME, origin, true])

for (const [name, origins, origin, isWelcome] of cases) {
  test(`${name} a page of ${origin} is ${isWelcome ? 'welcome' : 'refused'}, by each way in`, async () => {
    await using hub = await startHub({ origins })
    const headers = { Origin: origin, Host: 'localhost:4711' }
    const answers = [
      await askToUpgrade(hub, HUB, { headers }),
      await ask(hub, 'POST', NEGOTIATE, { headers }),
      await ask(hub, 'GET', HUB, { headers }),
      await ask(hub, 'OPTIONS', HUB, { headers }),
    ]
    assert.deepEqual(
      answers.map(({ status }) => status),
      isWelcome ? [101, 200, 400, 204] : [403, 403, 403, 403],
    )
    for (const { text, headers: answered } of isWelcome ? [] : answers) {
      assert.equal(JSON.parse(text).message, 'Origin not allowed')
      assert.equal(answered['access-control-allow-origin'], undefined)
    }
    assert.equal(hub.log.filter((line) => line.includes('refused for its origin')).length, isWelcome ? 0 : 4)
  })
}

test('a client that is no browser has no origin, and is welcome', async () => {
  await using hub = await startHub({ origins: { ...LISTED, sameOrigin: true } })
  assert.equal((await askToUpgrade(hub, HUB)).status, 101)
  const { status, headers } = await ask(hub, 'POST', NEGOTIATE)
  assert.equal(status, 200)
  assert.equal(headers['access-control-allow-origin'], undefined)
  assert.equal(headers.vary, 'Origin')
})

const page = { Origin: 'https://dash.example' }

function assertShared({ headers }: Pick<Answer, 'headers'>): void {
  assert.equal(headers['access-control-allow-origin'], 'https://dash.example')
  assert.equal(headers['access-control-allow-credentials'], 'true')
  assert.match(headers.vary ?? '', /^Origin\b/)
}

test('a welcome page may read every answer, those that refuse it too', async () => {
  await using hub = await startHub({ origins: LISTED, maxConnectionsPerAddress: 4 })
  const path = await negotiate(hub)
  assertShared(await ask(hub, 'POST', NEGOTIATE, { headers: page }))
  assertShared(await ask(hub, 'POST', NEGOTIATE, { headers: page, token: '' }))
  assertShared(await ask(hub, 'GET', HUB, { headers: page }))
  assertShared(await ask(hub, 'GET', `${HUB}?id=unknown`, { headers: page }))
  assertShared(await ask(hub, 'GET', path, { headers: page }))
  assertShared(await ask(hub, 'POST', path, { headers: page, body: 'x' }))
  assertShared(await ask(hub, 'PUT', path, { headers: page }))
  assertShared(await ask(hub, 'DELETE', path, { headers: page }))
  const stream = await EventStream.open(hub, await negotiate(hub), page)
  assertShared(stream)
  stream.destroy()
})

test('a welcome page may send what the client library sends', async () => {
  await using hub = await startHub({ origins: LISTED })
  for (const [path, methods] of [
    [HUB, 'GET, POST, DELETE, OPTIONS'],
    [NEGOTIATE, 'POST, OPTIONS'],
  ] as const) {
    const wanted = 'authorization,content-type,x-requested-with,x-signalr-user-agent'
    const headers = {
      ...page,
      'Access-Control-Request-Method': 'POST',
      'Access-Control-Request-Headers': wanted,
    }
    const answer = await ask(hub, 'OPTIONS', path, { headers, token: '' })
    assert.equal(answer.status, 204)
    assertShared(answer)
    assert.equal(answer.headers['access-control-allow-methods'], methods)
    assert.equal(answer.headers['access-control-allow-headers'], wanted)
    assert.equal(answer.headers['access-control-max-age'], '7200')
    assert.equal(answer.headers.vary, 'Origin, Access-Control-Request-Headers')
  }
})
