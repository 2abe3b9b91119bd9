/** Bodies that no client sends, to every route that takes one. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { bodyFor, takesFiles } from './everything.ts'
import { startVault } from './harness.ts'
import { HostileClient, nameOf, readsForms, type Sent, writes } from './hostile-client.ts'

const vault = await startVault({ sendsMail: true })
after(() => vault[Symbol.asyncDispose]())
const client = new HostileClient(vault)

const NO_JSON = ['{', '{"a":1}}', "{'a':1}", '{"a":NaN}', '{"a":\u0000}', '[[[', '\ufeff']
/** What would become the prototype of something. */
const PROTOTYPES = ['{"__proto__":{"isAdmin":true}}', '{"a":{"constructor":{"prototype":{}}}}']
const OTHER_TYPES = ['text/plain', 'application/xml', 'application/x-www-form-urlencoded', 'application/jsonx', 'x']

for (const route of vault.routes.filter((route) => writes(route) && !readsForms(route) && !takesFiles(route))) {
  test(`${nameOf(route)} takes nothing but JSON, and no keys of prototypes`, async () => {
    const requests: (readonly [string, Sent])[] = [
      ...[...NO_JSON, ...PROTOTYPES].map((payload) => [payload, { payload }] as const),
      ...OTHER_TYPES.map((type) => [type, { payload: '{"a":1}', type }] as const),
    ]
    await client.assertRefused(route, [400, 415], requests)
  })
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
    let current = await client.owner()
    let before = await vault.dump()
    let body = await bodyFor(route, current.device, current.ids)
    for (const field of Object.keys(route.body!.properties)) {
      for (const [what, value] of HOSTILE) {
        const payload = JSON.stringify({ ...body, [field]: value })
        const { status, text } = await client.send(route, current, { payload })
        assert.ok(status < 500, `${field}: ${what} is answered ${status}: ${text.slice(0, 200)}`)
        if (status >= 400) continue
        // Some texts are as good as others. Then it has done what it is for.
        current = await client.owner()
        body = await bodyFor(route, current.device, current.ids)
        before = await vault.dump()
      }
      assert.deepEqual(await vault.dump(), before, `${field}: a value was refused and has changed something`)
    }
  })

  test(`${nameOf(route)} does not lose itself in a deep or empty body`, async () => {
    const deep = `${'{"fields":[{"a":'.repeat(5000)}1${'}]}'.repeat(5000)}`
    for (const payload of [deep, '[]', '1', '"x"', 'null']) {
      const { status, text } = await client.send(route, await client.owner(), { payload })
      assert.ok(status < 500, text.slice(0, 200))
    }
  })
}
