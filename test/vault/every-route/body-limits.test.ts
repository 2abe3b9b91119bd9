/** The largest body of each route, to the byte. */
import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { after, test } from 'node:test'
import { bodyLimitOf } from '../contracts/body-limits.ts'
import { startVault } from '../harness.ts'
import { pathOf, requestTo, takesFiles } from './everything.ts'
import { HostileClient, nameOf } from './hostile-client.ts'

const vault = await startVault({ sendsMail: true })
after(() => vault[Symbol.asyncDispose]())
const client = new HostileClient(vault)

const limits = vault.routes.map((route) => ({ route, limit: bodyLimitOf(route) }))
const readers = limits.flatMap(({ route, limit }) => (limit === undefined ? [] : [{ route, limit }]))

for (const { route, limit } of readers) {
  test(`${nameOf(route)} does not begin to read more than ${limit} bytes`, async () => {
    const { device, ids } = await client.owner()
    const { type } = await requestTo(route, device, ids)
    const announced = (bytes: number) => ({ payload: ' ', type, headers: { 'content-length': String(bytes) } })
    const before = await everythingBut('belfry_announced_attachments')
    vault.takeTold()
    const { status } = await client.send(route, { device, ids }, announced(limit + 1))
    assert.equal(status, 413)
    assert.deepEqual(await everythingBut('belfry_announced_attachments'), before)
    assert.deepEqual(vault.takeTold(), [])
    // It reads as much, and finds that there is less.
    assert.equal((await client.send(route, await client.owner(), announced(limit))).status, 400)
  })
}

// One of each, since they are large; the others have the same parser.
for (const { route, limit } of new Map(readers.map((reader) => [reader.limit, reader])).values()) {
  if (takesFiles(route)) continue
  test(`${nameOf(route)} takes ${limit} bytes, and finds out that there is one more`, async () => {
    const { device, ids } = await client.owner()
    const { type, payload } = await requestTo(route, device, ids)
    const whole = Buffer.alloc(limit + 1, type === 'application/json' ? ' ' : '&')
    whole.write(payload.toString())
    const send = (bytes: Buffer) =>
      vault.app.inject({
        method: route.method as 'GET',
        url: pathOf(route, ids),
        headers: { authorization: `Bearer ${device.accessToken}`, 'content-type': type },
        // A stream has no length that could be announced.
        payload: Readable.from([bytes.subarray(0, 1000), bytes.subarray(1000)]),
      })
    const before = await vault.dump()
    assert.equal((await send(whole)).statusCode, 413)
    assert.deepEqual(await vault.dump(), before)
    vault.takeReached()
    await send(whole.subarray(0, limit))
    assert.deepEqual(vault.takeReached(), [nameOf(route)])
  })
}

/** All that is kept, without one table: an announcement is for one upload, whatever becomes of it. */
async function everythingBut(table: string) {
  const dump: Record<string, unknown> = await vault.dump()
  assert.ok(table in dump)
  return { ...dump, [table]: undefined }
}
