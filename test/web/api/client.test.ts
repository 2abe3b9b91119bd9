import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { endAllSessions, getProfile, getRevisionDate } from '../../../web/src/api/account.ts'
import { Api } from '../../../web/src/api/client.ts'
import { getConfig } from '../../../web/src/api/config.ts'
import { deauthorizeDevice } from '../../../web/src/api/devices.ts'
import { Refused, TooManyRequests, Unauthorized, Unreachable } from '../../../web/src/api/errors.ts'
import { restoredTokens } from '../../../web/src/api/tokens.ts'
import { getSync } from '../../../web/src/api/vault.ts'
import { startVault, type TestVault } from '../../vault/harness.ts'
import { logInto, newDevice, registerAndLogIn } from './signed-in.ts'

const HOUR_MS = 3_600_000

let vault: TestVault
/** Requests of the clients below: method and path. */
const asked: string[] = []
let where: { base: string; fetch: typeof globalThis.fetch; now: () => number }
before(async () => {
  vault = await startVault()
  const fetch: typeof globalThis.fetch = async (input, init) => {
    asked.push(`${init?.method ?? 'GET'} ${new URL(String(input)).pathname}`)
    return vault.fetch(input, init)
  }
  where = { base: vault.server, fetch, now: () => vault.context.clock.now() }
})
after(() => vault[Symbol.asyncDispose]())

const REFRESH = 'POST /identity/connect/token'
const takeAsked = () => asked.splice(0)

test('an access token that is about to end is renewed once for all who ask', async () => {
  const { api, email } = await registerAndLogIn(where)
  const before = api.tokens.value
  vault.advance(2 * HOUR_MS - 4 * 60_000)
  takeAsked()
  const profiles = await Promise.all([getProfile(api), getProfile(api), getRevisionDate(api)])
  assert.equal(profiles[0].email, email)
  assert.equal(takeAsked().filter((request) => request === REFRESH).length, 1)
  assert.notEqual(api.tokens.value?.accessToken, before?.accessToken)
  await getProfile(api)
  assert.deepEqual(takeAsked(), ['GET /api/accounts/profile'])
})

test('an access token that the server does not take is renewed, and the request is made once more', async () => {
  const { api, email } = await registerAndLogIn(where)
  // Its own clock is behind: the token looks good.
  api.tokens.value = { ...api.tokens.value!, accessToken: `${api.tokens.value!.accessToken}x` }
  takeAsked()
  assert.equal((await getProfile(api)).email, email)
  assert.deepEqual(takeAsked(), ['GET /api/accounts/profile', REFRESH, 'GET /api/accounts/profile'])
})

test('a session goes on from its refresh token alone', async () => {
  const { api, email } = await registerAndLogIn(where)
  const next = new Api({ ...where, device: api.device })
  next.tokens.value = restoredTokens(api.tokens.value!.refreshToken!)
  assert.equal((await getProfile(next)).email, email)
})

test('a device that is deauthorised is signed out at its next request, whatever it is', async () => {
  const { api, email } = await registerAndLogIn(where)
  const other = await logInto(email, where)
  await deauthorizeDevice(other.api, api.device.identifier)
  const heard: unknown[] = []
  api.tokens.listen((tokens) => heard.push(tokens))
  await assert.rejects(getSync(api), Unauthorized)
  assert.deepEqual(heard, [null])
  takeAsked()
  await assert.rejects(getSync(api), Unauthorized)
  assert.deepEqual(takeAsked(), [])
  assert.equal((await getProfile(other.api)).email, email)
})

test('where another tab has logged in again its refresh token is used, and the session goes on', async () => {
  const first = await registerAndLogIn(where)
  const { device } = first.api
  await endAllSessions(first.api, first.secret)
  const second = await logInto(first.email, { ...where, device })
  const shared = [first, second, second].map(({ api }) => api.tokens.value!.refreshToken)
  const tab = new Api({ ...where, device, sharedRefreshToken: () => shared.shift() ?? null })
  tab.tokens.value = first.api.tokens.value
  takeAsked()
  assert.equal((await getProfile(tab)).email, first.email)
  // The first one was worth nothing any more.
  assert.deepEqual(takeAsked(), ['GET /api/accounts/profile', REFRESH, REFRESH, 'GET /api/accounts/profile'])
})

test('who logs out while a token is renewed stays logged out', async () => {
  const { api } = await registerAndLogIn(where)
  vault.advance(2 * HOUR_MS)
  const asking = getProfile(api)
  api.tokens.value = null
  await assert.rejects(asking, Unauthorized)
  assert.equal(api.tokens.value, null)
})

test('one who does not wait any more ends only their own request', async () => {
  const { api, email } = await registerAndLogIn(where)
  vault.advance(2 * HOUR_MS)
  const giveUp = new AbortController()
  const given = getProfile(api, { signal: giveUp.signal })
  const waiting = getProfile(api)
  giveUp.abort()
  await assert.rejects(given, { name: 'AbortError' })
  assert.equal((await waiting).email, email)
})

test('what the server declines is told in its words, with the status', async () => {
  const { api } = await registerAndLogIn(where)
  await assert.rejects(endAllSessions(api, { masterPasswordHash: 'wrong' }), (error) => {
    assert.ok(error instanceof Refused)
    assert.deepEqual([error.status, error.message], [400, 'Invalid password'])
    assert.deepEqual(error.fields, { masterPasswordHash: ['Invalid password'] })
    return true
  })
  await assert.rejects(api.request('GET', 'api/nothing'), (error) => error instanceof Refused && error.status === 404)
})

test('the server knows what sort of client it is, below any path', async (t) => {
  const received: { url: string; headers: Record<string, unknown> }[] = []
  const server = createServer(({ url = '', headers }, response) => {
    received.push({ url, headers })
    response.end('{"version":"1","settings":{"disableUserRegistration":true}}')
  }).listen(0, '127.0.0.1')
  t.after(() => server.close())
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  const api = new Api({ base: `http://127.0.0.1:${port}/vault`, device: newDevice() })
  assert.deepEqual(await getConfig(api), { version: '1', name: null, isClosed: true })
  const [{ url, headers } = { url: '', headers: {} }] = received
  assert.equal(url, '/vault/api/config')
  assert.equal(headers['device-type'], '9')
  assert.equal(headers['device-identifier'], api.device.identifier)
  assert.equal(headers['bitwarden-client-name'], 'web')
  assert.match(String(headers['bitwarden-client-version']), /^20\d\d\.\d+\.\d+$/)
})

/** A server that answers everything as `answer` has it. */
async function standIn(answer: Parameters<typeof createServer>[1]) {
  const server = createServer(answer!).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const api = new Api({ base: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, device: newDevice() })
  api.tokens.value = { accessToken: 'a', refreshToken: 'r', expiresAtMs: Date.now() + HOUR_MS }
  return {
    api,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
    },
  }
}

const TROUBLES: readonly [name: string, answer: Parameters<typeof createServer>[1]][] = [
  ['a gateway whose server is away', (_request, response) => void response.writeHead(502).end('<html>Bad gateway')],
  ['a page in place of an answer', (_request, response) => void response.writeHead(200).end('<html>Sign in to Wi-Fi')],
  ['a redirect', (_request, response) => void response.writeHead(302, { Location: 'https://example.com/' }).end()],
  [
    'a connection that breaks in the answer',
    (_request, response) => {
      response.writeHead(200, { 'Content-Length': '100' }).write('{"a":')
      setTimeout(() => response.destroy(), 20)
    },
  ],
  [
    'an answer without an end',
    (_request, response) => {
      const chunk = Buffer.alloc(1024 * 1024, ' ')
      const more = () => {
        while (!response.destroyed && response.write(chunk));
      }
      response.on('drain', more)
      more()
    },
  ],
]

for (const [name, answer] of TROUBLES) {
  test(`${name} is a server that cannot be reached, and ends no session`, async () => {
    await using server = await standIn(answer)
    await assert.rejects(getProfile(server.api), Unreachable)
    assert.ok(server.api.tokens.value)
  })
}

test('a server that is silent is given up', async () => {
  await using server = await standIn(() => {})
  await assert.rejects(server.api.request('GET', 'api/config', { as: 'anybody', idleMs: 50 }), Unreachable)
})

test('an answer that comes slowly is waited for', async () => {
  await using server = await standIn((_request, response) => {
    const parts = ['{"a"', ':', '1', '}']
    const timer = setInterval(() => {
      const part = parts.shift()
      if (part !== undefined) return void response.write(part)
      clearInterval(timer)
      response.end()
    }, 60)
  })
  assert.deepEqual(await server.api.request('GET', 'x', { as: 'anybody', idleMs: 150 }), { a: 1 })
})

test('a server that goes away while a token is renewed ends no session', async () => {
  await using server = await standIn((request, response) => {
    if (request.url === '/identity/connect/token') request.socket.destroy()
    else response.writeHead(401).end('{}')
  })
  await assert.rejects(getProfile(server.api), Unreachable)
  assert.ok(server.api.tokens.value)
})

test('a server that takes no token, not even a new one, has ended the session', async () => {
  let renewals = 0
  await using server = await standIn((request, response) => {
    if (request.url !== '/identity/connect/token') return void response.writeHead(401).end('{}')
    renewals++
    response.end(JSON.stringify({ access_token: `a${renewals}`, refresh_token: 'r', expires_in: 7200 }))
  })
  await assert.rejects(getProfile(server.api), Unauthorized)
  assert.deepEqual([renewals, server.api.tokens.value], [1, null])
})

test('too many attempts are told apart, with the time to wait', async () => {
  await using server = await standIn((_request, response) => {
    response.writeHead(429, { 'Retry-After': '7' }).end('{"message":"Too many requests"}')
  })
  await assert.rejects(getConfig(server.api), (error) => {
    assert.ok(error instanceof TooManyRequests)
    assert.deepEqual([error.retryAfterMs, error.message], [7000, 'Too many requests'])
    return true
  })
})

test('a request that was given up before it began is not made', async () => {
  await using server = await standIn(() => assert.fail('it was made'))
  await assert.rejects(getConfig(server.api, { signal: AbortSignal.abort() }), { name: 'AbortError' })
})
