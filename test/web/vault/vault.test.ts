import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Refused, Unreachable } from '../../../web/src/api/errors.ts'
import type { JsonObject } from '../../../web/src/api/json.ts'
import { importVault } from '../../../web/src/api/vault.ts'
import type { SymmetricKey } from '../../../web/src/crypto/symmetric-key.ts'
import { newItem } from '../../../web/src/model/item.ts'
import { encodeItem } from '../../../web/src/model/item-codec.ts'
import { Conflict, Gone, Locked } from '../../../web/src/vault/errors.ts'
import { login, PASSWORD } from '../../helpers/account.ts'
import { startTestServer, type TestServer } from '../../helpers/server.ts'
import { until } from '../../helpers/wait.ts'
import { Client, newEmail, untilCell } from './client.ts'

let server: TestServer
before(async () => {
  server = await startTestServer({ vault: {} })
})
after(() => server.close())

const at = () => server.webUrl
const open = async (email?: string, more: object = {}) =>
  Client.open({ url: at(), email: email ?? (await newEmail(at())), isLive: false, ...more })
const only = ({ vault }: Client) => vault.items.value[0]!

test('what is written is what another device reads, and the other way round', async () => {
  using here = await open()
  const { email } = here
  const id = await here.create('Note')
  assert.deepEqual(here.names(), ['Note'])
  const folderId = await here.vault.saveFolder({ id: null, name: 'Work' })
  await here.vault.move([id], folderId)
  await here.vault.favorite([id], true)

  using there = await open(email)
  const [item] = there.vault.items.value
  assert.deepEqual([item!.name, item!.folderId, item!.isFavorite], ['Note', folderId, true])
  assert.deepEqual(
    there.vault.folders.value.map(({ name }) => name),
    ['Work'],
  )
  await there.rename(id, 'Renamed')
  await here.vault.sync()
  assert.deepEqual(here.names(), ['Renamed'])
  assert.deepEqual([...here.vault.recent.value], [[id, 'changed']])
  assert.equal((await here.vault.open(id)).name, 'Renamed')
})

test('what this browser has done by itself, as by an import, is no news', async () => {
  using here = await open()
  using there = await open(here.email)
  const { userKey } = here.tab.session.state.value as { userKey: SymmetricKey }
  const item = await encodeItem(newItem('Imported', { type: 'secureNote', secureNote: { rest: {} } }), userKey)
  await importVault(here.tab.api, { ciphers: [item], folders: [], folderRelationships: [] })
  await Promise.all([here.vault.sync({ isOwn: true }), there.vault.sync()])
  for (const { vault } of [here, there]) assert.equal(vault.items.value.length, 1)
  assert.deepEqual([...here.vault.recent.value], [])
  assert.deepEqual([...there.vault.recent.value.values()], ['created'])
})

test('a sync that finds the same revision date fetches nothing', async () => {
  using here = await open()
  here.requests.length = 0
  await here.vault.sync()
  assert.deepEqual(here.requests, ['GET api/accounts/revision-date'])
})

test('an item goes into the trash, comes back, is archived, and goes for good, alone and with others', async () => {
  for (const count of [1, 3]) {
    using here = await open()
    const ids: string[] = []
    for (let i = 0; i < count; i++) ids.push(await here.create(`Item ${i}`))
    const all = (isSo: (item: ReturnType<typeof only>) => boolean) => here.vault.items.value.every(isSo)
    await here.vault.trash(ids)
    assert.ok(all(({ deletedDate }) => deletedDate !== null))
    await here.vault.restore(ids)
    assert.ok(all(({ deletedDate }) => deletedDate === null))
    await here.vault.archive(ids)
    assert.ok(all(({ archivedDate }) => archivedDate !== null))
    await here.vault.unarchive(ids)
    assert.ok(all(({ archivedDate }) => archivedDate === null))
    const folderId = await here.vault.saveFolder({ id: null, name: 'F' })
    await here.vault.move(ids, folderId)
    assert.ok(all((item) => item.folderId === folderId))
    await here.vault.removeFolder(folderId)
    assert.ok(all((item) => item.folderId === null))
    await here.vault.favorite(ids, true)
    assert.ok(all(({ isFavorite }) => isFavorite))
    // What was done to them is no reason to refuse a change.
    for (const id of ids) await here.rename(id, 'Renamed')
    await here.vault.sync()
    assert.ok(all(({ name, isFavorite }) => name === 'Renamed' && isFavorite))
    assert.deepEqual([...here.vault.recent.value], [], 'nothing of it was another device')
    await here.vault.remove(ids)
    assert.deepEqual(here.names(), [])
    await assert.rejects(here.vault.open(ids[0]!), Gone)
    await here.vault.sync()
    assert.deepEqual(here.names(), [])
  }
})

test('a password that is replaced goes into the history', async () => {
  using here = await open()
  const login = { username: null, passwordRevisionDate: null, totp: null, uris: [], passkeys: [], rest: {} }
  const id = await here.vault.save(newItem('Login', { type: 'login', login: { ...login, password: 'first' } }))
  const item = await here.vault.open(id)
  assert.ok(item.type === 'login')
  await here.vault.save({ ...item, login: { ...item.login, password: 'second' } })
  const { passwordHistory } = await here.vault.open(id)
  assert.deepEqual(
    passwordHistory.map(({ password }) => password),
    ['first'],
  )
})

for (const hasSynced of [true, false]) {
  test(`what another device has changed meanwhile is not written over${hasSynced ? ', known here or not' : ''}`, async () => {
    using here = await open()
    const { email } = here
    const id = await here.create('Note')
    const mine = { ...(await here.vault.open(id)), name: 'Mine' }
    using there = await open(email)
    // From two seconds on the server itself sees that a copy is old.
    if (!hasSynced) await makeOld(email, id)
    await there.vault.sync()
    await there.rename(id, 'Theirs')
    if (hasSynced) await here.vault.sync()

    const conflict = await here.vault.save(mine).catch((error: unknown) => error)
    assert.ok(conflict instanceof Conflict, String(conflict))
    assert.equal(conflict.current?.name, 'Theirs')
    assert.deepEqual(here.names(), ['Theirs'])
    // The user has it their way.
    await here.vault.save({ ...mine, revisionDate: conflict.current.revisionDate })
    await there.vault.sync()
    assert.deepEqual(there.names(), ['Mine'])

    const again = await here.vault.open(id)
    await there.vault.remove([id])
    if (hasSynced) await here.vault.sync()
    const gone = await here.vault.save(again).catch((error: unknown) => error)
    assert.ok(gone instanceof Conflict && gone.current === null, String(gone))
    assert.deepEqual(here.names(), [])
    const other = await here.vault.save({ ...again, id: null })
    assert.notEqual(other, id)
    assert.deepEqual(here.names(), ['Mine'])
  })
}

/** Changes an item by a device whose clock the server believes: the copy that it was made of is then two seconds old. */
async function makeOld(email: string, id: string): Promise<void> {
  const device = await login({ server: at(), email })
  const { json } = await device.get(`/api/ciphers/${id}`)
  const startMs = Date.parse(json.revisionDate)
  await until(() => Date.now() - startMs > 2_100, 'two seconds to pass')
}

test('when the server is away, what was loaded stays, and what is to be written is refused and changes nothing', async () => {
  using here = await open()
  const id = await here.create('Note')
  const { fetch } = here.browser
  here.browser.fetch = () => Promise.reject(new TypeError('offline'))
  const { vault } = here
  await vault.sync()
  assert.equal(vault.status.value, 'stale')
  assert.ok(vault.problem.value instanceof Unreachable)
  for (const write of [
    () => here.rename(id, 'Renamed'),
    () => here.create('Other'),
    () => vault.trash([id]),
    () => vault.trash([id, 'x']),
    () => vault.remove([id]),
    () => vault.favorite([id], true),
    () => vault.move([id], null),
    () => vault.archive([id]),
    () => vault.saveFolder({ id: null, name: 'F' }),
  ]) {
    await assert.rejects(write(), Unreachable)
  }
  assert.deepEqual(here.names(), ['Note'])
  assert.deepEqual([only(here).deletedDate, only(here).isFavorite], [null, false])
  here.browser.fetch = fetch
  // It tries again by itself.
  await untilCell(vault.status, (status) => status === 'ready', 'the next try')
  assert.equal(vault.problem.value, null)
})

test('a vault that could not be loaded says why, and is loaded when the server is back', async () => {
  using here = await open()
  const { session } = here.tab
  const { fetch } = here.browser
  session.logOut()
  const login = session.logIn({ email: await newEmail(at()), password: PASSWORD })
  here.browser.fetch = (input, init) =>
    String(input).includes('/revision-date') ? Promise.reject(new TypeError('offline')) : fetch(input, init)
  await login
  await untilCell(here.vault.problem, (problem) => problem !== null, 'the problem')
  assert.equal(here.vault.status.value, 'empty')
  here.browser.fetch = fetch
  await here.vault.sync()
  assert.equal(here.vault.status.value, 'ready')
})

test('a locked vault holds nothing that was decrypted, and is back at once when it is opened, without the server', async () => {
  using here = await open()
  await here.create('Secret note')
  await here.vault.saveFolder({ id: null, name: 'Secret folder' })
  await here.vault.prepareSearch()
  const { vault } = here
  assert.equal(vault.searchTexts.value.size, 1)
  here.tab.session.lock()
  for (const cell of [vault.items, vault.folders, vault.sends]) assert.deepEqual(cell.value, [])
  assert.deepEqual([vault.recent.value.size, vault.searchTexts.value.size, vault.status.value], [0, 0, 'empty'])
  await assert.rejects(vault.prepareSearch(), Locked)
  await assert.rejects(here.create('Note'), Locked)

  here.browser.fetch = () => Promise.reject(new TypeError('offline'))
  await here.tab.session.unlock(PASSWORD)
  await here.shows('Secret note')
  await untilCell(vault.status, (status) => status === 'stale', 'the failure')
  here.tab.session.logOut()
  assert.deepEqual([vault.items.value, vault.profile.value], [[], null])
})

test('whoever logs in next sees nothing of the one before', async () => {
  using here = await open()
  await here.create('Note')
  const { session } = here.tab
  session.logOut()
  await session.logIn({ email: await newEmail(at()), password: PASSWORD })
  await untilCell(here.vault.status, (status) => status === 'ready', 'the other vault')
  assert.deepEqual(here.names(), [])
})

test('an answer that comes after the vault was locked or left gets into no other vault', async () => {
  using here = await open()
  const { fetch } = here.browser
  const held = Promise.withResolvers<void>()
  here.browser.fetch = async (input, init) => {
    const response = await fetch(input, init)
    if (init?.method === 'POST' && String(input).endsWith('/api/ciphers')) await held.promise
    return response
  }
  const creation = here.create('Note')
  await until(() => here.requests.includes('POST api/ciphers'), 'the request')
  const { session } = here.tab
  session.logOut()
  await session.logIn({ email: await newEmail(at()), password: PASSWORD })
  await untilCell(here.vault.status, (status) => status === 'ready', 'the other vault')
  held.resolve()
  await creation
  assert.deepEqual(here.names(), [])
  await here.create('Of the other')
  assert.deepEqual(here.names(), ['Of the other'])
})

test('when a sync brings another address of the account, the vault stays open', async () => {
  using here = await open()
  await here.create('Note')
  const { session } = here.tab
  const { fetch } = here.browser
  here.browser.fetch = async (input, init) => {
    const response = await fetch(input, init)
    if (!String(input).includes('/api/sync')) return response
    const sync = (await response.json()) as JsonObject & { profile: JsonObject }
    return Response.json({ ...sync, profile: { ...sync.profile, email: 'other@example.com' } })
  }
  await here.vault.saveFolder({ id: null, name: 'Work' })
  await here.vault.sync()
  const { email } = session.state.value as { email: string }
  assert.equal(email, 'other@example.com')
  assert.deepEqual([here.names(), here.vault.status.value], [['Note'], 'ready'])
  session.lock()
  assert.deepEqual(here.names(), [])
})

test('items of organizations, whose keys are not known, are not shown', async () => {
  using here = await open()
  const { fetch } = here.browser
  await here.create('Mine')
  here.browser.fetch = async (input, init) => {
    const response = await fetch(input, init)
    if (!String(input).includes('/api/sync')) return response
    const sync = (await response.json()) as JsonObject & { ciphers: JsonObject[] }
    const theirs = { ...sync.ciphers[0], id: crypto.randomUUID(), organizationId: crypto.randomUUID() }
    return Response.json({ ...sync, ciphers: [...sync.ciphers, theirs] })
  }
  here.tab.session.logOut()
  const { session } = here.tab
  await session.logIn({ email: here.email, password: PASSWORD })
  await here.shows('Mine')
})

test('what the server refuses is told in its words', async () => {
  using here = await open()
  const note = newItem('Long', { type: 'secureNote', secureNote: { rest: {} } })
  await assert.rejects(here.vault.save({ ...note, notes: 'x'.repeat(10_001) }), Refused)
  assert.deepEqual(here.names(), [])
})
