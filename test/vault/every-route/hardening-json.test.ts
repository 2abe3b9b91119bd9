/** Bodies that are no JSON, or JSON that no client sends: refused by every route that takes one before it looks into it. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { startVault } from '../harness.ts'
import { takesFiles } from './everything.ts'
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

for (const route of vault.routes.filter(({ body }) => body?.properties !== undefined)) {
  test(`${nameOf(route)} does not lose itself in a deep or empty body`, async () => {
    const deep = `${'{"fields":[{"a":'.repeat(5000)}1${'}]}'.repeat(5000)}`
    for (const payload of [deep, '[]', '1', '"x"', 'null']) {
      const { status, text } = await client.send(route, await client.owner(), { payload })
      assert.ok(status < 500, text.slice(0, 200))
    }
  })
}
