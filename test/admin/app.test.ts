/** The admin pages' side of the server: who gets in, and what those who are in can do. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, test } from 'node:test'
import { type AdminTools, createAdminApp, type Doctor } from '#admin'
import { AdminSessions, argon2Password, loadSigningKey } from '#auth'
import { type Logger, silentLogger } from '#kit'
import { FakeClock } from '../helpers/fake-clock.ts'
import { temporaryFolder } from '../helpers/temp.ts'

const TOKEN = 'a token for the pages'
const HASH = await argon2Password(TOKEN)
const LIFETIME_SECONDS = 1_200
const JSON_TYPE = { 'content-type': 'application/json' }

await using folder = await temporaryFolder()
const key = await loadSigningKey(folder.join('rsa_key.pem'))

interface World {
  readonly app: Awaited<ReturnType<typeof createAdminApp>>
  readonly clock: FakeClock
  readonly done: string[]
  /** Logs in, and returns the header that the browser sends from then on. */
  logIn(token?: string): Promise<{ readonly cookie: string }>
}

async function world(changes: Partial<AdminTools> & { readonly token?: string | null } = {}): Promise<World> {
  const clock = new FakeClock()
  const done: string[] = []
  const { token = TOKEN, ...more } = changes
  const sessionsOf = (secret: string) =>
    new AdminSessions(key, { origin: 'https://x.example', token: secret, lifetimeSeconds: LIFETIME_SECONDS, clock })
  const app = await createAdminApp({
    access: token === null ? undefined : { token, sessions: sessionsOf(token) },
    basePath: '',
    domain: 'https://x.example',
    page: () => false,
    clientAddress: () => '192.0.2.7',
    reachedBy: () => ({ isTls: true, host: 'x.example' }),
    mayTry: () => true,
    logger: silentLogger,
    clock,
    control: async (request, body) => {
      done.push(`${request} ${JSON.stringify(body)}`)
      return { status: 200, body: { did: request } }
    },
    doctor: async () => ({ healthy: true }),
    ...more,
  })
  return {
    app,
    clock,
    done,
    async logIn(given = TOKEN) {
      const answer = await app.inject({ method: 'POST', url: '/admin/session', payload: { token: given } })
      assert.equal(answer.statusCode, 204)
      return { cookie: String(answer.headers['set-cookie']).split(';')[0]! }
    },
  }
}

describe('logging in', () => {
  for (const [name, configured] of [
    ['the token itself', TOKEN],
    ['its hash', HASH],
  ] as const) {
    test(`with ${name} in the configuration`, async () => {
      const { app, logIn } = await world({ token: configured })
      assert.equal((await app.inject('/admin/status')).statusCode, 401)
      const headers = await logIn()
      const { statusCode, body } = await app.inject({ url: '/admin/status', headers })
      assert.equal(statusCode, 200)
      assert.deepEqual(JSON.parse(body), { did: 'GET /status' })
    })
  }

  test('another token, and a request that is none, get nobody in', async () => {
    const { app } = await world()
    const tries: readonly [payload: unknown, status: number][] = [
      [{ token: 'another' }, 401],
      [{ token: `${TOKEN}x` }, 401],
      [{ token: '' }, 400],
      [{ token: 7 }, 400],
      [{}, 400],
      [{ token: 'x'.repeat(2_000) }, 400],
      [{ token: 'x'.repeat(10_000) }, 413],
    ]
    for (const [payload, status] of tries) {
      const answer = await app.inject({ method: 'POST', url: '/admin/session', payload: payload as object })
      assert.equal(answer.statusCode, status, answer.body)
      assert.equal(answer.headers['set-cookie'], undefined)
    }
  })

  test('a form of another site is not taken for JSON', async () => {
    const { app, logIn } = await world()
    const headers = await logIn()
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x']) {
      for (const url of ['/admin/session', '/admin/reload', '/admin/doctor']) {
        const payload = '{"token":"a token for the pages","url":"https://x.example","idleSeconds":0}'
        const answer = await app.inject({ method: 'POST', url, payload, headers: { ...headers, 'content-type': type } })
        assert.equal(answer.statusCode, 415, `${type} ${url}`)
      }
    }
  })

  test('nothing is done for a request that says nothing, which every site can make a browser send', async () => {
    const { app, done, logIn } = await world()
    const headers = await logIn()
    for (const [method, url] of [
      ['POST', '/admin/session'],
      ['POST', '/admin/reload'],
      ['PUT', '/admin/log-level'],
      ['POST', '/admin/doctor'],
    ] as const) {
      assert.equal((await app.inject({ method, url, headers })).statusCode, 400, url)
      const list = { method, url, headers: { ...headers, ...JSON_TYPE }, payload: '[]' }
      assert.equal((await app.inject(list)).statusCode, 400, url)
    }
    assert.deepEqual(done, [])
  })

  test('whoever has tried too often waits, whatever they try', async () => {
    const { app } = await world({ mayTry: () => false })
    const answer = await app.inject({ method: 'POST', url: '/admin/session', payload: { token: TOKEN } })
    assert.equal(answer.statusCode, 429)
  })

  test('the cookie is for these pages, no script and no other site', async () => {
    const { app } = await world()
    const { headers } = await app.inject({ method: 'POST', url: '/admin/session', payload: { token: TOKEN } })
    const [, ...attributes] = String(headers['set-cookie']).split('; ')
    assert.deepEqual(attributes, ['Path=/admin', 'Max-Age=1200', 'HttpOnly', 'SameSite=Strict', 'Secure'])
  })

  test('a session ends: by itself, with another token, and by nobody else’s cookie', async () => {
    const { app, clock, logIn } = await world()
    const headers = await logIn()
    const isOpen = async (cookie: string) =>
      JSON.parse((await app.inject({ url: '/admin/session', headers: { cookie } })).body).isOpen as boolean
    assert.equal(await isOpen(headers.cookie), true)
    assert.equal(await isOpen(`other=1; ${headers.cookie}; more=2`), true)
    assert.equal(await isOpen(`${headers.cookie}x`), false)
    const elsewhere = await world({ token: 'another' })
    const theirs = await elsewhere.app.inject({ url: '/admin/session', headers })
    assert.equal(JSON.parse(theirs.body).isOpen, false)
    clock.advance((LIFETIME_SECONDS + 120) * 1_000)
    assert.equal(await isOpen(headers.cookie), false)
  })

  test('without a token a page of another name cannot do what its visitors may', async () => {
    const { app } = await world({ token: null, reachedBy: () => ({ isTls: false, host: 'rebound.example' }) })
    assert.equal((await app.inject('/admin/session')).statusCode, 403)
    assert.equal((await app.inject('/admin/status')).statusCode, 403)
  })

  test('without a token the address in DOMAIN is the same with its default port, which some proxies write', async () => {
    for (const [host, status] of [
      ['x.example', 200],
      ['x.example:443', 200],
      ['x.example:80', 403],
      ['x.example:8443', 403],
      ['x.example@rebound.example', 403],
    ] as const) {
      const { app } = await world({ token: null, reachedBy: () => ({ isTls: true, host }) })
      assert.equal((await app.inject('/admin/status')).statusCode, status, host)
    }
  })

  test('without a token in the configuration everybody is in', async () => {
    const { app } = await world({ token: null })
    assert.deepEqual(JSON.parse((await app.inject('/admin/session')).body), {
      isOpen: true,
      asksForToken: false,
      domain: 'https://x.example',
    })
    assert.equal((await app.inject('/admin/status')).statusCode, 200)
  })
})

describe('what those who are in can do', () => {
  test('nothing, for everybody else', async () => {
    const { app, done } = await world()
    const requests = [
      ['GET', '/admin/status'],
      ['POST', '/admin/reload'],
      ['PUT', '/admin/log-level'],
      ['POST', '/admin/doctor'],
    ] as const
    for (const [method, url] of requests) {
      for (const payload of ['{}', 'nonsense']) {
        const answer = await app.inject({ method, url, headers: JSON_TYPE, ...(method !== 'GET' && { payload }) })
        assert.equal(answer.statusCode, 401, url)
      }
    }
    assert.deepEqual(done, [])
  })

  test('what can be asked of the control socket, and nothing else', async () => {
    const { app, done, logIn } = await world()
    const headers = await logIn()
    assert.equal((await app.inject({ url: '/admin/status', headers })).statusCode, 200)
    const payload = { dryRun: true }
    assert.equal((await app.inject({ method: 'POST', url: '/admin/reload', headers, payload })).statusCode, 200)
    const level = { level: 'debug' }
    assert.equal(
      (await app.inject({ method: 'PUT', url: '/admin/log-level', headers, payload: level })).statusCode,
      200,
    )
    assert.equal((await app.inject({ method: 'POST', url: '/admin/status', headers, payload })).statusCode, 404)
    assert.deepEqual(done, ['GET /status {}', 'POST /reload {"dryRun":true}', 'PUT /log-level {"level":"debug"}'])
  })

  test('what they ask for is in the log, and cannot say there who they are', async () => {
    const lines: unknown[] = []
    const logger: Logger = { ...silentLogger, info: (fields, event) => void lines.push([fields, event]) }
    const { app, logIn } = await world({ logger })
    const headers = await logIn()
    const payload = { level: 'debug', address: '198.51.100.1', event: 'nothing' }
    await app.inject({ method: 'PUT', url: '/admin/log-level', headers, payload })
    assert.deepEqual(lines.at(-1), [{ address: '192.0.2.7', given: payload }, 'admin asks for PUT /log-level'])
  })

  test('what cannot be done is told as it is', async () => {
    const control = async () => ({ status: 400, body: { message: 'line 3: no such setting' } })
    const { app, logIn } = await world({ control })
    const headers = await logIn()
    const refused = await app.inject({ method: 'POST', url: '/admin/reload', headers, payload: {} })
    assert.equal(refused.statusCode, 400)
    assert.deepEqual(JSON.parse(refused.body), { message: 'line 3: no such setting' })
  })
})

describe('the doctor', () => {
  const order = (url: string) => ({ url, idleSeconds: 0 })

  test('looks at this server, and at no other', async () => {
    const seen: string[] = []
    const doctor: Doctor = async ({ url }) => {
      seen.push(url)
      return {}
    }
    const { app, logIn } = await world({ doctor, domain: undefined })
    const headers = { ...(await logIn()), origin: 'http://127.0.0.1:8000' }
    const ask = async (url: string, more = {}) =>
      (
        await app.inject({
          method: 'POST',
          url: '/admin/doctor',
          headers: { ...headers, ...more },
          payload: order(url),
        })
      ).statusCode
    assert.equal(await ask('http://127.0.0.1:8000'), 200)
    assert.equal(await ask('http://127.0.0.1:8000/'), 200)
    for (const url of ['http://169.254.169.254/', 'https://x.example.org', 'http://127.0.0.1:8001', 'file:///etc']) {
      assert.equal(await ask(url), 400, url)
    }
    assert.deepEqual(seen, ['http://127.0.0.1:8000', 'http://127.0.0.1:8000/'])
  })

  test('where DOMAIN is set it looks there and nowhere else, whatever a page says it is', async () => {
    const { app, logIn } = await world()
    const headers = { ...(await logIn()), origin: 'http://127.0.0.1:8000' }
    const ask = async (url: string) =>
      (await app.inject({ method: 'POST', url: '/admin/doctor', headers, payload: order(url) })).statusCode
    assert.equal(await ask('https://x.example/'), 200)
    assert.equal(await ask('http://127.0.0.1:8000'), 400)
  })

  test('tells what it finds as it finds it, ends when nobody listens, and works for one at a time', async () => {
    const told = Promise.withResolvers<void>()
    const gone = Promise.withResolvers<void>()
    const doctor: Doctor = async ({ signal }, onCheck) => {
      onCheck({ id: 'dns' })
      signal.addEventListener('abort', () => gone.resolve())
      await told.promise
      onCheck({ id: 'tcp' })
      await gone.promise
      return { healthy: false }
    }
    const { app, logIn } = await world({ doctor })
    const headers = { ...(await logIn()), ...JSON_TYPE }
    const server = http.createServer((request, response) => app.routing(request, response)).listen(0, '127.0.0.1')
    await once(server, 'listening')
    try {
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/admin/doctor`
      const abort = new AbortController()
      const ask = (signal?: AbortSignal) =>
        fetch(url, {
          method: 'POST',
          headers,
          body: JSON.stringify(order('https://x.example')),
          ...(signal && { signal }),
        })
      const answer = await ask(abort.signal)
      const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader()
      assert.equal((await reader.read()).value, '{"check":{"id":"dns"}}\n')
      assert.equal((await ask()).status, 409)
      told.resolve()
      assert.equal((await reader.read()).value, '{"check":{"id":"tcp"}}\n')
      abort.abort()
      await reader.closed.catch(() => {})
      await gone.promise
      // The next one may begin as soon as that one has ended.
      let status = 409
      while (status === 409) status = (await ask()).status
      assert.equal(status, 200)
    } finally {
      server.close()
      server.closeAllConnections()
    }
  })

  test('its answer is never silent for long, as a proxy would cut that', async () => {
    const begun = Promise.withResolvers<void>()
    const over = Promise.withResolvers<object>()
    const doctor: Doctor = () => {
      begun.resolve()
      return over.promise
    }
    const { app, clock, logIn } = await world({ doctor })
    const headers = await logIn()
    const answer = app.inject({ method: 'POST', url: '/admin/doctor', headers, payload: order('https://x.example') })
    await begun.promise
    clock.advance(9_000)
    over.resolve({ healthy: true })
    assert.equal((await answer).body, '{}\n{}\n{}\n{"report":{"healthy":true}}\n')
    assert.equal(clock.pending, 0)
  })

  test('what goes wrong with it is said where it is waited for', async () => {
    const doctor: Doctor = async () => {
      throw new Error('no such host')
    }
    const { app, logIn } = await world({ doctor })
    const headers = await logIn()
    const payload = order('https://x.example')
    const { body } = await app.inject({ method: 'POST', url: '/admin/doctor', headers, payload })
    assert.equal(body, '{"error":"no such host"}\n')
  })
})
