import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, beforeEach, test } from 'node:test'
import { type Json, postForm, type Reply, registerAndLogin, type TestDevice } from '../../helpers/account.ts'
import { afterNext, startVault, type TestVault } from '../harness.ts'
import { anonymously, askToken, inDays, textSend } from './send-requests.ts'

let vault: TestVault
let alice: TestDevice
before(async () => {
  vault = await startVault()
  alice = await registerAndLogin({ fetch: vault.fetch })
})
after(() => vault[Symbol.asyncDispose]())
beforeEach(() => void vault.takeTold())

const PASSWORD = 'aGFzaA=='

async function create(fields: Json = {}): Promise<Json> {
  const { json } = await alice.post('/api/sends', textSend(fields))
  vault.takeTold()
  return json
}

const read = async (id: string): Promise<Json> => (await alice.get(`/api/sends/${id}`)).json
const access = (token: string) => anonymously(vault, '/api/sends/access', { token })
const olderAccess = (accessId: string, body: Json = {}) => anonymously(vault, `/api/sends/access/${accessId}`, { body })

const refusal = (error: string, type: string) => [400, { kind: 'expected_server', error, send_access_error_type: type }]
const GONE = refusal('invalid_grant', 'send_id_invalid')

test('anybody with the link reads a Send by a token, and the owner hears of it', async () => {
  const send = await create({ notes: '2.private', expirationDate: inDays(3) })
  const { status, json: grant } = await askToken(vault, send.accessId)
  assert.equal(status, 200)
  const { access_token: token, ...rest } = grant
  assert.deepEqual(rest, { expires_in: 120, token_type: 'Bearer', scope: 'api.send.access' })
  const claims = JSON.parse(Buffer.from(token.split('.')[1], 'base64url').toString())
  assert.deepEqual([claims.iss, claims.sub, claims.exp - claims.nbf], ['https://localhost|send', send.id, 120])

  const counted = await read(send.id)
  assert.equal(counted.accessCount, 1)
  assert.ok(counted.revisionDate > send.revisionDate)
  const date = new Date(counted.revisionDate)
  assert.deepEqual(vault.takeTold(), [
    { event: 'SyncSendUpdate', id: send.id, date, contextId: null, recipients: [alice.userId] },
  ])
  assert.equal((await alice.get('/api/accounts/revision-date')).json, date.getTime())

  const { status: read_, json: shown } = await access(token)
  assert.equal(read_, 200)
  assert.deepEqual(shown, {
    id: send.id,
    type: 0,
    name: '2.name',
    text: { text: '2.text', hidden: false },
    file: null,
    expirationDate: send.expirationDate,
    creatorIdentifier: alice.email,
    object: 'send-access',
  })
  // That was the access which the token has been counted for.
  assert.equal((await read(send.id)).accessCount, 1)
  assert.deepEqual(vault.takeTold(), [])
})

test('older clients read without a token', async () => {
  const send = await create({ hideEmail: true })
  const { status, json } = await olderAccess(send.accessId)
  assert.deepEqual([status, json.object, json.creatorIdentifier], [200, 'send-access', null])
  assert.equal((await read(send.id)).accessCount, 1)
  assert.deepEqual(
    vault.takeTold().map(({ event, contextId }) => [event, contextId]),
    [['SyncSendUpdate', null]],
  )
})

test('a password is asked for, checked, and only the right one counts', async () => {
  const send = await create({ password: PASSWORD })
  const required = refusal('invalid_request', 'password_hash_b64_required')
  const wrong = refusal('invalid_grant', 'password_hash_b64_invalid')
  const answer = async (password?: string) => {
    const { status, json } = await askToken(vault, send.accessId, password)
    return [status, json]
  }
  assert.deepEqual(await answer(), required)
  assert.deepEqual(await answer(''), required)
  assert.deepEqual(await answer('d3Jvbmc='), wrong)
  assert.equal((await olderAccess(send.accessId)).status, 401)
  assert.equal((await olderAccess(send.accessId, { password: null })).status, 401)
  const older = await olderAccess(send.accessId, { password: 'd3Jvbmc=' })
  assert.deepEqual([older.status, older.json.message], [400, 'Invalid password'])
  assert.equal((await read(send.id)).accessCount, 0)
  assert.deepEqual(vault.takeTold(), [])

  assert.equal((await answer(PASSWORD))[0], 200)
  assert.equal((await olderAccess(send.accessId, { password: PASSWORD })).status, 200)
  assert.equal((await read(send.id)).accessCount, 2)
})

test('whatever cannot be read any more is gone in the same words', async () => {
  await using own = await startVault()
  const bob = await registerAndLogin({ fetch: own.fetch })
  const make = async (fields: Json = {}) => (await bob.post('/api/sends', textSend(fields))).json
  const [expired, deleted, disabled, removed] = [
    await make({ expirationDate: new Date(Date.now() + 60_000).toISOString(), password: PASSWORD }),
    await make({ deletionDate: new Date(Date.now() + 60_000).toISOString() }),
    await make(),
    await make(),
  ]
  const used = await make({ maxAccessCount: 1 })
  const sends = [expired, deleted, disabled, removed, used]
  const tokens: string[] = []
  for (const { accessId } of sends) {
    const { json } = await askToken(own, accessId, accessId === expired.accessId ? PASSWORD : undefined)
    tokens.push(json.access_token)
  }
  // The one access that it has is under way.
  assert.equal((await anonymously(own, '/api/sends/access', { token: tokens[4]! })).status, 200)
  own.advance(61_000)
  await bob.put(`/api/sends/${disabled.id}`, textSend({ disabled: true }))
  await bob.delete(`/api/sends/${removed.id}`)
  own.takeTold()

  const nobodys = [randomUUID(), randomUUID()].map((id) =>
    Buffer.from(id.replaceAll('-', ''), 'hex').toString('base64url'),
  )
  const nonsense = ['x', 'a'.repeat(23), `${'a'.repeat(21)}%`, '../../../etc/passwd', used.id]
  for (const accessId of [...sends.map((send) => send.accessId), ...nobodys, ...nonsense]) {
    for (const password of [undefined, PASSWORD]) {
      const { status, json } = await askToken(own, accessId, password)
      assert.deepEqual([status, json], GONE, accessId)
    }
    const older = await anonymously(own, `/api/sends/access/${encodeURIComponent(accessId)}`, { body: {} })
    assert.equal(older.status, 404)
    assert.equal(older.json.message, 'Send does not exist or is no longer available')
  }
  for (const token of tokens.slice(0, 4)) {
    const { status, json } = await anonymously(own, '/api/sends/access', { token })
    assert.deepEqual([status, json.message], [404, 'Send does not exist or is no longer available'])
  }
  assert.deepEqual(own.takeTold(), [])
})

test('however many ask at once, a Send is never read more often than it may be', async () => {
  const send = await create({ maxAccessCount: 3 })
  const answers = await Promise.all([
    ...Array.from({ length: 8 }, () => askToken(vault, send.accessId)),
    ...Array.from({ length: 8 }, () => olderAccess(send.accessId)),
  ])
  assert.equal(answers.filter(({ status }) => status === 200).length, 3)
  // 400 is the grant's way to say it.
  for (const { status } of answers) assert.ok([200, 400, 404].includes(status), String(status))
  assert.equal((await read(send.id)).accessCount, 3)
  assert.equal(vault.takeTold().length, 3)
})

test('a Send that is used up or switched off after it was looked at, and before it is counted, is gone', async () => {
  for (const password of [undefined, PASSWORD]) {
    const send = await create({ maxAccessCount: 1, password })
    const last = afterNext(vault.store.sends, 'find', () => askToken(vault, send.accessId, password))
    const { status, json } = await askToken(vault, send.accessId, password)
    assert.equal(((await last()) as Reply).status, 200)
    assert.deepEqual([status, json], GONE)
    assert.equal((await read(send.id)).accessCount, 1)
  }
  const send = await create()
  const change = afterNext(vault.store.sends, 'find', () =>
    alice.put(`/api/sends/${send.id}`, textSend({ disabled: true })),
  )
  const { status, json } = await askToken(vault, send.accessId)
  await change()
  assert.deepEqual([status, json], GONE)
  assert.equal((await read(send.id)).accessCount, 0)
})

test('each access has a date of its own, later than the last', async () => {
  const send = await create()
  for (let count = 0; count < 5; count++) await askToken(vault, send.accessId)
  const dates = vault.takeTold().map(({ date }) => date.getTime())
  assert.deepEqual(
    dates,
    [...new Set(dates)].sort((a, b) => a - b),
  )
  assert.equal(dates.length, 5)
  assert.ok(dates[0]! > Date.parse(send.revisionDate))
})

test('a password that is changed while it is checked opens nothing', async () => {
  const send = await create({ password: PASSWORD })
  const change = afterNext(vault.store.sends, 'find', () =>
    alice.put(`/api/sends/${send.id}`, textSend({ password: 'bmV3' })),
  )
  const { status, json } = await askToken(vault, send.accessId, PASSWORD)
  await change()
  assert.deepEqual([status, json], GONE)
  assert.equal((await read(send.id)).accessCount, 0)
  assert.equal((await askToken(vault, send.accessId, 'bmV3')).status, 200)
})

test('only the token of a Send opens it, and only for two minutes', async () => {
  const send = await create()
  const { tickets } = vault.context
  const wrong = [
    '',
    'nonsense',
    alice.accessToken,
    await tickets.issue('file_download', { sub: send.id }),
    await tickets.issue('send', { sub: `${send.id}/${'a'.repeat(64)}` }),
  ]
  for (const token of wrong) assert.equal((await access(token)).status, 401)
  assert.equal((await anonymously(vault, '/api/sends/access')).status, 401)
  const { json } = await askToken(vault, send.accessId)
  assert.equal((await alice.get('/api/sync')).status, 200)
  assert.equal((await anonymously(vault, '/api/sync', { method: 'GET', token: json.access_token })).status, 401)

  await using late = await startVault()
  const bob = await registerAndLogin({ fetch: late.fetch })
  const { json: his } = await bob.post('/api/sends', textSend())
  const { json: grant } = await askToken(late, his.accessId)
  late.advance(119_000)
  assert.equal((await anonymously(late, '/api/sends/access', { token: grant.access_token })).status, 200)
  late.advance(32_000)
  assert.equal((await anonymously(late, '/api/sends/access', { token: grant.access_token })).status, 401)
})

test('the grant wants its client, its scope and the name of a Send', async () => {
  const { accessId } = await create()
  const whole = { client_id: 'send', grant_type: 'send_access', scope: 'api.send.access', send_id: accessId }
  const ask = (form: Record<string, string>) => postForm(vault.fetch, `${vault.server}/identity/connect/token`, form)
  for (const [field, value] of Object.entries({ client_id: 'web', scope: 'api' })) {
    const { status, json } = await ask({ ...whole, [field]: value })
    assert.deepEqual([status, Object.keys(json.validationErrors)], [400, [field]])
  }
  const { status, json } = await ask({ ...whole, send_id: '' })
  assert.deepEqual([status, json], refusal('invalid_request', 'send_id_required'))
  assert.equal((await ask(whole)).status, 200)
})

test('who asks too often waits, whichever way', async () => {
  await using limited = await startVault({ unauthenticatedRateLimit: { seconds: 60, maxBurst: 3 } })
  const bob = await registerAndLogin({ fetch: limited.fetch })
  const { json: send } = await bob.post('/api/sends', textSend())
  const fileId = 'a'.repeat(64)
  limited.comeFrom('198.51.100.7')
  assert.equal((await askToken(limited, send.accessId)).status, 200)
  assert.equal((await anonymously(limited, `/api/sends/access/${send.accessId}`, { body: {} })).status, 200)
  const file = await anonymously(limited, `/api/sends/${send.id}/access/file/${fileId}`, { body: {} })
  assert.equal(file.status, 404)
  for (const attempt of [
    askToken(limited, send.accessId),
    anonymously(limited, `/api/sends/access/${send.accessId}`, { body: {} }),
    anonymously(limited, `/api/sends/${send.id}/access/file/${fileId}`, { body: {} }),
  ]) {
    const { status, json } = await attempt
    assert.deepEqual([status, json.message], [429, 'Too many requests'])
  }
  limited.comeFrom('198.51.100.8')
  assert.equal((await askToken(limited, send.accessId)).status, 200)
})
