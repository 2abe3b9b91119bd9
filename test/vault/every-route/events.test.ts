/** What each route tells the other devices: that it does tell it, and tells nobody else. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { EVENTS } from '../contracts/events.ts'
import { startVault } from '../harness.ts'
import { clientHeaders, pathOf, requestTo, SEND_PASSWORD } from './everything.ts'
import { HostileClient, nameOf } from './hostile-client.ts'

const vault = await startVault({ sendsMail: true })
after(() => vault[Symbol.asyncDispose]())
const client = new HostileClient(vault)

const TOKEN = { pushToken: 'token' }

/** Those that need something out of a letter, or a Send of text. What they tell is tested with all else of them. */
const ELSEWHERE = new Set([
  'POST /api/accounts/email',
  'POST /api/accounts/delete-recover-token',
  'POST /api/sends/access/:accessId',
  'POST /identity/connect/token',
])

for (const route of vault.routes) {
  const name = nameOf(route)
  if (ELSEWHERE.has(name)) continue
  test(`${name} tells ${EVENTS[name]?.join(', ') ?? 'nobody anything'}`, async () => {
    const owner = await client.owner()
    // There is something to be cleared.
    if (name.endsWith('/clear-token')) await owner.device.put(pathOf(route, owner.ids).replace('clear-', ''), TOKEN)
    vault.takeTold()
    const { type, payload } = await requestTo(route, owner.device, owner.ids)
    const body = name.includes('access') ? JSON.stringify({ password: SEND_PASSWORD }) : payload
    const { text } = await client.send(
      route,
      owner,
      route.method === 'GET' ? {} : { type, payload: body, headers: clientHeaders(owner.device) },
    )
    const told = vault.takeTold()
    assert.deepEqual([...new Set(told.map(({ event }) => event))], EVENTS[name] ?? [], text)
    for (const { recipients } of told) {
      assert.ok(recipients.every((id) => id === owner.device.userId || id === owner.device.deviceId))
    }
  })
}
