import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { appendFile, mkdir, readdir, rmdir, truncate, unlink, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { after, before, beforeEach, test } from 'node:test'
import { sweepFiles } from '../../../src/vault/jobs/sweep-files.ts'
import { type Json, registerAndLogin, type TestDevice } from '../../helpers/account.ts'
import { within } from '../../helpers/wait.ts'
import { afterNext, startVault, type TestVault } from '../harness.ts'

const MIB = 1024 * 1024

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

const create = async (device = alice, name = 'with files'): Promise<Json> =>
  (await device.post('/api/ciphers', device.loginItem(name))).json

const read = async (id: string, device = alice): Promise<Json> => (await device.get(`/api/ciphers/${id}`)).json

const described = (device: TestDevice, fileSize: unknown, fields: Json = {}) => ({
  key: device.encrypt('key of the file'),
  fileName: device.encrypt('report.pdf'),
  fileSize,
  adminRequest: false,
  ...fields,
})

const announce = (id: string, fileSize: unknown, device = alice) =>
  device.post(`/api/ciphers/${id}/attachment/v2`, described(device, fileSize))

function form(bytes: string | Uint8Array, fields: Record<string, string> = {}, fileName = 'name'): FormData {
  const form = new FormData()
  form.append('data', new Blob([bytes as Uint8Array<ArrayBuffer>]), fileName)
  for (const [name, value] of Object.entries(fields)) form.append(name, value)
  return form
}

/** Announces a file and uploads it; resolves with its id. */
async function attach(id: string, bytes: string, device = alice): Promise<string> {
  const { status, json } = await announce(id, bytes.length, device)
  assert.equal(status, 200)
  assert.equal((await device.post(`/api${json.url}`, form(bytes))).status, 200)
  return json.attachmentId
}

async function download(url: string, init?: RequestInit) {
  const response = await vault.fetch(url, init)
  return { status: response.status, headers: response.headers, text: await response.text() }
}

/** Every file in the folder of attachments, whatever its name. */
async function files(of = vault): Promise<string[]> {
  const { folder } = of.context.settings.attachments
  if (!existsSync(folder)) return []
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => `${parentPath}/${name}`)
}

const filesOf = async (id: string, of = vault) => (await files(of)).filter((file) => file.includes(id)).length

test('what is announced is shown to nobody else until it is there, and then to all', async () => {
  const item = await create()
  vault.takeTold()
  const { json: announced } = await announce(item.id, 11)
  assert.match(announced.attachmentId, /^[0-9a-f]{20}$/)
  assert.equal(announced.url, `/ciphers/${item.id}/attachment/${announced.attachmentId}`)
  const promised = announced.cipherResponse
  assert.ok(promised.revisionDate > item.revisionDate)
  assert.deepEqual(await read(item.id), item)
  assert.deepEqual(vault.takeTold(), [])

  const { status, json } = await alice.post(`/api${announced.url}`, form('hello world'))
  assert.deepEqual([status, json], [200, undefined])
  const [attachment] = promised.attachments
  assert.deepEqual(attachment, {
    id: announced.attachmentId,
    url: `https://localhost/attachments/${item.id}/${announced.attachmentId}`,
    fileName: attachment.fileName,
    size: '11',
    sizeName: '11.00 bytes',
    key: attachment.key,
    object: 'attachment',
  })
  assert.equal(alice.decrypt(attachment.fileName), 'report.pdf')
  // What the client keeps is what there is, so that its next change is none to an old copy.
  assert.deepEqual(await read(item.id), promised)
  const { json: sync } = await alice.get('/api/sync')
  assert.deepEqual(
    sync.ciphers.find(({ id }: Json) => id === item.id),
    promised,
  )
  const told = vault.takeTold()
  assert.deepEqual(
    told.map(({ event, id, contextId }) => ({ event, id, contextId })),
    [{ event: 'SyncCipherUpdate', id: item.id, contextId: alice.deviceId }],
  )
  assert.ok(told[0]!.date > new Date(item.revisionDate))
  const { revisionDate } = promised
  const edit = await alice.put(`/api/ciphers/${item.id}`, alice.loginItem('y', { lastKnownRevisionDate: revisionDate }))
  assert.equal(edit.status, 200)
})

test('a file is had with the ticket of the attachment, as it was uploaded', async () => {
  const item = await create()
  const id = await attach(item.id, 'the file')
  const { json } = await alice.get(`/api/ciphers/${item.id}/attachment/${id}`)
  const file = await download(json.url)
  assert.deepEqual([file.status, file.text], [200, 'the file'])
  assert.equal(file.headers.get('content-type'), 'application/octet-stream')
  assert.equal(file.headers.get('content-length'), '8')
  assert.equal(file.headers.get('x-content-type-options'), 'nosniff')
  const head = await download(json.url, { method: 'HEAD' })
  assert.deepEqual([head.status, head.text, head.headers.get('content-length')], [200, '', '8'])
  const fromApp = await download(json.url, { headers: { Origin: 'bw-desktop-file://bundle' } })
  assert.equal(fromApp.headers.get('access-control-allow-origin'), 'bw-desktop-file://bundle')
})

test('a ticket is good for its own file and for five minutes', async () => {
  const [item, other] = [await create(), await create()]
  const [id, otherId] = [await attach(item.id, 'one'), await attach(other.id, 'two')]
  const { json } = await alice.get(`/api/ciphers/${item.id}/attachment/${id}`)
  const { search } = new URL(json.url)
  const url = `https://localhost/attachments/${item.id}/${id}`
  const tokens = [
    `https://localhost/attachments/${other.id}/${otherId}${search}`,
    `https://localhost/attachments/${item.id}/${otherId}${search}`,
    `https://localhost/attachments/${other.id}/${id}${search}`,
    url,
    `${url}?token=`,
    `${url}?token=x`,
    `${url}?token=${alice.accessToken}`,
    `https://localhost/attachments/..%2f..%2frsa_key.pem/${id}${search}`,
    `https://localhost/attachments/${item.id}/..%2f..%2frsa_key.pem${search}`,
  ]
  for (const wrong of tokens) assert.equal((await download(wrong)).status, 404, wrong)
  vault.advance(299_000)
  assert.equal((await download(json.url)).status, 200)
  // Half a minute is for clocks that differ.
  vault.advance(32_000)
  assert.equal((await download(json.url)).status, 404)
})

for (const [method, suffix] of [
  ['DELETE', ''],
  ['POST', '/delete'],
] as const) {
  test(`${method} …${suffix} takes a file off its item and away`, async () => {
    const item = await create()
    const [kept, gone] = [await attach(item.id, 'kept'), await attach(item.id, 'gone')]
    const before = await read(item.id)
    const { json: open } = await alice.get(`/api/ciphers/${item.id}/attachment/${gone}`)
    vault.takeTold()
    const { status, json } = await alice.request(method, `/api/ciphers/${item.id}/attachment/${gone}${suffix}`)
    assert.equal(status, 200)
    assert.deepEqual(
      json.cipher.attachments.map(({ id }: Json) => id),
      [kept],
    )
    assert.deepEqual(await read(item.id), json.cipher)
    assert.ok(json.cipher.revisionDate > before.revisionDate)
    assert.equal(await filesOf(item.id), 1)
    assert.equal((await download(open.url)).status, 404)
    assert.deepEqual(
      vault.takeTold().map(({ event, id, date }) => [event, id, date]),
      [['SyncCipherUpdate', item.id, new Date(json.cipher.revisionDate)]],
    )
    const again = await alice.request(method, `/api/ciphers/${item.id}/attachment/${gone}${suffix}`)
    assert.deepEqual([again.status, again.json.message], [400, "Attachment doesn't exist"])
  })
}

test('an announcement is withdrawn as an attachment is deleted', async () => {
  const item = await create()
  const { json: announced } = await announce(item.id, 5)
  const { status, json } = await alice.delete(`/api${announced.url}`)
  assert.deepEqual([status, json.cipher], [200, item])
  assert.equal((await alice.post(`/api${announced.url}`, form('hello'))).status, 400)
  assert.equal(await filesOf(item.id), 0)
})

test('a file is uploaded once, also when two come at the same time', async () => {
  const item = await create()
  const { json: announced } = await announce(item.id, 5)
  const upload = (bytes: string) => alice.post(`/api${announced.url}`, form(bytes))
  const statuses = (await Promise.all(['one', 'two'].map(upload))).map(({ status }) => status)
  assert.deepEqual(statuses.toSorted(), [200, 400])
  const { json } = await alice.get(`/api${announced.url}`)
  const { text } = await download(json.url)
  assert.equal(text, statuses[0] === 200 ? 'one' : 'two')
  assert.equal((await upload('three')).status, 400)
  assert.equal((await download(json.url)).text, text)
})

test('the size may be a mebibyte off, and what is there counts', async () => {
  const item = await create()
  for (const [announcedSize, size, status] of [
    [3, MIB + 3, 200],
    [3, MIB + 4, 400],
    [MIB + 3, 3, 200],
    [MIB + 4, 3, 400],
    ['3', 3, 200],
  ] as const) {
    const { json } = await announce(item.id, announcedSize)
    const before = await filesOf(item.id)
    const reply = await alice.post(`/api${json.url}`, form(new Uint8Array(size)))
    assert.equal(reply.status, status, `${announcedSize}, ${size}`)
    const { attachments } = await read(item.id)
    const found = attachments?.find(({ id }: Json) => id === json.attachmentId)
    assert.equal(found?.size, status === 200 ? String(size) : undefined)
    assert.equal((await filesOf(item.id)) - before, status === 200 ? 1 : 0)
  }
})

test('sizes that are none, names and keys that are not encrypted are refused', async () => {
  const { id } = await create()
  const url = `/api/ciphers/${id}/attachment/v2`
  for (const fields of [
    { fileSize: -1 },
    { fileSize: '-1' },
    { fileSize: '' },
    { fileSize: 'x' },
    { fileSize: '0x10' },
    { fileSize: 1.5 },
    { fileSize: null },
    { fileSize: 525_000_001 },
    { fileName: 'report.pdf' },
    { fileName: '' },
    { key: 'x' },
    { key: null },
    { lastKnownRevisionDate: '2020-01-01T00:00:00Z' },
  ]) {
    const { status } = await alice.post(url, described(alice, 1, fields))
    assert.equal(status, 400, JSON.stringify(fields))
  }
  assert.equal((await alice.post(url, described(alice, 525_000_000))).status, 200)
})

test('nobody reaches the files of another, and nobody one by the wrong item', async () => {
  const [item, other] = [await create(), await create()]
  const theirs = await create(mallory)
  const id = await attach(item.id, 'private')
  const { json: announced } = await announce(item.id, 3)
  const paths = (cipherId: string, attachmentId: string) => [
    ['GET', `/api/ciphers/${cipherId}/attachment/${attachmentId}`],
    ['GET', `/api/ciphers/${cipherId}/attachment/${attachmentId}/renew`],
    ['DELETE', `/api/ciphers/${cipherId}/attachment/${attachmentId}`],
    ['POST', `/api/ciphers/${cipherId}/attachment/${attachmentId}/delete`],
  ]
  for (const attachmentId of [id, announced.attachmentId]) {
    for (const [method, path] of [...paths(item.id, attachmentId), ...paths(theirs.id, attachmentId)]) {
      assert.equal((await mallory.request(method!, path!)).status, 400, `${method} ${path}`)
    }
    for (const [method, path] of paths(other.id, attachmentId)) {
      assert.equal((await alice.request(method!, path!)).status, 400, `${method} ${path}`)
    }
    for (const cipherId of [item.id, theirs.id]) {
      const path = `/api/ciphers/${cipherId}/attachment/${attachmentId}`
      assert.equal((await mallory.post(path, form('abc'))).status, 400)
    }
    assert.equal((await alice.post(`/api/ciphers/${other.id}/attachment/${attachmentId}`, form('abc'))).status, 400)
  }
  assert.equal((await mallory.post(`/api/ciphers/${item.id}/attachment/v2`, described(mallory, 1))).status, 400)
  assert.equal(
    (await mallory.post(`/api/ciphers/${item.id}/attachment`, form('abc', { key: '2.k' }, '2.n'))).status,
    400,
  )
  assert.equal((await alice.post(`/api${announced.url}`, form('abc'))).status, 200)
  assert.equal(await filesOf(item.id), 2)
})

test('old clients upload in one step, with the parts in any order', async () => {
  const item = await create()
  const [key, fileName] = [alice.encrypt('key'), alice.encrypt('report.pdf')]
  const first = new FormData()
  first.append('key', key)
  first.append('data', new Blob(['bytes']), fileName)
  for (const body of [first, form('bytes', { key }, fileName)]) {
    const before = await read(item.id)
    vault.takeTold()
    const { status, json } = await alice.post(`/api/ciphers/${item.id}/attachment`, body)
    assert.equal(status, 200)
    const added = json.attachments.at(-1)
    assert.ok(json.attachments.every((one: Json) => one.fileName === fileName && one.key === key && one.size === '5'))
    assert.ok(json.revisionDate > before.revisionDate)
    assert.deepEqual(await read(item.id), json)
    assert.deepEqual(vault.takeTold().length, 1)
    const { json: open } = await alice.get(`/api/ciphers/${item.id}/attachment/${added.id}`)
    assert.equal((await download(open.url)).text, 'bytes')
  }
})

test('what is wrong in one step leaves nothing', async () => {
  const item = await create()
  const url = `/api/ciphers/${item.id}/attachment`
  const [key, name] = [alice.encrypt('key'), alice.encrypt('report.pdf')]
  const twice = form('one', { key }, name)
  twice.append('data', new Blob(['two']), name)
  const many = form('one', { key }, name)
  for (let i = 0; i < 10; i++) many.append(`field${i}`, 'x')
  const noFile = new FormData()
  noFile.append('key', key)
  for (const [body, message] of [
    [form('x', {}, name), /key/],
    [form('x', { key: 'plain' }, name), /key/],
    [form('x', { key }, 'report.pdf'), /filename/],
    [form('x', { key }, ''), /filename/i],
    [form('x', { key, model: 'x'.repeat(300_000) }, name), /too long/],
    [noFile, /no file/],
    [twice, /too many/],
    [many, /too many/],
  ] as const) {
    const { status, json } = await alice.post(url, body)
    assert.equal(status, 400)
    assert.match(json.message, message)
  }
  assert.deepEqual(await read(item.id), item)
  assert.equal(await filesOf(item.id), 0)
  assert.deepEqual(await vault.sql(`SELECT id FROM belfry_announced_attachments WHERE cipher_uuid = '${item.id}'`), [])
})

test('a disk that is full is told, and what did not fit counts against nobody', async () => {
  const item = await create()
  const { attachments } = vault.context.files
  attachments.write = async (_, bytes) => {
    for await (const _ of bytes) throw Object.assign(new Error('no space left'), { code: 'ENOSPC' })
    return 0
  }
  try {
    const body = form('bytes', { key: alice.encrypt('key') }, alice.encrypt('report.pdf'))
    const { status, json } = await alice.post(`/api/ciphers/${item.id}/attachment`, body)
    assert.deepEqual([status, json.message], [503, 'The server has no room left for files.'])
  } finally {
    Reflect.deleteProperty(attachments, 'write')
  }
  assert.deepEqual(await vault.sql(`SELECT id FROM belfry_announced_attachments WHERE cipher_uuid = '${item.id}'`), [])
})

test('a body that is no form, or breaks off, leaves nothing', async () => {
  const item = await create()
  const boundary = 'b'
  const part = `--${boundary}\r\nContent-Disposition: form-data; name="data"; filename="x"\r\n\r\nbytes`
  const types: [type: string, body: string, status: number][] = [
    ['application/json', '{}', 415],
    ['text/plain', part, 415],
    ['multipart/form-data', part, 400],
    [`multipart/form-data; boundary=${'x'.repeat(300)}`, part, 400],
    [`multipart/form-data; boundary=${boundary}`, part, 400],
    [`multipart/form-data; boundary=${boundary}`, `${part}\r\n--${boundary}`, 400],
    [`multipart/form-data; boundary=${boundary}`, `${part}\r\n--${boundary}\r\nContent-Dis`, 400],
    [`multipart/form-data; boundary=${boundary}`, '', 400],
    [`multipart/form-data; boundary=${boundary}`, 'nothing', 400],
  ]
  for (const [type, body, status] of types) {
    const { json: announced } = await announce(item.id, 5)
    const response = await vault.fetch(`https://localhost/api${announced.url}`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${alice.accessToken}`, 'Content-Type': type },
      body,
    })
    assert.equal(response.status, status, `${type} ${body}`)
  }
  assert.deepEqual(await read(item.id), item)
  assert.deepEqual(
    (await files()).filter((file) => file.includes(item.id) || file.includes('unfinished')),
    [],
  )
})

for (const [what, end] of [
  [
    'the session ends',
    (_id: string) => alice2.post('/api/accounts/security-stamp', { masterPasswordHash: alice2.passwordHash }),
  ],
  ['the item is deleted', (id: string) => alice2.delete(`/api/ciphers/${id}`)],
  [
    'the announcement is withdrawn',
    async (id: string) => {
      const [row] = await vault.sql(`SELECT id FROM belfry_announced_attachments WHERE cipher_uuid = '${id}'`)
      return alice2.delete(`/api/ciphers/${id}/attachment/${row?.id}`)
    },
  ],
] as const) {
  test(`an upload under way when ${what} leaves nothing`, async () => {
    alice2 = await registerAndLogin({ fetch: vault.fetch })
    const item = await create(alice2)
    const { json: announced } = await announce(item.id, 5, alice2)
    const { attachments } = vault.context.files
    const ended = afterNext(attachments as unknown as Record<'write', () => Promise<unknown>>, 'write', async () => {
      assert.equal(await filesOf(item.id), 1)
      assert.equal((await end(item.id)).status, 200)
    })
    const { status } = await alice2.post(`/api${announced.url}`, form('hello'))
    await ended()
    assert.equal(status, what === 'the session ends' ? 401 : 400)
    assert.equal(await filesOf(item.id), 0)
    assert.deepEqual(await vault.sql(`SELECT id FROM attachments WHERE cipher_uuid = '${item.id}'`), [])
  })
}
let alice2: TestDevice

test('a commit that may have happened keeps its file', async () => {
  const item = await create()
  const { json: announced } = await announce(item.id, 5)
  const { store } = vault.context
  const transaction = store.transaction
  let calls = 0
  Object.assign(store, {
    transaction: async (...parameters: Parameters<typeof transaction>) => {
      const result = await transaction.apply(store, parameters)
      if (++calls === 2) throw Object.assign(new Error('gone'), { code: 'DATABASE_UNAVAILABLE' })
      return result
    },
  })
  const { status } = await alice.post(`/api${announced.url}`, form('hello'))
  Object.assign(store, { transaction })
  assert.equal(status, 503)
  const { json } = await alice.get(`/api${announced.url}`)
  assert.equal((await download(json.url)).text, 'hello')
})

test('names and keys are changed with the item, and those of others and of nothing are passed over', async () => {
  const [item, other] = [await create(), await create()]
  const [id, otherId] = [await attach(item.id, 'x'), await attach(other.id, 'x')]
  const change = { fileName: alice.encrypt('renamed.pdf'), key: alice.encrypt('new key') }
  const attachments2 = { [id]: change, [otherId]: change, '00000000000000000000': change, toString: change }
  const { status, json } = await alice.put(`/api/ciphers/${item.id}`, alice.loginItem('x', { attachments2 }))
  assert.equal(status, 200)
  assert.deepEqual(
    json.attachments.map(({ id, fileName, key }: Json) => ({ id, fileName, key })),
    [{ id, ...change }],
  )
  assert.deepEqual(await read(item.id), json)
  assert.notEqual((await read(other.id)).attachments[0].fileName, change.fileName)
  for (const wrong of [{ fileName: 'plain', key: change.key }, { fileName: change.fileName }, 'x', null]) {
    const body = alice.loginItem('x', { attachments2: { [id]: wrong } })
    assert.equal((await alice.put(`/api/ciphers/${item.id}`, body)).status, 400)
  }
})

test('an item with a file of old times, which has no key, can be changed as clients do', async () => {
  const item = await create()
  const id = await attach(item.id, 'x')
  const { attachments } = vault.context.store
  await attachments.update({ ...(await attachments.find(id))!, key: null })
  const fileName = alice.encrypt('renamed.pdf')
  const { status, json } = await alice.put(
    `/api/ciphers/${item.id}`,
    alice.loginItem('x', { attachments2: { [id]: { fileName } } }),
  )
  assert.equal(status, 200)
  assert.deepEqual([json.attachments[0].fileName, json.attachments[0].key], [fileName, null])
  assert.deepEqual(await read(item.id), json)
  const key = alice.encrypt('new key')
  const attachments2 = { [id]: { fileName, key } }
  const keyed = await alice.put(`/api/ciphers/${item.id}`, alice.loginItem('x', { attachments2 }))
  assert.equal(keyed.json.attachments[0].key, key)
})

test('an item gets a key of its own only together with its files', async () => {
  const item = await create()
  const [one, two] = [await attach(item.id, 'x'), await attach(item.id, 'y')]
  const change = { fileName: alice.encrypt('a'), key: alice.encrypt('b') }
  const put = (attachments2: Json) =>
    alice.put(`/api/ciphers/${item.id}`, alice.loginItem('x', { key: alice.encrypt('item key'), attachments2 }))
  assert.equal((await put({})).status, 400)
  assert.equal((await put({ [one]: change })).status, 400)
  assert.equal((await read(item.id)).key, null)
  assert.equal((await put({ [one]: change, [two]: change })).status, 200)
})

test('files go with their items, one or many, and with their account', async () => {
  const device = await registerAndLogin({ fetch: vault.fetch })
  const items = await Promise.all([1, 2, 3, 4].map(() => create(device)))
  const [one, two, three, kept] = items.map(({ id }) => id) as [string, string, string, string]
  for (const { id } of items) for (const bytes of ['x', 'y']) await attach(id, bytes, device)
  const count = async () => (await Promise.all(items.map(({ id }) => filesOf(id)))).reduce((sum, one) => sum + one)
  await device.put(`/api/ciphers/${one}/delete`)
  assert.equal(await count(), 8)
  assert.equal((await device.delete(`/api/ciphers/${one}`)).status, 200)
  assert.equal(await count(), 6)
  assert.equal((await device.delete('/api/ciphers', { ids: [two, three] })).status, 200)
  assert.deepEqual([await count(), await filesOf(kept)], [2, 2])
  const { status } = await device.delete('/api/accounts', { masterPasswordHash: device.passwordHash })
  assert.deepEqual([status, await count()], [200, 0])
  assert.deepEqual(await vault.sql(`SELECT * FROM belfry_doomed_files`), [])
})

test('where an upload can be brought to is told again', async () => {
  const item = await create()
  const { json: announced } = await announce(item.id, 3)
  const { json } = await alice.get(`/api${announced.url}/renew`)
  assert.deepEqual([json.url, json.attachmentId], [announced.url, announced.attachmentId])
  assert.equal((await alice.post(`/api${json.url}`, form('abc'))).status, 200)
  assert.equal((await alice.get(`/api${announced.url}/renew`)).status, 400)
})

for (const maxBytesPerUser of [0, 10]) {
  test(`with a quota of ${maxBytesPerUser} bytes`, async () => {
    await using small = await startVault()
    Object.assign(small.context.settings.attachments, { maxBytesPerUser })
    const device = await registerAndLogin({ fetch: small.fetch })
    const { id } = await create(device)
    const body = (bytes: string) => form(bytes, { key: device.encrypt('k') }, device.encrypt('n'))
    const inOneStep = (bytes: string) => device.post(`/api/ciphers/${id}/attachment`, body(bytes))
    if (maxBytesPerUser === 0) {
      const { status, json } = await announce(id, 0, device)
      assert.deepEqual([status, json.message], [400, 'Attachments are disabled'])
      assert.equal((await inOneStep('')).status, 400)
      return
    }
    const replies = await Promise.all([6, 6].map((size) => announce(id, size, device)))
    assert.deepEqual(replies.map(({ status }) => status).toSorted(), [200, 400])
    assert.match(replies.find(({ status }) => status === 400)!.json.message, /limit/)
    assert.equal((await announce(id, 5, device)).status, 400)
    const { json: four } = await announce(id, 4, device)
    assert.equal((await inOneStep('x')).status, 400)
    // More than was announced, within the leeway, and still too much.
    assert.equal((await device.post(`/api${four.url}`, form('12345'))).status, 400)
    assert.equal((await device.delete(`/api${four.url}`)).status, 200)
    assert.equal((await inOneStep('1234')).status, 200)
    const six = replies.find(({ status }) => status === 200)!.json
    assert.equal((await device.post(`/api${six.url}`, form('123456'))).status, 200)
    assert.equal((await inOneStep('x')).status, 400)
    assert.equal(await filesOf(id, small), 2)
    assert.equal((await device.delete(`/api${six.url}`)).status, 200)
    const races = await Promise.all(['123456', '12345'].map(inOneStep))
    assert.deepEqual(races.map(({ status }) => status).toSorted(), [200, 400])
    assert.equal(await filesOf(id, small), 2)
  })
}

test('a form of a length that it does not tell writes no more to the disk than its user may have', async () => {
  await using small = await startVault()
  Object.assign(small.context.settings.attachments, { maxBytesPerUser: 10_000 })
  const device = await registerAndLogin({ fetch: small.fetch })
  const { id } = await create(device)
  const { attachments } = small.context.files
  const { write } = attachments
  const bounds: number[] = []
  attachments.write = (place, bytes, options) => {
    bounds.push(options.maxBytes)
    return write.call(attachments, place, bytes, options)
  }
  const head = `--b\r\nContent-Disposition: form-data; name="data"; filename="${device.encrypt('n')}"\r\n\r\n`
  const { statusCode } = await small.app.inject({
    method: 'POST',
    url: `/api/ciphers/${id}/attachment`,
    headers: {
      authorization: `Bearer ${device.accessToken}`,
      'content-type': 'multipart/form-data; boundary=b',
      'transfer-encoding': 'chunked',
    },
    payload: Readable.from([head, 'x'.repeat(20_000), '\r\n--b--\r\n']),
  })
  assert.deepEqual([statusCode, bounds], [400, [10_512]])
  assert.equal(await filesOf(id, small), 0)
})

test('what is announced and never comes is bounded, and forgotten after a day', async () => {
  await using own = await startVault()
  const device = await registerAndLogin({ fetch: own.fetch })
  const { id } = await create(device)
  for (let count = 0; count < 100; count++) assert.equal((await announce(id, 1, device)).status, 200)
  const refused = await announce(id, 1, device)
  assert.deepEqual([refused.status, /Too many/.test(refused.json.message)], [400, true])
  const never = new AbortController().signal
  assert.equal(await sweepFiles(own.context)(never), undefined)
  own.advance(24 * 3_600_000 + 1000)
  assert.deepEqual(await sweepFiles(own.context)(never), { removed: 100, unfinished: 0 })
  const again = await own.login(device.email)
  assert.equal((await announce(id, 1, again)).status, 200)
})

test('what a crash leaves is swept up, and nothing else', async () => {
  await using own = await startVault()
  const device = await registerAndLogin({ fetch: own.fetch })
  const { id } = await create(device)
  const kept = await attach(id, 'kept', device)
  const { json: announced } = await announce(id, 4, device)
  // A file without its row, a row without its file, half a file, and a file of which this database knows nothing.
  const { attachments } = own.context.files
  const bytes = async function* () {
    yield Buffer.from('left')
  }
  await attachments.write({ owner: id, id: announced.attachmentId }, bytes(), { maxBytes: 4 })
  const deleted = await create(device)
  await attach(deleted.id, 'gone', device)
  await own.store.ciphers.delete([deleted.id])
  const { folder } = own.context.settings.attachments
  await writeFile(`${folder}/.unfinished/half`, 'ha')
  const foreign = { owner: '00000000-0000-4000-8000-000000000000', id: '0123456789abcdef0123' }
  await attachments.write(foreign, bytes(), { maxBytes: 4 })
  own.advance(25 * 3_600_000)
  assert.deepEqual(await sweepFiles(own.context)(new AbortController().signal), { removed: 2, unfinished: 1 })
  const left = (await Array.fromAsync(attachments.list())).map((place) => place.id)
  assert.deepEqual(new Set(left), new Set([kept, foreign.id]))
})

test('a file that cannot be removed is in the way of no other, and goes when it can', async () => {
  await using own = await startVault()
  const device = await registerAndLogin({ fetch: own.fetch })
  const { folder } = own.context.settings.attachments
  const stuck = []
  for (let i = 0; i < 3; i++) {
    const { id } = await create(device)
    const attachmentId = await attach(id, 'stuck', device)
    await own.store.ciphers.delete([id])
    // Nobody can unlink a folder, not even root.
    const file = `${folder}/${id}/${attachmentId}`
    await unlink(file)
    await mkdir(`${file}/in it`, { recursive: true })
    stuck.push({ id, file })
  }
  // Before or after those, as chance has it.
  const items = await Promise.all(Array.from({ length: 6 }, () => create(device)))
  for (const { id } of items) await attach(id, 'goes', device)
  for (const { id } of items) await device.delete(`/api/ciphers/${id}`)
  for (const { id } of items) assert.equal(await filesOf(id, own), 0)
  assert.equal((await own.store.doomedFiles.some(10)).length, 3)
  for (const { file } of stuck) {
    await rmdir(`${file}/in it`)
    await rmdir(file)
  }
  assert.deepEqual(await sweepFiles(own.context)(new AbortController().signal), { removed: 3, unfinished: 0 })
})

test('a file that is cut off while it is read ends its download, and one that grows is read to its old end', async () => {
  await using own = await startVault()
  const device = await registerAndLogin({ fetch: own.fetch })
  const { id } = await create(device)
  const bytes = 'x'.repeat(MIB)
  await own.app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = own.app.server.address() as AddressInfo
  const { attachments } = own.context.files
  const downloadWhile = async (change: (file: string) => Promise<void>) => {
    const attachmentId = await attach(id, bytes, device)
    const { json } = await device.get(`/api/ciphers/${id}/attachment/${attachmentId}`)
    const { pathname, search } = new URL(json.url)
    const changed = afterNext(attachments, 'read', () =>
      change(`${own.context.settings.attachments.folder}/${id}/${attachmentId}`),
    )
    const response = await fetch(`http://127.0.0.1:${port}${pathname}${search}`)
    await changed()
    return response.text()
  }
  await assert.rejects(
    within(
      downloadWhile((file) => truncate(file, 1000)),
      'the end',
    ),
    /terminated/,
  )
  await assert.rejects(
    within(
      downloadWhile((file) => truncate(file, 0)),
      'the end',
    ),
    /terminated|fetch failed/,
  )
  assert.ok((await downloadWhile((file) => appendFile(file, 'more'))) === bytes)
})
