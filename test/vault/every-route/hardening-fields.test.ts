/** Values that no client sends, in every field of every body. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { startVault } from '../harness.ts'
import { bodyFor } from './everything.ts'
import { HostileClient, nameOf } from './hostile-client.ts'

const vault = await startVault({ sendsMail: true })
after(() => vault[Symbol.asyncDispose]())
const client = new HostileClient(vault)

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
    let body = await bodyFor(route, current.device, current.ids)
    const send = async (field: string, what: string, value: unknown) => {
      const { status, text } = await client.send(route, current, {
        payload: JSON.stringify({ ...body, [field]: value }),
      })
      assert.ok(status < 500, `${field}: ${what} is answered ${status}: ${text.slice(0, 200)}`)
      if (status >= 400) return 'refused'
      // Some texts are as good as others. Then it has done what it is for.
      current = await client.owner()
      body = await bodyFor(route, current.device, current.ids)
      return 'taken'
    }

    const refused: (readonly [string, string, unknown])[] = []
    for (const field of Object.keys(route.body!.properties)) {
      for (const [what, value] of HOSTILE) {
        if ((await send(field, what, value)) === 'refused') refused.push([field, what, value])
      }
    }
    // Once more and looked at: what is taken changes much, and one look at everything takes as long as many requests.
    let before = await vault.dump()
    for (const one of refused) {
      if ((await send(...one)) === 'taken') before = await vault.dump()
    }
    assert.deepEqual(await vault.dump(), before, 'a value was refused and has changed something')
  })
}
