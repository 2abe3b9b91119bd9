/** Paths, queries and headers that no client sends, to every route there is; and what every answer carries. */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { after, test } from 'node:test'
import { startVault } from '../harness.ts'
import { type Belongings, bodyFor, pathOf } from './everything.ts'
import { HostileClient, nameOf, writes } from './hostile-client.ts'

const vault = await startVault({ sendsMail: true })
after(() => vault[Symbol.asyncDispose]())
const client = new HostileClient(vault)

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
    const { device, ids } = await client.owner()
    const payload = writes(route) ? { payload: JSON.stringify(await bodyFor(route, device, ids)) } : {}
    const requests = BAD_IDS.map((id) => {
      const bad = Object.fromEntries(Object.keys(ids).map((kind) => [kind, id])) as unknown as Belongings
      return [id, { ...payload, url: pathOf(route, bad) }] as const
    })
    await client.assertRefused(route, [400, 404, 415], requests)
  })
}

for (const route of vault.routes.filter(({ method }) => method === 'GET')) {
  test(`${nameOf(route)} is not confused by its query`, async () => {
    const current = await client.owner()
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
      const { status, text } = await client.send(route, current, { url: `${pathOf(route, current.ids)}?${query}` })
      assert.ok(status < 500, `${query.slice(0, 50)} is answered ${status}: ${text.slice(0, 200)}`)
    }
  })
}

for (const route of vault.routes) {
  test(`${nameOf(route)} keeps every answer to itself, whatever becomes of the request`, async () => {
    const { device, ids } = await client.owner()
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
  const root = path.join(import.meta.dirname, '../../../src')
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
