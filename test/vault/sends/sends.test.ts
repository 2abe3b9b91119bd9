import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, beforeEach, test } from 'node:test'
import { type Json, registerAndLogin, type TestDevice } from '../../helpers/account.ts'
import { sampleSend } from '../../store/samples.ts'
import { startVault, type TestVault } from '../harness.ts'
import { fileSend, inDays, textSend } from './send-requests.ts'

let vault: TestVault
let alice: TestDevice
let mallory: TestDevice
before(async () => {
  vault = await startVault()
  alice = await registerAndLogin({ fetch: vault.fetch })
  mallory = await registerAndLogin({ fetch: vault.fetch })
})
after(() => vault[Symbol.asyncDispose]())
beforeEach(() => void vault.takeTold())

const create = async (fields: Json = {}): Promise<Json> => {
  const { status, json } = await alice.post('/api/sends', textSend(fields))
  assert.equal(status, 200, JSON.stringify(json))
  return json
}

function assertTold(event: string, { id, revisionDate }: Json) {
  const [told, ...rest] = vault.takeTold()
  assert.deepEqual(rest, [])
  const { date, ...what } = told!
  assert.deepEqual(what, { event, id, contextId: alice.deviceId, recipients: [alice.userId] })
  if (revisionDate !== undefined) assert.equal(date.getTime(), Date.parse(revisionDate))
  return date
}

const revisionDate = async () => (await alice.get('/api/accounts/revision-date')).json as number

test('a text Send is created, read, listed, synced, changed and deleted, and each time told', async () => {
  const expirationDate = inDays(2)
  const send = await create({ notes: '2.notes', maxAccessCount: 3, expirationDate, hideEmail: true })
  const { id, accessId, deletionDate: until, revisionDate: date, ...rest } = send
  assert.equal(Buffer.from(accessId, 'base64url').toString('hex'), id.replaceAll('-', ''))
  assert.deepEqual(rest, {
    type: 0,
    name: '2.name',
    notes: '2.notes',
    text: { text: '2.text', hidden: false },
    file: null,
    key: '2.key',
    maxAccessCount: 3,
    accessCount: 0,
    password: null,
    authType: 2,
    disabled: false,
    hideEmail: true,
    expirationDate: expirationDate.replace('Z', '000Z'),
    object: 'send',
  })
  assert.ok(Date.parse(until) > Date.now() && Date.parse(date) <= Date.now())
  assertTold('SyncSendCreate', send)
  assert.equal(await revisionDate(), Date.parse(send.revisionDate))

  assert.deepEqual((await alice.get(`/api/sends/${id}`)).json, send)
  assert.deepEqual((await alice.get('/api/sends')).json, { data: [send], object: 'list', continuationToken: null })
  assert.deepEqual((await alice.get('/api/sync')).json.sends, [send])

  const change = textSend({ name: '2.new', key: '2.other', disabled: true, text: { text: '2.changed', hidden: true } })
  const { status, json: changed } = await alice.put(`/api/sends/${id}`, change)
  assert.equal(status, 200)
  assert.deepEqual(changed, {
    ...send,
    name: '2.new',
    notes: null,
    key: '2.other',
    text: { text: '2.changed', hidden: true },
    maxAccessCount: null,
    expirationDate: null,
    deletionDate: changed.deletionDate,
    disabled: true,
    hideEmail: false,
    revisionDate: changed.revisionDate,
  })
  assert.ok(changed.revisionDate > send.revisionDate)
  assertTold('SyncSendUpdate', changed)
  assert.equal(await revisionDate(), Date.parse(changed.revisionDate))
  assert.deepEqual((await alice.get(`/api/sends/${id}`)).json, changed)

  const deleted = await alice.delete(`/api/sends/${id}`)
  assert.deepEqual([deleted.status, deleted.json], [200, undefined])
  assert.equal(assertTold('SyncSendDelete', { id }).getTime(), await revisionDate())
  assert.ok((await revisionDate()) > Date.parse(changed.revisionDate))
  assert.deepEqual((await alice.get('/api/sends')).json.data, [])
})

test('a password is kept by changes that bring none, replaced by those that bring one, and can be removed', async () => {
  const send = await create({ password: 'cGFzc3dvcmQ=', authType: 1 })
  assert.equal(send.authType, 1)
  const stored = await vault.store.sends.find(send.id)
  assert.deepEqual([stored!.passwordSalt!.length, stored!.passwordHash!.length], [64, 32])
  assert.equal(stored!.passwordIterations, 100_000)
  assert.equal(send.password, stored!.passwordHash!.toString('base64url'))

  for (const fields of [{}, { password: null }, { password: '' }]) {
    const { json } = await alice.put(`/api/sends/${send.id}`, textSend({ ...fields, name: '2.renamed' }))
    assert.deepEqual([json.name, json.password, json.authType], ['2.renamed', send.password, 1])
  }
  const { json: replaced } = await alice.put(`/api/sends/${send.id}`, textSend({ password: 'b3RoZXI=' }))
  assert.equal(replaced.authType, 1)
  assert.notEqual(replaced.password, send.password)
  vault.takeTold()

  const { status, json: removed } = await alice.put(`/api/sends/${send.id}/remove-password`)
  assert.equal(status, 200)
  assert.deepEqual(removed, { ...replaced, password: null, authType: 2, revisionDate: removed.revisionDate })
  assert.ok(removed.revisionDate > replaced.revisionDate)
  assertTold('SyncSendUpdate', removed)
})

test('an empty password is none', async () => {
  assert.equal((await create({ password: '' })).password, null)
})

test('numbers may come as text', async () => {
  assert.equal((await create({ maxAccessCount: '12' })).maxAccessCount, 12)
})

test('what Vaultwarden would not take is refused, by the name of the field, and stores nothing', async () => {
  const before = await vault.dump()
  const tooLong = (length: number) => `2.${'A'.repeat(length)}`
  const wrong: [Json, string][] = [
    [{ type: 2 }, 'type'],
    [{ type: 1 }, 'type'],
    [{ type: '0' }, 'type'],
    [{ name: 'plain text' }, 'name'],
    [{ name: null }, 'name'],
    [{ name: tooLong(1000) }, 'name'],
    [{ notes: 'plain text' }, 'notes'],
    [{ notes: tooLong(10_000) }, 'notes'],
    [{ key: '' }, 'key'],
    [{ key: tooLong(1000) }, 'key'],
    [{ text: null }, 'text'],
    [{ text: { text: 'plain text' } }, 'text.text'],
    [{ text: { text: tooLong(100_000) } }, 'text.text'],
    [{ text: { text: '2.a', hidden: 'yes' } }, 'text.hidden'],
    [{ password: 'x'.repeat(1001) }, 'password'],
    [{ emails: 'bob@example.com' }, 'emails'],
    [{ maxAccessCount: 0 }, 'maxAccessCount'],
    [{ maxAccessCount: -1 }, 'maxAccessCount'],
    [{ maxAccessCount: 1.5 }, 'maxAccessCount'],
    [{ maxAccessCount: 2 ** 31 }, 'maxAccessCount'],
    [{ maxAccessCount: 'many' }, 'maxAccessCount'],
    [{ expirationDate: 'soon' }, 'expirationDate'],
    [{ deletionDate: null }, 'deletionDate'],
    [{ deletionDate: '2026-01-01' }, 'deletionDate'],
    [{ deletionDate: inDays(31.01) }, 'deletionDate'],
    [{ disabled: null }, 'disabled'],
    [{ hideEmail: 1 }, 'hideEmail'],
  ]
  for (const [fields, field] of wrong) {
    const { status, json } = await alice.post('/api/sends', textSend(fields))
    assert.deepEqual([status, Object.keys(json.validationErrors)], [400, [field]], JSON.stringify(fields).slice(0, 80))
  }
  assert.deepEqual(await vault.dump(), before)
  assert.deepEqual(vault.takeTold(), [])
  assert.equal((await alice.post('/api/sends', textSend({ deletionDate: inDays(30.99) }))).status, 200)
})

test('a Send does not change its type', async () => {
  const send = await create()
  vault.takeTold()
  const { status, json } = await alice.put(`/api/sends/${send.id}`, fileSend(5))
  assert.deepEqual([status, json.message], [400, "Sends can't change type"])
  assert.deepEqual((await alice.get(`/api/sends/${send.id}`)).json, send)
  assert.deepEqual(vault.takeTold(), [])
})

test("somebody else's Send is not there", async () => {
  const send = await create()
  vault.takeTold()
  const attempts = await Promise.all([
    mallory.get(`/api/sends/${send.id}`),
    mallory.put(`/api/sends/${send.id}`, textSend({ name: '2.stolen' })),
    mallory.put(`/api/sends/${send.id}/remove-password`),
    mallory.delete(`/api/sends/${send.id}`),
    alice.get(`/api/sends/${randomUUID()}`),
  ])
  for (const { status, json } of attempts) assert.deepEqual([status, json.message], [400, 'Send not found'])
  assert.deepEqual(vault.takeTold(), [])
  assert.deepEqual((await alice.get(`/api/sends/${send.id}`)).json, send)
})

test('where Sends are switched off they can be read and deleted, and nothing else', async () => {
  const { sends } = vault.context.settings
  await using strict = await startVault({ sends: { ...sends, isOn: false } })
  const bob = await registerAndLogin({ fetch: strict.fetch })
  const send = sampleSend(bob.userId, { deletionDate: new Date(inDays(1)) })
  await strict.store.sends.insert(send)
  const refused = [
    await bob.post('/api/sends', textSend()),
    await bob.post('/api/sends/file/v2', fileSend(5)),
    await bob.put(`/api/sends/${send.id}`, textSend()),
    await bob.put(`/api/sends/${send.id}/remove-password`),
  ]
  for (const { status, json } of refused) {
    assert.equal(status, 400)
    assert.match(json.message, /switched off/)
  }
  assert.equal((await bob.get(`/api/sends/${send.id}`)).json.hideEmail, false)
  assert.equal((await bob.delete(`/api/sends/${send.id}`)).status, 200)
})

test('a user has no more than 1000 Sends', async () => {
  const bob = await registerAndLogin({ fetch: vault.fetch })
  const { json: first } = await bob.post('/api/sends', textSend())
  const row = (await vault.store.sends.find(first.id))!
  await vault.store.transaction(async ({ sends }) => {
    for (let count = 1; count < 1000; count++) await sends.insert({ ...row, id: randomUUID() })
  })
  for (const [path, body] of [
    ['/api/sends', textSend()],
    ['/api/sends/file/v2', fileSend(5)],
  ] as const) {
    const { status, json } = await bob.post(path, body)
    assert.deepEqual([status, json.message.slice(0, 19)], [400, 'You have 1000 Sends'])
  }
  assert.equal((await bob.delete(`/api/sends/${first.id}`)).status, 200)
  assert.equal((await bob.post('/api/sends', textSend())).status, 200)
})

test('what old servers stored is read: keys in PascalCase, a size that is text', async () => {
  const send = await create()
  await vault.sql(`UPDATE sends SET data = '{"Text":"2.old","Hidden":true}' WHERE uuid = '${send.id}'`)
  assert.deepEqual((await alice.get(`/api/sends/${send.id}`)).json.text, { text: '2.old', hidden: true })
  const fileId = 'ab'.repeat(32)
  await vault.sql(
    `UPDATE sends SET atype = 1, data = '{"Id":"${fileId}","FileName":"2.f","Size":"1536","SizeName":"?"}' WHERE uuid = '${send.id}'`,
  )
  const { json } = await alice.get(`/api/sends/${send.id}`)
  assert.deepEqual(json.file, { id: fileId, fileName: '2.f', size: '1536', sizeName: '1.50 KB' })
  assert.equal(json.text, null)
})
