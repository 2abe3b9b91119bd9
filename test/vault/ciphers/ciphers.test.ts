import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, beforeEach, test } from 'node:test'
import { type Json, registerAndLogin, type TestDevice } from '../../helpers/account.ts'
import { startVault, type TestVault } from '../harness.ts'

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

const create = async (name = 'My login', fields: Json = {}): Promise<Json> => {
  const { status, json } = await alice.post('/api/ciphers', alice.loginItem(name, fields))
  assert.equal(status, 200, JSON.stringify(json))
  vault.takeTold()
  return json
}
const read = async (id: string): Promise<Json> => (await alice.get(`/api/ciphers/${id}`)).json
const createFolder = async (): Promise<string> => {
  const { json } = await alice.post('/api/folders', { name: alice.encrypt('Folder') })
  vault.takeTold()
  return json.id
}
const accountRevision = async (): Promise<number> => (await alice.get('/api/accounts/revision-date')).json

/** Checks that one event was told: to alice alone, in the name of her device. */
function assertTold(event: string, id: string, date?: string) {
  const told = vault.takeTold()
  assert.deepEqual(
    told.map(({ date: _, ...rest }) => rest),
    [{ event, id, contextId: alice.deviceId, recipients: [alice.userId] }],
  )
  if (date !== undefined) assert.equal(told[0]!.date.getTime(), Date.parse(date))
}

test('a new item is answered whole and told to the other devices', async () => {
  const body = alice.loginItem('My login', { encryptedFor: alice.userId, favorite: true, reprompt: 1 })
  const { status, json } = await alice.post('/api/ciphers', body)
  assert.equal(status, 200)
  assert.match(json.revisionDate, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/)
  assert.deepEqual(json, {
    object: 'cipherDetails',
    id: json.id,
    type: 1,
    creationDate: json.creationDate,
    revisionDate: json.revisionDate,
    deletedDate: null,
    reprompt: 1,
    organizationId: null,
    key: null,
    attachments: null,
    organizationUseTotp: true,
    collectionIds: [],
    name: body.name,
    notes: null,
    fields: [],
    passwordHistory: [],
    login: {
      uri: body.login.uris[0].uri,
      uris: [{ uri: body.login.uris[0].uri, uriChecksum: null, match: null }],
      username: body.login.username,
      password: body.login.password,
      passwordRevisionDate: null,
      totp: null,
      autofillOnPageLoad: null,
    },
    secureNote: null,
    card: null,
    identity: null,
    sshKey: null,
    bankAccount: null,
    driversLicense: null,
    passport: null,
    folderId: null,
    favorite: true,
    archivedDate: null,
    edit: true,
    viewPassword: true,
    permissions: { delete: true, restore: true },
  })
  assertTold('SyncCipherCreate', json.id, json.revisionDate)
  assert.equal(alice.decrypt((await read(json.id)).name), 'My login')
})

test('an item is read alone, in detail and among all', async () => {
  const created = await create()
  for (const path of [`/api/ciphers/${created.id}`, `/api/ciphers/${created.id}/details`]) {
    assert.deepEqual((await alice.get(path)).json, created)
  }
  const { json } = await alice.get('/api/ciphers')
  assert.deepEqual([json.object, json.continuationToken], ['list', null])
  assert.deepEqual(
    json.data.find(({ id }: Json) => id === created.id),
    created,
  )
})

test('each update has a newer revision date, even within one millisecond', async () => {
  const created = await create()
  let last = created
  for (const [round, method] of (['PUT', 'POST', 'PUT', 'PUT'] as const).entries()) {
    const body = alice.loginItem(`Name ${round}`, { lastKnownRevisionDate: last.revisionDate })
    const { status, json } = await alice.request(method, `/api/ciphers/${created.id}`, body)
    assert.equal(status, 200)
    assert.ok(json.revisionDate > last.revisionDate)
    assert.equal(json.creationDate, created.creationDate)
    assertTold('SyncCipherUpdate', created.id, json.revisionDate)
    last = json
  }
  assert.equal(alice.decrypt((await read(created.id)).name), 'Name 3')
  assert.ok((await accountRevision()) >= Date.parse(last.revisionDate))
})

test('an update of an outdated copy is refused', async () => {
  const created = await create()
  vault.advance(2000)
  const fresh = await alice.put(`/api/ciphers/${created.id}`, alice.loginItem('first'))
  assert.equal(fresh.status, 200)
  vault.takeTold()
  const stale = alice.loginItem('second', { lastKnownRevisionDate: created.revisionDate })
  const { status, json } = await alice.put(`/api/ciphers/${created.id}`, stale)
  const message = 'The client copy of this cipher is out of date. Resync the client and try again.'
  assert.deepEqual([status, json.message], [400, message])
  assert.deepEqual(vault.takeTold(), [])
  const unknown = alice.loginItem('third', { lastKnownRevisionDate: '0001-01-01T00:00:00' })
  assert.equal((await alice.put(`/api/ciphers/${created.id}`, unknown)).status, 200)
})

test('a copy may be less than two seconds older than the item', async () => {
  const created = await create()
  for (const [olderMs, expected] of [
    [2000, 400],
    [1999, 200],
  ] as const) {
    const lastKnownRevisionDate = new Date(Date.parse(created.revisionDate) - olderMs).toISOString()
    const { status } = await alice.put(`/api/ciphers/${created.id}`, alice.loginItem('x', { lastKnownRevisionDate }))
    assert.equal(status, expected, `${olderMs} ms`)
  }
})

const nested = (depth: number) => JSON.parse('['.repeat(depth) + ']'.repeat(depth))

const note = { type: 2, login: null, secureNote: { type: 0, response: null } }
for (const [fault, field, fields] of [
  ['of a type that cannot be stored', 'type', { type: 6 }],
  ['of no type', 'type', { type: undefined }],
  ['with its type as text', 'type', { type: '1' }],
  ['without a name', 'name', { name: null }],
  ['without its own part', 'login', { login: null }],
  ['with a part that is a text', 'login', { login: 'x' }],
  ['with fields that are no list', 'fields', { fields: {} }],
  ['with a field that is none', 'fields[1]', { fields: [{}, 'x'] }],
  ['with a note that is too long', 'Notes', { notes: `2.${'x'.repeat(10_000)}` }],
  ['encrypted for somebody else', 'encryptedFor', { encryptedFor: randomUUID() }],
  ['nested deeper than any', 'login', { login: { later: nested(20) } }],
  ['with a field nested deeper than any', 'fields', { fields: [{ later: nested(20) }] }],
  ['with a history nested deeper than any', 'passwordHistory', { passwordHistory: [{ later: nested(20) }] }],
  ['with a name that is not encrypted', 'name', { name: 'plain' }],
  ['with a key that is not encrypted', 'key', { key: 'junk' }],
  ['with URIs that are no list', 'login.uris', { login: { uris: 'x' } }],
  ['with a URI that is a number', 'login.uris[0].uri', { login: { uris: [{ uri: 5 }] } }],
  ['with a user name that is an object', 'login.username', { login: { username: {} } }],
  ['with a seed that is a number', 'login.totp', { login: { totp: 5 } }],
  ['with passkeys that are no list', 'login.fido2Credentials', { login: { fido2Credentials: 'x' } }],
  ['with a passkey that is none', 'login.fido2Credentials[0]', { login: { fido2Credentials: [5] } }],
  ['with a brand that is an object', 'card.brand', { type: 3, login: null, card: { brand: {} } }],
  ['with half an SSH key', 'sshKey.publicKey', { type: 5, login: null, sshKey: { privateKey: '2.a' } }],
  ['with a field whose name is an object', 'fields[0].name', { fields: [{ name: {} }] }],
  ['archived in a year that cannot be kept', 'archivedDate', { archivedDate: '9999-12-31T23:59:59-10:00' }],
  ['archived before the first year', 'archivedDate', { archivedDate: '0000-01-01T00:00:00+10:00' }],
  ['archived at no date', 'archivedDate', { archivedDate: 'yesterday' }],
  ['of an organization', 'organizationId', { organizationId: randomUUID() }],
  ['in a folder that is not there', 'folderId', { folderId: randomUUID() }],
] as const) {
  test(`an item ${fault} is refused and names ${field}`, async () => {
    const { id } = await create()
    for (const send of [alice.post('/api/ciphers', alice.loginItem('x', fields))]) {
      const { status, json } = await send
      assert.deepEqual([status, Object.keys(json.validationErrors)], [400, [field]])
    }
    const { status, json } = await alice.put(`/api/ciphers/${id}`, alice.loginItem('x', fields))
    assert.deepEqual([status, Object.keys(json.validationErrors)], [400, [field]])
    assert.deepEqual(vault.takeTold(), [])
    assert.equal(alice.decrypt((await read(id)).name), 'My login')
  })
}

test('a note may be as long as the operator says', async () => {
  await using roomy = await startVault({ maxNoteCharacters: 100_000 })
  const bob = await registerAndLogin({ fetch: roomy.fetch })
  const send = async (characters: number) => {
    const { status } = await bob.post('/api/ciphers', bob.loginItem('x', { notes: `2.${'x'.repeat(characters - 2)}` }))
    return status
  }
  assert.deepEqual([await send(100_000), await send(100_001)], [200, 400])
})

test('no depth of nesting is too much for the server', async () => {
  const item = JSON.stringify(alice.loginItem('x'))
  for (const depth of [1000, 5000, 100_000]) {
    const response = await vault.fetch(`${vault.server}/api/ciphers`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${alice.accessToken}`, 'Content-Type': 'application/json' },
      body: item.replace('"totp":null', `"totp":${'['.repeat(depth)}${']'.repeat(depth)}`),
    })
    assert.equal(response.status, 400)
  }
})

test('the types after the SSH key are told to be invalid', async () => {
  for (const type of [0, 6, 7, 8, 9]) {
    const { status, json } = await alice.post('/api/ciphers', alice.loginItem('x', { type }))
    assert.deepEqual([status, json.message], [400, 'Invalid type'])
  }
})

test('an item keeps its type', async () => {
  const { id } = await create()
  assert.equal((await alice.put(`/api/ciphers/${id}`, alice.loginItem('x', note))).json.message, 'Invalid type')
})

test('an item encrypted with a key that is not the recorded one is refused', async () => {
  const bob = await registerAndLogin({ fetch: vault.fetch })
  const item = (encryptedByKeyId: string) => bob.post('/api/ciphers', bob.loginItem('x', { encryptedByKeyId }))
  assert.equal((await item('00'.repeat(16))).status, 200)
  await bob.post('/api/accounts/key-management/user-key-id', { userKeyId: 'ab'.repeat(16) })
  assert.deepEqual([(await item('AB'.repeat(16))).status, (await item('00'.repeat(16))).status], [200, 400])
})

test('what clients leave behind in an item is not kept', async () => {
  const fields = [{ response: null, type: 0, name: '2.n', value: '2.v', linkedId: null }]
  const passwordHistory = [{ response: null, password: '2.p', lastUsedDate: '2026-01-02T03:04:05.678Z' }]
  const item = await create('x', { ...note, fields, passwordHistory })
  assert.deepEqual(item.secureNote, { type: 0 })
  assert.deepEqual(item.fields, [{ type: 0, name: '2.n', value: '2.v', linkedId: null }])
  assert.deepEqual(item.passwordHistory, [{ password: '2.p', lastUsedDate: '2026-01-02T03:04:05.678000Z' }])
  const row = (await vault.store.ciphers.findOwn(alice.userId, item.id))!
  assert.ok(![row.data, row.fields, row.passwordHistory].some((text) => text?.includes('response')))
})

test('what old clients stored is mended on its way out', async () => {
  const login = await create()
  const row = (await vault.store.ciphers.findOwn(alice.userId, login.id))!
  await vault.store.ciphers.update({
    ...row,
    data: '{"Username":"2.u","Uris":[{"Uri":"2.first","Match":"3"},{"Uri":"2.second","Match":"x"}],"PasswordRevisionDate":"bad"}',
    fields: '[{"Type":"0","Name":"2.a"},{"Type":"text","Name":"2.b"},{"Name":"2.c"},{"Type":2},null]',
    passwordHistory: '[{"Password":null},{"Password":"p","LastUsedDate":"yesterday"},{"password":"q"}]',
    reprompt: 7,
  })
  const mended = await read(login.id)
  assert.deepEqual(mended.login, {
    username: '2.u',
    uri: '2.first',
    uris: [
      { uri: '2.first', match: 3 },
      { uri: '2.second', match: null },
    ],
    passwordRevisionDate: '1970-01-01T00:00:00.000000Z',
  })
  assert.deepEqual(mended.fields, [
    { type: 0, name: '2.a' },
    { type: 1, name: '2.b' },
    { name: '2.c', type: 1 },
    { type: 2 },
  ])
  assert.deepEqual(mended.passwordHistory, [
    { password: 'p', lastUsedDate: '1970-01-01T00:00:00.000000Z' },
    { password: 'q', lastUsedDate: '1970-01-01T00:00:00.000000Z' },
  ])
  assert.equal(mended.reprompt, 0)
  await vault.store.ciphers.update({ ...row, data: 'broken', fields: '{', passwordHistory: '1' })
  const broken = await read(login.id)
  assert.deepEqual([broken.login, broken.fields, broken.passwordHistory], [{ uri: null, uris: null }, [], []])
})

test('texts that an old row has unencrypted go out as they are: none is lost, though clients cannot read them', async () => {
  const vault = await startVault()
  const bob = await registerAndLogin({ fetch: vault.fetch })
  const { json: item } = await bob.post('/api/ciphers', bob.loginItem('x'))
  const row = (await vault.store.ciphers.findOwn(bob.userId, item.id))!
  const plain = {
    name: 'Bank',
    notes: 'behind the clock',
    fields: [{ type: 0, name: 'PIN', value: '1234', linkedId: null }],
    passwordHistory: [{ password: 'hunter2', lastUsedDate: '2016-01-02T03:04:05.000000Z' }],
    login: { uri: 'bank.example', uris: [{ uri: 'bank.example', match: null }], username: 'bob', password: 'hunter3' },
  }
  await vault.store.ciphers.update({
    ...row,
    ...plain,
    fields: JSON.stringify(plain.fields),
    data: JSON.stringify(plain.login),
    passwordHistory: JSON.stringify(plain.passwordHistory),
  })
  const { json: sync } = await bob.get('/api/sync')
  for (const answer of [sync.ciphers[0], (await bob.get(`/api/ciphers/${item.id}`)).json]) {
    const { name, notes, fields, passwordHistory, login } = answer
    assert.deepEqual({ name, notes, fields, passwordHistory, login }, plain)
  }
  // Nobody is promised such a thing.
  await assert.rejects(async () => vault[Symbol.asyncDispose](), /GET \/api\/sync answered 200: .*pattern/)
})

test('identities, notes and SSH keys are repaired by their own rules', async () => {
  const identity = await create('x', { type: 4, login: null, identity: { SSN: '2.number', FirstName: '2.A' } })
  assert.deepEqual(identity.identity, { ssn: '2.number', firstName: '2.A' })
  const emptyNote = await create('x', { ...note, secureNote: {} })
  assert.deepEqual(emptyNote.secureNote, { type: 0 })
  const whole = { privateKey: '2.a', publicKey: '2.b', keyFingerprint: '2.c' }
  const sshKey = await create('x', { type: 5, login: null, sshKey: whole })
  assert.deepEqual(sshKey.sshKey, whole)
  const row = (await vault.store.ciphers.findOwn(alice.userId, sshKey.id))!
  await vault.store.ciphers.update({ ...row, data: '{"privateKey":"2.a","publicKey":""}' })
  assert.equal((await read(sshKey.id)).sshKey, null)
})

test('a favourite and a folder set by a partial update reach the other devices', async () => {
  const created = await create()
  const folderId = await createFolder()
  for (const method of ['PUT', 'POST']) {
    const path = `/api/ciphers/${created.id}/partial`
    const { status, json } = await alice.request(method, path, { folderId, favorite: method === 'PUT' })
    assert.deepEqual([status, json.folderId, json.favorite], [200, folderId, method === 'PUT'])
    assert.ok(json.revisionDate > created.revisionDate)
    assertTold('SyncCipherUpdate', created.id, json.revisionDate)
  }
  const { json } = await alice.put(`/api/ciphers/${created.id}/partial`, { favorite: 'yes' })
  assert.deepEqual(Object.keys(json.validationErrors), ['favorite'])
})

test('an update puts the item where it says and keeps what it does not mention', async () => {
  const folderId = await createFolder()
  const created = await create('x', { folderId, favorite: true, archivedDate: '2026-01-02T03:04:05Z' })
  assert.deepEqual([created.folderId, created.archivedDate], [folderId, '2026-01-02T03:04:05.000000Z'])
  const { favorite: _, ...rest } = alice.loginItem('y')
  const { json } = await alice.put(`/api/ciphers/${created.id}`, { ...rest, folderId: '' })
  assert.deepEqual([json.folderId, json.favorite, json.archivedDate], [null, true, created.archivedDate])
  assert.deepEqual(await read(created.id), json)
})

test('an item goes to the trash and comes back', async () => {
  const { id } = await create()
  const trashed = await alice.put(`/api/ciphers/${id}/delete`)
  assert.deepEqual([trashed.status, trashed.json], [200, undefined])
  const inTrash = await read(id)
  assert.notEqual(inTrash.deletedDate, null)
  assertTold('SyncCipherUpdate', id, inTrash.revisionDate)
  const { json } = await alice.put(`/api/ciphers/${id}/restore`)
  assert.equal(json.deletedDate, null)
  assertTold('SyncCipherUpdate', id, json.revisionDate)
})

for (const [method, suffix] of [
  ['DELETE', ''],
  ['POST', '/delete'],
] as const) {
  test(`an item deleted by ${method} is gone for good`, async () => {
    const { id } = await create()
    const { status, json } = await alice.request(method, `/api/ciphers/${id}${suffix}`)
    assert.deepEqual([status, json], [200, undefined])
    assertTold('SyncLoginDelete', id)
    const again = await alice.get(`/api/ciphers/${id}`)
    assert.deepEqual([again.status, again.json.message], [400, "Cipher doesn't exist"])
  })

  test(`many items deleted by ${method} are told as one event`, async () => {
    const ids = [(await create()).id, (await create()).id]
    const { status } = await alice.request(method, `/api/ciphers${suffix}`, { ids })
    assert.equal(status, 200)
    assertTold('SyncCiphers', alice.userId)
    for (const id of ids) assert.equal((await alice.get(`/api/ciphers/${id}`)).status, 400)
  })
}

test('an item is archived and taken out again', async () => {
  const { id } = await create()
  const archived = await alice.put(`/api/ciphers/${id}/archive`)
  assert.notEqual(archived.json.archivedDate, null)
  assertTold('SyncCipherUpdate', id, archived.json.revisionDate)
  const unarchived = await alice.put(`/api/ciphers/${id}/unarchive`)
  assert.equal(unarchived.json.archivedDate, null)
  assertTold('SyncCipherUpdate', id, unarchived.json.revisionDate)
  assert.deepEqual(await read(id), unarchived.json)
})

for (const [path, changed] of [
  ['/api/ciphers/archive', (item: Json) => item.archivedDate !== null],
  ['/api/ciphers/unarchive', (item: Json) => item.archivedDate === null],
  ['/api/ciphers/restore', (item: Json) => item.deletedDate === null],
] as const) {
  test(`${path} answers with the items and is told as one event`, async () => {
    const before = [await create(), await create()]
    const ids = before.map(({ id }) => id)
    const { status, json } = await alice.put(path, { ids })
    assert.deepEqual([status, json.object], [200, 'list'])
    assert.deepEqual(json.data.map(({ id }: Json) => id).sort(), ids.sort())
    for (const item of json.data) {
      assert.ok(changed(item))
      assert.ok(item.revisionDate > before.find(({ id }) => id === item.id)!.revisionDate)
      assert.deepEqual(await read(item.id), item)
    }
    assertTold('SyncCiphers', alice.userId)
  })
}

test('many items go to the trash as one event', async () => {
  const ids = [(await create()).id, (await create()).id]
  const { status, json } = await alice.put('/api/ciphers/delete', { ids })
  assert.deepEqual([status, json], [200, undefined])
  for (const id of ids) assert.notEqual((await read(id)).deletedDate, null)
  assertTold('SyncCiphers', alice.userId)
})

test('items are moved without making the copy of the acting client an outdated one', async () => {
  const folderId = await createFolder()
  const created = await create()
  const revision = await accountRevision()
  vault.advance(5000)
  for (const [method, target] of [
    ['PUT', folderId],
    ['POST', null],
  ] as const) {
    const { status, json } = await alice.request(method, '/api/ciphers/move', { ids: [created.id], folderId: target })
    assert.deepEqual([status, json], [200, undefined])
    const moved = await read(created.id)
    assert.deepEqual([moved.folderId, moved.revisionDate], [target, created.revisionDate])
    assertTold('SyncCiphers', alice.userId)
  }
  assert.ok((await accountRevision()) > revision)
  const { json } = await alice.put('/api/ciphers/move', { ids: [created.id], folderId: randomUUID() })
  assert.deepEqual([json.message, vault.takeTold()], ['Invalid folder', []])
})

for (const [method, path] of [
  ['DELETE', '/api/ciphers'],
  ['POST', '/api/ciphers/delete'],
  ['PUT', '/api/ciphers/delete'],
  ['PUT', '/api/ciphers/restore'],
  ['PUT', '/api/ciphers/archive'],
  ['PUT', '/api/ciphers/unarchive'],
  ['PUT', '/api/ciphers/move'],
] as const) {
  test(`${method} ${path} of no item, of a wrong list and of strangers' items changes and tells nothing`, async () => {
    const { id } = await create()
    for (const body of [{ ids: [] }, {}, { ids: id }]) {
      const { status, json } = await alice.request(method, path, body)
      assert.deepEqual([status, Object.keys(json.validationErrors)], [400, ['ids']])
    }
    const { status, json } = await mallory.request(method, path, { ids: [id] })
    assert.deepEqual([status, json.message], [400, "Cipher doesn't exist"])
    assert.deepEqual(vault.takeTold(), [])
  })
}

test('a bulk operation passes over what is not there any more', async () => {
  const { id } = await create()
  const { status, json } = await alice.put('/api/ciphers/archive', { ids: [randomUUID(), id, id] })
  assert.deepEqual([status, json.data.length], [200, 1])
  assertTold('SyncCiphers', alice.userId)
})

test("somebody else's item is not there", async () => {
  const { id } = await create()
  const attempts = await Promise.all([
    mallory.get(`/api/ciphers/${id}`),
    mallory.get(`/api/ciphers/${id}/details`),
    mallory.put(`/api/ciphers/${id}`, mallory.loginItem('x')),
    mallory.put(`/api/ciphers/${id}/partial`, { favorite: true, folderId: null }),
    mallory.put(`/api/ciphers/${id}/delete`),
    mallory.put(`/api/ciphers/${id}/restore`),
    mallory.put(`/api/ciphers/${id}/archive`),
    mallory.delete(`/api/ciphers/${id}`),
  ])
  for (const { status, json } of attempts) assert.deepEqual([status, json.message], [400, "Cipher doesn't exist"])
  assert.deepEqual(vault.takeTold(), [])
  assert.equal(alice.decrypt((await read(id)).name), 'My login')
})

test("an item cannot be put into somebody else's folder", async () => {
  const folderId = await createFolder()
  const { status, json } = await mallory.post('/api/ciphers', mallory.loginItem('x', { folderId }))
  assert.deepEqual([status, json.message], [400, 'Invalid folder'])
  assert.deepEqual((await mallory.get('/api/ciphers')).json.data, [])
})

test('every event about the account is newer than the one before', async () => {
  const { id } = await create()
  const move = () => alice.put('/api/ciphers/move', { ids: [id], folderId: null })
  await Promise.all(Array.from({ length: 20 }, move))
  const dates = vault.takeTold().map(({ date }) => date.getTime())
  assert.equal(new Set(dates).size, 20)
  assert.deepEqual(
    dates,
    dates.toSorted((a, b) => a - b),
  )
})
