import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { after, before, beforeEach, test } from 'node:test'
import { createVaultApp } from '#vault'
import { removeDoomed } from '../../../src/vault/files/remove-doomed.ts'
import { purgeSends } from '../../../src/vault/jobs/purge-sends.ts'
import { injectInto, type Json, registerAndLogin, type TestDevice } from '../../helpers/account.ts'
import { afterNext, startVault, type TestVault } from '../harness.ts'
import { anonymously, askToken, fileSend, form, sendFile, textSend } from './send-requests.ts'

let vault: TestVault
let alice: TestDevice
before(async () => {
  vault = await startVault()
  alice = await registerAndLogin({ fetch: vault.fetch })
})
after(() => vault[Symbol.asyncDispose]())
beforeEach(() => void vault.takeTold())

const BYTES = Uint8Array.from(randomBytes(70_000))

const announce = async (bytes: number, fields: Json = {}): Promise<Json> => {
  const { status, json } = await alice.post('/api/sends/file/v2', fileSend(bytes, fields))
  assert.equal(status, 200, JSON.stringify(json))
  return json
}

const stored = async (): Promise<string[]> => {
  const names = await readdir(vault.context.settings.sends.folder, { recursive: true }).catch(() => [])
  return names.filter((name) => /[0-9a-f]{64}$/.test(name))
}

/** Follows the link of a download; as bytes. */
async function download(url: string): Promise<{ status: number; headers: Headers; bytes: Uint8Array }> {
  const response = await vault.fetch(url)
  return { status: response.status, headers: response.headers, bytes: new Uint8Array(await response.arrayBuffer()) }
}

async function askDownload(send: Json): Promise<string> {
  const { json: grant } = await askToken(vault, send.accessId)
  const path = `/api/sends/access/file/${send.file.id}`
  const { status, json } = await anonymously(vault, path, { token: grant.access_token })
  assert.equal(status, 200, JSON.stringify(json))
  return json.url
}

test('a file is announced, uploaded and told, and whoever has the link fetches it', async () => {
  const { fileUploadType, object, url, sendResponse: send, ...rest } = await announce(BYTES.length)
  assert.deepEqual([fileUploadType, object, rest], [0, 'send-fileUpload', {}])
  assert.equal(url, `/sends/${send.id}/file/${send.file.id}`)
  assert.match(send.file.id, /^[0-9a-f]{64}$/)
  assert.deepEqual([send.type, send.text], [1, null])
  assert.deepEqual(send.file, { id: send.file.id, fileName: '2.fileName', size: '70000', sizeName: '68.36 KB' })
  assert.deepEqual(vault.takeTold(), [])

  const uploaded = await alice.post(`/api${url}`, form(BYTES))
  assert.deepEqual([uploaded.status, uploaded.json], [200, undefined])
  const [told, ...others] = vault.takeTold()
  assert.deepEqual([told!.event, told!.id, told!.contextId], ['SyncSendCreate', send.id, alice.deviceId])
  assert.deepEqual(others, [])
  assert.deepEqual((await alice.get('/api/sync')).json.sends, [send])
  assert.deepEqual(await stored(), [`${send.id}/${send.file.id}`])
  assert.ok((await alice.get('/api/accounts/revision-date')).json >= Date.parse(send.revisionDate))

  const { json: grant } = await askToken(vault, send.accessId)
  const token = grant.access_token
  const { json: shown } = await anonymously(vault, '/api/sends/access', { token })
  assert.deepEqual([shown.type, shown.text, shown.file], [1, null, send.file])
  const { json: link } = await anonymously(vault, `/api/sends/access/file/${send.file.id}`, { token })
  assert.deepEqual([link.object, link.id], ['send-fileDownload', send.file.id])
  assert.ok(link.url.startsWith(`https://localhost/api/sends/${send.id}/${send.file.id}?t=`))
  const { status, headers, bytes } = await download(link.url)
  assert.equal(status, 200)
  assert.deepEqual(bytes, BYTES)
  assert.equal(headers.get('content-type'), 'application/octet-stream')
  assert.equal(headers.get('content-length'), '70000')
  assert.equal(headers.get('content-disposition'), 'attachment')
  assert.equal(headers.get('x-content-type-options'), 'nosniff')
  assert.equal((await alice.get(`/api/sends/${send.id}`)).json.accessCount, 1)

  await alice.delete(`/api/sends/${send.id}`)
  assert.deepEqual(await stored(), [])
  assert.equal((await download(link.url)).status, 404)
})

test('older clients fetch a file by the id of the Send, which is what counts for them', async () => {
  const send = await sendFile(alice, BYTES, { maxAccessCount: 1, password: 'aGFzaA==' })
  const path = `/api/sends/${send.id}/access/file/${send.file.id}`
  const body = { password: 'aGFzaA==' }
  assert.equal((await anonymously(vault, `/api/sends/access/${send.accessId}`, { body })).status, 200)
  assert.equal((await alice.get(`/api/sends/${send.id}`)).json.accessCount, 0)
  assert.equal((await anonymously(vault, path, { body: {} })).status, 401)
  assert.equal((await anonymously(vault, path, { body: { password: 'd3Jvbmc=' } })).status, 400)
  const [first, second] = await Promise.all([anonymously(vault, path, { body }), anonymously(vault, path, { body })])
  assert.deepEqual([first.status, second.status].sort(), [200, 404])
  // Used up, but this access is one of those that it had.
  assert.deepEqual((await download((first.json.url ?? second.json.url) as string)).bytes, BYTES)
  assert.equal((await anonymously(vault, `/api/sends/access/${send.accessId}`, { body })).status, 404)
})

test('very old clients send the file and what it is in one form', async () => {
  const model = JSON.stringify(fileSend(0, { password: 'aGFzaA==' }))
  for (const fields of ['before', 'after'] as const) {
    const data = fields === 'before' ? form(BYTES, { model }) : form(BYTES)
    if (fields === 'after') data.set('model', model)
    const { status, json: send } = await alice.post('/api/sends/file', data)
    assert.equal(status, 200, JSON.stringify(send))
    assert.deepEqual([send.type, send.authType, send.file.size], [1, 1, '70000'])
    const [told] = vault.takeTold()
    assert.deepEqual([told!.event, told!.id], ['SyncSendCreate', send.id])
    assert.ok((await stored()).includes(`${send.id}/${send.file.id}`))
  }
  const before = await stored()
  const wrong: [Record<string, string>, string][] = [
    [{}, 'model'],
    [{ model: '{' }, 'model'],
    [{ model: JSON.stringify({ ...fileSend(0), name: 'plain' }) }, 'name'],
    [{ model: JSON.stringify(textSend()) }, 'type'],
  ]
  for (const [fields, field] of wrong) {
    const { status, json } = await alice.post('/api/sends/file', form(BYTES, fields))
    assert.deepEqual([status, Object.keys(json.validationErrors)], [400, [field]])
  }
  assert.deepEqual((await stored()).sort(), before.sort())
  assert.deepEqual(await vault.store.doomedFiles.some(9), [])
  assert.deepEqual(await vault.store.sends.awaitingFile(new Date(Date.now() + 1000), 9), [])
  assert.deepEqual(vault.takeTold(), [])
})

test('until its file is there a Send is gone to all but its owner', async () => {
  const { url, sendResponse: send } = await announce(BYTES.length)
  const isGone = async () => {
    assert.equal((await askToken(vault, send.accessId)).json.send_access_error_type, 'send_id_invalid')
    assert.equal((await anonymously(vault, `/api/sends/access/${send.accessId}`, { body: {} })).status, 404)
    const older = `/api/sends/${send.id}/access/file/${send.file.id}`
    assert.equal((await anonymously(vault, older, { body: {} })).status, 404)
    assert.equal((await alice.get(`/api/sends/${send.id}`)).json.accessCount, 0)
  }
  await isGone()
  // As when the server ended right after the file, and before anybody was told.
  const place = { owner: send.id, id: send.file.id }
  await vault.context.files.sends.write(place, Readable.from([BYTES]), { maxBytes: BYTES.length })
  await isGone()
  await alice.post(`/api${url}`, form(BYTES))
  assert.equal((await askToken(vault, send.accessId)).status, 200)
  // As a row of Vaultwarden's whose file never came.
  await vault.context.files.sends.deleteAllOf(send.id)
  const { json: before } = await alice.get(`/api/sends/${send.id}`)
  assert.equal((await askToken(vault, send.accessId)).json.send_access_error_type, 'send_id_invalid')
  assert.deepEqual((await alice.get(`/api/sends/${send.id}`)).json, before)
})

test('a file is uploaded once, by its owner, with the size and under the id that were announced', async () => {
  const mallory = await registerAndLogin({ fetch: vault.fetch })
  const { url, sendResponse: send } = await announce(BYTES.length)
  const { json: text } = await alice.post('/api/sends', textSend())
  vault.takeTold()
  const longer = Uint8Array.from([...BYTES, 1])
  const attempts: [string, Json][] = [
    ['Send not found', await mallory.post(`/api${url}`, form(BYTES))],
    ['Send file size does not match.', await alice.post(`/api${url}`, form(BYTES.slice(1)))],
    ['Send file size does not match.', await alice.post(`/api${url}`, form(longer))],
    [
      'Send file does not match send data.',
      await alice.post(`/api/sends/${send.id}/file/${'0'.repeat(64)}`, form(BYTES)),
    ],
    [
      'Send file does not match send data.',
      await alice.post(`/api/sends/${text.id}/file/${send.file.id}`, form(BYTES)),
    ],
  ]
  for (const [message, { status, json }] of attempts) assert.deepEqual([status, json.message], [400, message])
  assert.equal((await alice.post(`/api/sends/${send.id}/file/..%2F..%2Fdb.sqlite3`, form(BYTES))).status, 404)
  const mine = (await stored()).filter((name) => name.startsWith(send.id))
  assert.deepEqual([mine, vault.takeTold()], [[], []])

  const other = Uint8Array.from(BYTES, (byte) => byte ^ 1)
  const both = await Promise.all([alice.post(`/api${url}`, form(BYTES)), alice.post(`/api${url}`, form(other))])
  assert.deepEqual(both.map(({ status }) => status).sort(), [200, 400])
  const late = await alice.post(`/api${url}`, form(other))
  assert.deepEqual([late.status, late.json.message], [400, 'The file of this Send is there already, or on its way.'])
  const { bytes } = await download(await askDownload(send))
  assert.deepEqual(bytes, both[0].status === 200 ? BYTES : other)
})

test('an upload whose session ends, or whose Send goes, meanwhile leaves nothing', async () => {
  const own = await registerAndLogin({ fetch: vault.fetch })
  const before = await stored()
  const { files } = vault.context
  const interrupted = async (work: (send: Json) => Promise<unknown>) => {
    const { json } = await own.post('/api/sends/file/v2', fileSend(BYTES.length))
    const interruption = afterNext(files.sends, 'write', () => work(json.sendResponse))
    const { status } = await own.post(`/api${json.url}`, form(BYTES))
    await interruption()
    return status
  }
  assert.equal(await interrupted(({ id }) => own.delete(`/api/sends/${id}`)), 400)
  assert.deepEqual(await stored(), before)
  const end = () => own.post('/api/accounts/security-stamp', { masterPasswordHash: own.passwordHash })
  assert.equal(await interrupted(end), 401)
  assert.deepEqual(await stored(), before)
  const told = vault.takeTold().map(({ event }) => event)
  assert.ok(!told.includes('SyncSendCreate'))
})

test('of a file Send what stands around the file can be changed', async () => {
  const send = await sendFile(alice, BYTES)
  const change = fileSend(5, { name: '2.new', file: null, fileLength: null })
  const { status, json } = await alice.put(`/api/sends/${send.id}`, change)
  assert.equal(status, 200)
  assert.deepEqual([json.name, json.file], ['2.new', send.file])
  assert.deepEqual((await download(await askDownload(send))).bytes, BYTES)
})

test('announcements that make no sense are refused by the name of the field', async () => {
  const count = (await alice.get('/api/sends')).json.data.length
  const wrong: [Json, string][] = [
    [{ type: 0 }, 'type'],
    [{ file: null }, 'file.fileName'],
    [{ file: { fileName: 'plain' } }, 'file.fileName'],
    [{ file: { fileName: `2.${'A'.repeat(1000)}` } }, 'file.fileName'],
    [{ fileLength: null }, 'fileLength'],
    [{ fileLength: -1 }, 'fileLength'],
    [{ fileLength: '1e3' }, 'fileLength'],
    [{ fileLength: 525_000_001 }, 'fileLength'],
  ]
  for (const [fields, field] of wrong) {
    const { status, json } = await alice.post('/api/sends/file/v2', fileSend(5, fields))
    assert.deepEqual([status, Object.keys(json.validationErrors)], [400, [field]], JSON.stringify(fields).slice(0, 80))
  }
  assert.equal((await alice.get('/api/sends')).json.data.length, count)
  assert.equal(
    (await alice.post('/api/sends/file/v2', fileSend(5, { fileLength: '5' }))).json.sendResponse.file.size,
    '5',
  )
})

test('the files of a user take no more room than they may, announced ones included', async () => {
  const { sends } = vault.context.settings
  await using small = await startVault({ sends: { ...sends, maxBytesPerUser: 100_000 } })
  const bob = await registerAndLogin({ fetch: small.fetch })
  const ask = (bytes: number) => bob.post('/api/sends/file/v2', fileSend(bytes))
  assert.equal((await ask(100_001)).json.message, 'Send storage limit exceeded with this file')
  const both = await Promise.all([ask(60_000), ask(60_000)])
  assert.deepEqual(both.map(({ status }) => status).sort(), [200, 400])
  const legacy = await bob.post('/api/sends/file', form(BYTES, { model: JSON.stringify(fileSend(0)) }))
  assert.deepEqual([legacy.status, legacy.json.message], [400, 'Send storage limit exceeded with this file'])
  assert.equal((await ask(40_000)).status, 200)
  assert.match((await ask(1)).json.message, /^Send storage limit reached!/)
  const [first] = (await bob.get('/api/sends')).json.data
  await bob.delete(`/api/sends/${first.id}`)
  assert.equal((await ask(1)).status, 200)

  await using none = await startVault({ sends: { ...sends, maxBytesPerUser: 0 } })
  const carol = await registerAndLogin({ fetch: none.fetch })
  for (const answer of [
    await carol.post('/api/sends/file/v2', fileSend(0)),
    await carol.post('/api/sends/file', form(BYTES, { model: JSON.stringify(fileSend(0)) })),
  ]) {
    assert.deepEqual([answer.status, answer.json.message], [400, 'File uploads are disabled'])
  }
  assert.equal((await carol.post('/api/sends', textSend())).status, 200)
})

test('the link of a file is good for that file only, and for two minutes', async () => {
  const [one, two] = [await sendFile(alice, BYTES), await sendFile(alice, BYTES)]
  const url = await askDownload(one)
  const ticket = new URL(url).searchParams.get('t')
  const at = (send: Json, fileId: string, t: string | null) =>
    vault.fetch(`${vault.server}/api/sends/${send.id}/${fileId}${t === null ? '' : `?t=${t}`}`)
  const { json: grant } = await askToken(vault, one.accessId)
  for (const response of [
    await at(two, two.file.id, ticket),
    await at(one, two.file.id, ticket),
    await at(one, one.file.id, null),
    await at(one, one.file.id, 'nonsense'),
    await at(one, one.file.id, grant.access_token),
    await at(one, one.file.id, alice.accessToken),
  ]) {
    assert.equal(response.status, 404)
  }
  const path = `/api/sends/access/file/${two.file.id}`
  assert.equal((await anonymously(vault, path, { token: grant.access_token })).status, 404)
  assert.equal((await anonymously(vault, path)).status, 401)

  assert.equal((await download(url)).status, 200)
  await alice.put(`/api/sends/${one.id}`, fileSend(5, { disabled: true }))
  assert.equal((await download(url)).status, 404)
  await alice.put(`/api/sends/${one.id}`, fileSend(5))
  assert.equal((await download(url)).status, 200)
  vault.advance(151_000)
  assert.equal((await download(url)).status, 404)
})

test('a form writes no more to the disk than its user may keep, and a user sends few at once', async () => {
  const { sends } = vault.context.settings
  await using small = await startVault({ sends: { ...sends, maxBytesPerUser: 100_000 } })
  const bob = await registerAndLogin({ fetch: small.fetch })
  const written: number[] = []
  const { write } = small.context.files.sends
  small.context.files.sends.write = (place, bytes, options) => {
    written.push(options.maxBytes)
    return write.call(small.context.files.sends, place, bytes, options)
  }
  const send = (bytes: Uint8Array<ArrayBuffer>) =>
    bob.post('/api/sends/file', form(bytes, { model: JSON.stringify(fileSend(0)) }))
  const large = await send(new Uint8Array(300_000))
  assert.deepEqual([large.status, large.json.message], [400, 'Send storage limit exceeded with this file'])
  assert.deepEqual(written, [100_000])
  const statuses = (await Promise.all(Array.from({ length: 20 }, () => send(BYTES)))).map(({ status }) => status)
  assert.deepEqual([...new Set(statuses)].sort(), [200, 400, 429])
  assert.ok(written.length <= 6, String(written.length))
  assert.equal((await bob.get('/api/sends')).json.data.length, 1)
})

test('of two uploads of one file the second is refused, also while the first is still looked up', async () => {
  const { url, sendResponse: send } = await announce(BYTES.length)
  const other = Uint8Array.from(BYTES, (byte) => byte ^ 1)
  let second: Json = {}
  const between = afterNext(vault.store.sends, 'isAwaitingFile', async () => {
    second = await alice.post(`/api${url}`, form(other))
  })
  const first = await alice.post(`/api${url}`, form(BYTES))
  await between()
  assert.deepEqual([first.status, second.status], [200, 400])
  assert.deepEqual((await download(await askDownload(send))).bytes, BYTES)
})

test('of two machines with one folder, one takes the file of a Send, and the other spoils nothing', async () => {
  const elsewhere = await createVaultApp(vault.context)
  const bearer = { Authorization: `Bearer ${alice.accessToken}` }
  const uploadElsewhere = async (url: string, bytes: Uint8Array<ArrayBuffer>) => {
    const answer = await injectInto(elsewhere)(`${alice.server}/api${url}`, {
      method: 'POST',
      headers: bearer,
      body: form(bytes),
    })
    return answer.status
  }
  try {
    const { url, sendResponse: send } = await announce(BYTES.length)
    const statuses: number[] = []
    const meanwhile = afterNext(vault.context.files.sends, 'write', async () => {
      statuses.push(await uploadElsewhere(url, BYTES.slice(1)))
      statuses.push(
        await uploadElsewhere(
          url,
          BYTES.map((byte) => byte ^ 1),
        ),
      )
    })
    statuses.push((await alice.post(`/api${url}`, form(BYTES))).status)
    await meanwhile()
    assert.deepEqual(statuses, [400, 400, 200])
    assert.deepEqual((await download(await askDownload(send))).bytes, BYTES)
  } finally {
    await elsewhere.close()
  }
})

test('a Send whose file was given up meanwhile is not made', async () => {
  const before = await stored()
  const model = fileSend(BYTES.length, { name: '2.given up' })
  // As the job does when the clock was set forward by days.
  const giveUp = afterNext(vault.context.files.sends, 'write', async () => {
    for (const id of await vault.store.sends.awaitingFile(new Date(Date.now() + 86_400_000), 99)) {
      if (!(await vault.store.sends.find(id))) await vault.store.sends.delete([id])
    }
    await removeDoomed(vault.context)
  })
  const { status } = await alice.post('/api/sends/file', form(BYTES, { model: JSON.stringify(model) }))
  await giveUp()
  assert.equal(status, 400)
  assert.ok(!(await alice.get('/api/sync')).json.sends.some(({ name }: Json) => name === '2.given up'))
  assert.deepEqual(await stored(), before)
})

test('a Send that is deleted while its file comes leaves none, not even when the server ends then', async () => {
  const own = await startVault()
  try {
    const device = await registerAndLogin({ fetch: own.fetch })
    const { json } = await device.post('/api/sends/file/v2', fileSend(BYTES.length))
    const { sends } = own.context.files
    const write = sends.write.bind(sends)
    sends.write = async (...upload) => {
      await device.delete(`/api/sends/${json.sendResponse.id}`)
      // What the end of the server keeps from happening.
      sends.deleteAllOf = async () => {}
      return write(...upload)
    }
    assert.equal((await device.post(`/api${json.url}`, form(BYTES))).status, 400)
    assert.equal((await Array.fromAsync(sends.list())).length, 1)
    Reflect.deleteProperty(sends, 'deleteAllOf')
    own.advance(86_400_000 + 60_000)
    await purgeSends(own.context)(new AbortController().signal)
    assert.deepEqual(await Array.fromAsync(sends.list()), [])
    assert.deepEqual(await own.sql('SELECT * FROM belfry_awaited_send_files'), [])
  } finally {
    await own[Symbol.asyncDispose]()
  }
})
