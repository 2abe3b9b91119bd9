/** What no client sends. Every route is tried, as the app itself names them. */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { after, test } from 'node:test'
import type { Json, TestDevice } from '../helpers/account.ts'
import { type Belongings, bodyFor, makeBelongings, pathOf, takesFiles } from './everything.ts'
import { startVault } from './harness.ts'
import type { Route } from './routes.ts'

const vault = await startVault({ sendsMail: true })
after(() => vault[Symbol.asyncDispose]())

const nameOf = ({ method, path }: Route) => `${method} ${path}`
const readsForms = ({ path }: Route) => path === '/identity/connect/token'
const writes = ({ method }: Route) => method !== 'GET'

interface Owner {
  readonly device: TestDevice
  readonly ids: Belongings
}

/** Somebody with one of everything, who is logged in: anew when a route has put an end to that. */
let owner: Owner | undefined
let count = 0
async function currentOwner(): Promise<Owner> {
  if (owner !== undefined) {
    const [session, item] = await Promise.all([
      owner.device.get('/api/accounts/revision-date'),
      owner.device.get(`/api/ciphers/${owner.ids.cipher}`),
    ])
    if (session.status === 200 && item.status === 200) return owner
  }
  const email = `owner-${count++}@example.com`
  await vault.register(email)
  const device = await vault.login(email)
  owner = { device, ids: await makeBelongings(device) }
  return owner
}

interface Sent {
  readonly payload?: string | Buffer
  readonly type?: string
  readonly url?: string
  readonly headers?: Record<string, string>
}

async function send(route: Route, { device, ids }: Owner, sent: Sent) {
  const response = await vault.app.inject({
    method: route.method as 'GET',
    url: sent.url ?? pathOf(route, ids),
    headers: {
      authorization: `Bearer ${device.accessToken}`,
      ...(sent.payload === undefined ? {} : { 'content-type': sent.type ?? 'application/json' }),
      ...sent.headers,
    },
    ...(sent.payload === undefined ? {} : { payload: sent.payload }),
  })
  return { status: response.statusCode, text: response.body, headers: response.headers }
}

/** Sends what must be refused, and looks whether anything has come of it. */
async function assertRefused(
  route: Route,
  statuses: readonly number[],
  requests: readonly (readonly [string, Sent])[],
) {
  const owner = await currentOwner()
  const before = await vault.dump()
  vault.takeTold()
  for (const [what, sent] of requests) {
    const { status, text } = await send(route, owner, sent)
    assert.ok(statuses.includes(status), `${what} is answered ${status}: ${text.slice(0, 200)}`)
  }
  assert.deepEqual(await vault.dump(), before)
  assert.deepEqual(vault.takeTold(), [])
}

for (const route of vault.routes.filter(writes)) {
  test(`${nameOf(route)} reads no more than its limit`, async () => {
    const announced = (bytes: number) => ({ payload: '{}', headers: { 'content-length': String(bytes) } })
    await assertRefused(route, [413, 415], [['a body of a gigabyte', announced(1e9)]])
  })

  if (!readsForms(route) && !takesFiles(route)) {
    test(`${nameOf(route)} takes no other type of body for its own`, async () => {
      const others = ['text/plain', 'application/xml', 'application/x-www-form-urlencoded', 'application/jsonx', 'x']
      const requests = others.map((type) => [type, { payload: '{"a":1}', type }] as const)
      await assertRefused(route, [400, 415], requests)
    })

    test(`${nameOf(route)} does not take what is no JSON`, async () => {
      const bodies = ['{', '{"a":1}}', "{'a':1}", '{"a":NaN}', '{"a":\u0000}', '[[[', '\ufeff']
      await assertRefused(
        route,
        [400, 415],
        bodies.map((payload) => [payload, { payload }]),
      )
    })

    test(`${nameOf(route)} does not take the keys of prototypes`, async () => {
      const bodies = ['{"__proto__":{"isAdmin":true}}', '{"a":{"constructor":{"prototype":{}}}}']
      await assertRefused(
        route,
        [400, 415],
        bodies.map((payload) => [payload, { payload }]),
      )
    })
  }
}

/** Values that no field takes for its own, or that one could come to harm by. */
const HOSTILE: readonly (readonly [string, unknown])[] = [
  ['an object', { a: { b: 1 } }],
  ['a list', [[1]]],
  ['a large number', 1e308],
  ['a negative number', -(2 ** 53)],
  ['NUL', '2.a\u0000b'],
  ['half a character', '2.\ud800'],
  ['a path', '../../../../etc/passwd'],
  ['SQL', `'; DROP TABLE users; --`],
  ['a long text', `2.${'A'.repeat(70_000)}`],
]

for (const route of vault.routes.filter(({ body }) => body?.properties !== undefined)) {
  test(`${nameOf(route)} takes harm by no value of any field`, async () => {
    let current = await currentOwner()
    let before = await vault.dump()
    for (const field of Object.keys(route.body!.properties)) {
      for (const [what, value] of HOSTILE) {
        const payload = JSON.stringify({ ...bodyFor(route, current.device, current.ids), [field]: value })
        const { status, text } = await send(route, current, { payload })
        assert.ok(status < 500, `${field}: ${what} is answered ${status}: ${text.slice(0, 200)}`)
        if (status >= 400) continue
        // Some texts are as good as others. Then it has done what it is for.
        current = await currentOwner()
        before = await vault.dump()
      }
      assert.deepEqual(await vault.dump(), before, `${field}: a value was refused and has changed something`)
    }
  })

  test(`${nameOf(route)} stores nothing in a field but what it promises to clients`, async () => {
    for (const [field, schema] of Object.entries<Json>(route.body!.properties)) {
      const { pattern } = schema
      if (typeof pattern !== 'string') continue
      const bad = ['2', '2.', 'x', '2.ä', '2.a b', '2.a\n', '123.a', ' 2.a'].filter(
        (text) => !new RegExp(pattern).test(text),
      )
      assert.ok(bad.length > 3)
      const current = await currentOwner()
      await assertRefused(
        route,
        [400, 422],
        bad.map((text) => [
          `${field}: ${JSON.stringify(text)}`,
          { payload: JSON.stringify({ ...bodyFor(route, current.device, current.ids), [field]: text }) },
        ]),
      )
    }
  })

  test(`${nameOf(route)} does not lose itself in a deep or empty body`, async () => {
    const deep = `${'{"fields":[{"a":'.repeat(5000)}1${'}]}'.repeat(5000)}`
    for (const payload of [deep, '[]', '1', '"x"', 'null']) {
      const { status, text } = await send(route, await currentOwner(), { payload })
      assert.ok(status < 500, text.slice(0, 200))
    }
  })
}

const BAD_IDS = [
  '..%2f..%2fetc%2fpasswd',
  '%2e%2e%2f',
  '%00',
  '%ff',
  'x'.repeat(3000),
  encodeURIComponent("' OR '1'='1"),
  '-'.repeat(36),
  'ffffffff-ffff-4fff-8fff-ffffffffffff',
  encodeURIComponent('‮\ud83d\ude00'),
  '*',
  '>',
]

for (const route of vault.routes.filter(({ path }) => path.includes('/:') && !path.includes(':host'))) {
  test(`${nameOf(route)} finds nothing by an id that is none`, async () => {
    const { device, ids } = await currentOwner()
    const payload = writes(route) ? { payload: JSON.stringify(bodyFor(route, device, ids)) } : {}
    const requests = BAD_IDS.map((id) => {
      const bad = Object.fromEntries(Object.keys(ids).map((kind) => [kind, id])) as unknown as Belongings
      return [id, { ...payload, url: pathOf(route, bad) }] as const
    })
    await assertRefused(route, [400, 404, 415], requests)
  })
}

for (const route of vault.routes.filter(({ method }) => method === 'GET')) {
  test(`${nameOf(route)} is not confused by its query`, async () => {
    const current = await currentOwner()
    const many = Array.from({ length: 2000 }, (_, index) => `k${index}=1`).join('&')
    const queries = [
      'excludeDomains=true&excludeDomains=false',
      '__proto__=1&constructor=2',
      'a[b][c]=1',
      '%',
      many,
      'a=%00',
    ]
    for (const query of queries) {
      const { status, text } = await send(route, current, { url: `${pathOf(route, current.ids)}?${query}` })
      assert.ok(status < 500, `${query.slice(0, 50)} is answered ${status}: ${text.slice(0, 200)}`)
    }
  })
}

for (const route of vault.routes) {
  test(`${nameOf(route)} keeps every answer to itself, whatever becomes of the request`, async () => {
    const { device, ids } = await currentOwner()
    const url = pathOf(route, ids)
    for (const [method, authorization] of [
      [route.method, ''],
      [route.method, 'Bearer x'],
      ['OPTIONS', ''],
      ['PATCH', `Bearer ${device.accessToken}`],
    ] as const) {
      assertKept(await vault.app.inject({ method: method as 'GET', url, headers: { authorization } }))
    }
  })
}

test('what is no route at all keeps its answer to itself too', async () => {
  for (const url of ['/', '/nothing', '/api/%zz', '/%', '//', '/api/../alive', `/${'x'.repeat(5000)}`]) {
    for (const method of ['GET', 'POST', 'OPTIONS'] as const) assertKept(await vault.app.inject({ method, url }))
  }
})

function assertKept({ headers }: { headers: Record<string, unknown> }): void {
  assert.equal(headers['x-content-type-options'], 'nosniff')
  assert.equal(headers['x-frame-options'], 'SAMEORIGIN')
  assert.equal(headers['referrer-policy'], 'same-origin')
  assert.match(String(headers['content-security-policy']), /^default-src 'none'/)
  assert.match(String(headers['permissions-policy']), /camera=\(\)/)
  assert.equal(headers['x-robots-tag'], 'noindex, nofollow')
  assert.equal(headers['access-control-allow-origin'], undefined)
  assert.ok(headers['cache-control'] !== undefined)
  assert.equal(headers['x-powered-by'], undefined)
  assert.equal(headers.server, undefined)
}

test('odd headers are answered, and nothing comes of them', async () => {
  const before = await vault.dump()
  const long = 'x'.repeat(60_000)
  for (const headers of [
    { authorization: long },
    { authorization: `Bearer ${long}` },
    { authorization: 'Bearer Bearer Bearer ' },
    { authorization: `Bearer ${'.'.repeat(20_000)}` },
    { 'bitwarden-client-version': long },
    { origin: long },
    { 'x-request-email': long, 'x-device-identifier': '../../x' },
    { 'x-request-email': 'AAAA', 'x-device-identifier': long },
    { 'x-forwarded-for': long, 'x-forwarded-host': long },
    Object.fromEntries(Array.from({ length: 1500 }, (_, index) => [`x-${index}`, '1'])),
  ]) {
    for (const url of ['/api/sync', '/api/config', '/api/devices/knowndevice']) {
      const { statusCode, body } = await vault.app.inject({ url, headers: headers as Record<string, string> })
      assert.ok([200, 400, 401].includes(statusCode), `${statusCode}: ${body.slice(0, 200)}`)
    }
  }
  assert.deepEqual(await vault.dump(), before)
})

test('what comes from outside reaches the database as a parameter only', () => {
  const root = path.join(import.meta.dirname, '../../src')
  const offences = globSync('**/*.ts', { cwd: root }).flatMap((file) => {
    const source = readFileSync(path.join(root, file), 'utf8')
    // `sql` takes what is put into it as parameters; these would not, or take any text for a statement.
    const dangers = [
      ...source.matchAll(/\bsql\.raw\b|\bsql\.lit\((?!['"A-Z])[^)]*\)|\bsql\([^`]|CompiledQuery\.raw\((?!['"`])/g),
    ]
    return dangers.map(([text]) => `${file}: ${text}`)
  })
  // One of two words of its own.
  assert.deepEqual(offences, ['store/doomed-files.ts: sql.lit(kind)'])
})
