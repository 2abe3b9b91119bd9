import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { type Json, registerAndLogin, type TestDevice } from '../../helpers/account.ts'
import { startVault, type TestVault } from '../harness.ts'

let vault: TestVault
let alice: TestDevice
before(async () => {
  vault = await startVault()
})
after(() => vault[Symbol.asyncDispose]())
beforeEach(async () => {
  alice = await registerAndLogin({ fetch: vault.fetch })
  vault.takeTold()
})

const read = async (): Promise<Json> => (await alice.get('/api/settings/domains')).json
const inSync = async (): Promise<Json> => (await alice.get('/api/sync')).json.domains

test("Bitwarden's groups hold for everybody, each with its number and its domains", async () => {
  const { globalEquivalentDomains: groups, ...rest } = await read()
  assert.deepEqual(rest, { equivalentDomains: [], object: 'domains' })
  const byType = new Map<number, Json>(groups.map((group: Json) => [group.type, group]))
  assert.deepEqual([groups.length, byType.size], [91, 91])
  assert.deepEqual(byType.get(0), { type: 0, domains: ['youtube.com', 'google.com', 'gmail.com'], excluded: false })
  assert.deepEqual(byType.get(5)!.domains, ['wellsfargo.com', 'wf.com', 'wellsfargoadvisors.com'])
  // One whose line goes on.
  assert.deepEqual(byType.get(18)!.domains.slice(-2), ['amazon.se', 'amazon.sg'])
  assert.equal(byType.get(72)!.domains.length, 53)
  for (const { domains } of groups) {
    assert.ok(domains.length >= 2)
    for (const domain of domains) assert.match(domain, /^[a-z0-9-]+(\.[a-z0-9-]+)+$/)
  }
  assert.deepEqual((await inSync()).globalEquivalentDomains, groups)
})

for (const method of ['PUT', 'POST']) {
  test(`${method} stores the user's own groups and opts out of others, and tells all devices`, async () => {
    const before = Number((await alice.get('/api/accounts/revision-date')).json)
    const body = {
      equivalentDomains: [['a.example', 'b.example'], ['c.example']],
      excludedGlobalEquivalentDomains: [3, 10, 3],
    }
    const { status, json } = await alice.request(method, '/api/settings/domains', body)
    assert.deepEqual([status, json], [200, {}])
    const all = await read()
    assert.deepEqual(all.equivalentDomains, body.equivalentDomains)
    const excluded = all.globalEquivalentDomains.filter((group: Json) => group.excluded)
    assert.deepEqual(
      excluded.map(({ type }: Json) => type),
      [3, 10],
    )
    const synced = await inSync()
    assert.deepEqual(synced.equivalentDomains, body.equivalentDomains)
    assert.equal(synced.globalEquivalentDomains.length, all.globalEquivalentDomains.length - 2)
    const [{ date, ...told }, ...more] = vault.takeTold() as [(typeof vault.told)[0]]
    assert.deepEqual(told, { event: 'SyncSettings', id: alice.userId, contextId: null, recipients: [alice.userId] })
    assert.deepEqual([more, date.getTime() > before], [[], true])

    for (const nothing of [{}, { equivalentDomains: null, excludedGlobalEquivalentDomains: null }]) {
      assert.equal((await alice.request(method, '/api/settings/domains', nothing)).status, 200)
      const { equivalentDomains, globalEquivalentDomains } = await read()
      assert.deepEqual([equivalentDomains, globalEquivalentDomains.some((group: Json) => group.excluded)], [[], false])
    }
  })
}

test('domains in another form than lists are refused, and so are far too many', async () => {
  const many = Array.from({ length: 2000 }, (_, i) => [`${i}.example`.padStart(60, 'x')])
  for (const [field, value] of [
    ['equivalentDomains', 'a.example'],
    ['equivalentDomains', ['a.example']],
    ['equivalentDomains', [[1]]],
    ['equivalentDomains', many],
    ['excludedGlobalEquivalentDomains', ['3']],
    ['excludedGlobalEquivalentDomains', [1.5]],
    ['excludedGlobalEquivalentDomains', [2 ** 31]],
  ] as const) {
    const { status, json } = await alice.put('/api/settings/domains', { [field]: value })
    assert.deepEqual([status, Object.keys(json.validationErrors)[0]!.split('[')[0]], [400, field])
  }
  assert.deepEqual((await read()).equivalentDomains, [])
  assert.deepEqual(vault.takeTold(), [])
})

test('what was stored by others and cannot be read stands for nothing', async () => {
  const user = (await vault.store.users.find(alice.userId))!
  await vault.store.users.update({ ...user, equivalentDomains: '{', excludedGlobals: 'null' })
  const { equivalentDomains, globalEquivalentDomains } = await inSync()
  assert.deepEqual([equivalentDomains, globalEquivalentDomains.length], [[], 91])
})
