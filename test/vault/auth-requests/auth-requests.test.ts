import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import { PASSWORD, postForm, type Reply, registerAndLogin, type TestDevice } from '../../helpers/account.ts'
import { afterNext, startVault, type TestVault } from '../harness.ts'
import { appCode, setUpApp, toFreshStep } from '../two-factor/second-factor.ts'

const PHONE = 1
const CODE = 'abcdefghijklmnopqrstuvwxy'
const PUBLIC_KEY = Buffer.alloc(294, 7).toString('base64')
const KEY = '4.encryptedUserKey=='
const MINUTE = 60_000
const HOME = '192.0.2.1'

let vault: TestVault
before(async () => {
  vault = await startVault()
})
after(() => vault[Symbol.asyncDispose]())

/** A laptop that is logged in, and a phone of the same user that was and now asks to be let in. */
async function laptopAndPhone(where = vault) {
  const laptop = await registerAndLogin({ fetch: where.fetch })
  const phone = await where.login(laptop.email, { deviceType: PHONE, deviceId: randomUUID() })
  where.takeTold()
  return { laptop, phone }
}

async function anonymously(
  method: string,
  path: string,
  { body, type = PHONE, where = vault }: { body?: unknown; type?: number; where?: TestVault } = {},
): Promise<Pick<Reply, 'status' | 'json'>> {
  const response = await where.fetch(`${where.server}${path}`, {
    method,
    headers: { 'Device-Type': String(type), ...(body === undefined ? {} : { 'Content-Type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  return { status: response.status, json: await response.json() }
}

const question = (phone: TestDevice, changes: object = {}) => ({
  email: phone.email,
  publicKey: PUBLIC_KEY,
  deviceIdentifier: phone.deviceId,
  accessCode: CODE,
  type: 0,
  ...changes,
})

async function ask(phone: TestDevice, where = vault): Promise<string> {
  const { status, json } = await anonymously('POST', '/api/auth-requests/', { body: question(phone), where })
  assert.equal(status, 200)
  return json.id
}

const answer = (device: TestDevice, id: string, changes: object = {}) =>
  device.put(`/api/auth-requests/${id}`, {
    deviceIdentifier: device.deviceId,
    key: KEY,
    masterPasswordHash: null,
    requestApproved: true,
    ...changes,
  })

const look = (id: string, { code = CODE, type = PHONE } = {}) =>
  anonymously('GET', `/api/auth-requests/${id}/response?code=${code}`, { type })

function logIn(phone: TestDevice, authRequest: string, changes: object = {}, where = vault) {
  return postForm(where.fetch, `${where.server}/identity/connect/token`, {
    scope: 'api offline_access',
    client_id: 'mobile',
    grant_type: 'password',
    username: phone.email,
    password: CODE,
    authRequest,
    deviceType: String(PHONE),
    deviceIdentifier: phone.deviceId,
    deviceName: 'phone',
    ...changes,
  })
}

const REFUSED = [400, 'Username or access code is incorrect. Try again']
const refusal = ({ status, json }: Reply) => [status, json.message]

test('a device asks, another is told and approves, the first is told and logs in without the password', async () => {
  const { laptop, phone } = await laptopAndPhone()
  const asked = await anonymously('POST', '/api/auth-requests', { body: question(phone) })
  const { id } = asked.json
  assert.deepEqual(asked.json, {
    id,
    publicKey: PUBLIC_KEY,
    requestDeviceIdentifier: phone.deviceId,
    requestDeviceId: phone.deviceId,
    requestDeviceTypeValue: PHONE,
    requestDeviceType: 'iOS',
    requestIpAddress: HOME,
    requestCountryName: null,
    key: null,
    masterPasswordHash: null,
    creationDate: asked.json.creationDate,
    responseDate: null,
    requestApproved: false,
    origin: 'https://localhost',
    object: 'auth-request',
  })
  const told = () => vault.takeTold().map(({ event, id, contextId, recipients }) => [event, id, contextId, recipients])
  assert.deepEqual(told(), [['AuthRequest', id, phone.deviceId, [laptop.userId]]])

  const waiting = { ...asked.json, requestApproved: null }
  assert.deepEqual((await laptop.get(`/api/auth-requests/${id}`)).json, waiting)
  assert.deepEqual((await look(id)).json, waiting)
  for (const path of ['/api/auth-requests', '/api/auth-requests/pending']) {
    assert.deepEqual((await laptop.get(path)).json.data, [waiting])
  }
  const pendingOf = async (device: TestDevice) => {
    const { data } = (await laptop.get('/api/devices')).json
    return data.find((listed: { id: string }) => listed.id === device.deviceId).devicePendingAuthRequest
  }
  assert.deepEqual(await pendingOf(phone), { id, creationDate: asked.json.creationDate })
  assert.equal(await pendingOf(laptop), null)
  assert.deepEqual(refusal(await logIn(phone, id)), REFUSED)

  const approved = await answer(laptop, id)
  assert.equal(approved.status, 200)
  const { responseDate } = approved.json
  assert.deepEqual(approved.json, { ...waiting, key: KEY, requestApproved: true, responseDate })
  assert.match(responseDate, /^\d{4}-/)
  assert.deepEqual(told(), [['AuthRequestResponse', id, laptop.deviceId, [laptop.userId]]])
  assert.deepEqual((await look(id)).json, approved.json)
  assert.deepEqual((await laptop.get('/api/auth-requests/pending')).json.data, [])
  assert.equal(await pendingOf(phone), null)

  const { status, json: token } = await logIn(phone, id)
  assert.equal(status, 200)
  assert.equal(token.Key, laptop.token.Key)
  const headers = { Authorization: `Bearer ${token.access_token}` }
  assert.equal((await vault.fetch(`${vault.server}/api/sync`, { headers })).status, 200)
  assert.deepEqual(refusal(await logIn(phone, id)), REFUSED)
  // The access code was not taken for a password, which still opens the account.
  await vault.login(laptop.email, { password: PASSWORD })
})

test('who is denied is told nothing, and cannot ask about it any more', async () => {
  const { laptop, phone } = await laptopAndPhone()
  const id = await ask(phone)
  vault.takeTold()
  const { status, json } = await answer(laptop, id, { requestApproved: false, key: null })
  assert.deepEqual([status, json.requestApproved, json.key], [200, false, null])
  assert.deepEqual(vault.takeTold(), [])
  assert.equal((await look(id)).status, 400)
  assert.equal((await laptop.get(`/api/auth-requests/${id}`)).status, 400)
  assert.deepEqual(refusal(await logIn(phone, id)), REFUSED)
  assert.equal((await answer(laptop, id)).status, 400)
})

test('unknown addresses, unknown devices and devices of another type get the same answer, and nobody is told', async () => {
  const { phone } = await laptopAndPhone()
  const stranger = await registerAndLogin({ fetch: vault.fetch })
  vault.takeTold()
  for (const [changes, type] of [
    [{ email: 'nobody@example.com' }, PHONE],
    [{ deviceIdentifier: randomUUID() }, PHONE],
    [{ email: stranger.email }, PHONE],
    [{}, PHONE + 1],
  ] as const) {
    const { status, json } = await anonymously('POST', '/api/auth-requests', { body: question(phone, changes), type })
    assert.deepEqual([status, json.message], [400, "AuthRequest doesn't exist"])
  }
  assert.deepEqual(vault.takeTold(), [])
  assert.deepEqual(await vault.store.authRequests.ofUser(phone.userId), [])
})

for (const [what, changes, field] of [
  ['asks administrators', { type: 2 }, 'type'],
  ['has no access code', { accessCode: '' }, 'accessCode'],
  ['has a longer access code than clients make', { accessCode: 'x'.repeat(26) }, 'accessCode'],
  ['has an access code that no database takes', { accessCode: 'a\u0000b' }, 'accessCode'],
  ['has too large a key', { publicKey: 'x'.repeat(2001) }, 'publicKey'],
  ['has too long a device id', { deviceIdentifier: 'x'.repeat(37) }, 'deviceIdentifier'],
] as const) {
  test(`a request that ${what} is refused`, async () => {
    const { phone } = await laptopAndPhone()
    const { status, json } = await anonymously('POST', '/api/auth-requests', { body: question(phone, changes) })
    assert.deepEqual([status, Object.keys(json.validationErrors)], [400, [field]])
    assert.deepEqual(await vault.store.authRequests.ofUser(phone.userId), [])
  })
}

test('the answer is only for the code, the type of device and the address that asked', async () => {
  const { laptop, phone } = await laptopAndPhone()
  const id = await ask(phone)
  await answer(laptop, id)
  assert.equal((await look(id, { code: 'wrong' })).status, 400)
  assert.equal((await look(id, { type: PHONE + 1 })).status, 400)
  assert.equal((await look(randomUUID())).status, 400)
  vault.comeFrom('192.0.2.2')
  const elsewhere = [await look(id), await logIn(phone, id)]
  vault.comeFrom(HOME)
  assert.deepEqual(
    elsewhere.map(({ status }) => status),
    [400, 400],
  )
  assert.equal((await look(id.toUpperCase())).status, 200)
})

test('an approval lets in only who asked: that user, that device, with that code', async () => {
  const { laptop, phone } = await laptopAndPhone()
  const other = await laptopAndPhone()
  const id = await ask(phone)
  await answer(laptop, id)
  for (const changes of [
    { username: other.laptop.email },
    { username: 'nobody@example.com' },
    { password: 'wrong' },
    { password: phone.passwordHash },
    { deviceIdentifier: other.phone.deviceId },
    { authRequest: randomUUID() },
    { authRequest: 'nonsense' },
  ]) {
    assert.deepEqual(refusal(await logIn(phone, id, changes)), REFUSED, JSON.stringify(changes))
  }
  assert.equal((await logIn(phone, id)).status, 200)
})

test('a user answers their own requests, once, and each device in its own name', async () => {
  const { laptop, phone } = await laptopAndPhone()
  const { laptop: stranger } = await laptopAndPhone()
  const id = await ask(phone)
  assert.equal((await answer(stranger, id)).status, 400)
  assert.equal((await stranger.get(`/api/auth-requests/${id}`)).status, 400)
  assert.equal((await answer(laptop, id, { deviceIdentifier: phone.deviceId })).status, 400)
  const keyless = await answer(laptop, id, { key: null })
  assert.deepEqual([keyless.status, Object.keys(keyless.json.validationErrors)], [400, ['key']])
  vault.takeTold()
  const replies = await Promise.all([answer(laptop, id), answer(laptop, id, { key: '4.other' })])
  assert.deepEqual(replies.map(({ status }) => status).sort(), [200, 400])
  assert.equal(vault.takeTold().length, 1)
  const { key } = replies.find(({ status }) => status === 200)!.json
  assert.equal((await look(id)).json.key, key)
})

test('of two logins with one approval one gets in', async () => {
  const { laptop, phone } = await laptopAndPhone()
  const id = await ask(phone)
  await answer(laptop, id)
  const replies = await Promise.all([logIn(phone, id), logIn(phone, id)])
  assert.deepEqual(replies.map(({ status }) => status).sort(), [200, 400])
})

test('an approval does not take the place of the second factor, and is there until that has come', async () => {
  const { laptop, phone } = await laptopAndPhone()
  const key = await setUpApp(vault, laptop)
  const id = await ask(phone)
  await answer(laptop, id)
  toFreshStep(vault)
  const asked = await logIn(phone, id)
  assert.deepEqual([asked.status, asked.json.TwoFactorProviders], [400, ['0']])
  const wrong = await logIn(phone, id, { twoFactorProvider: '0', twoFactorToken: appCode(vault, key, 9) })
  assert.equal(wrong.status, 400)
  const right = await logIn(phone, id, { twoFactorProvider: '0', twoFactorToken: appCode(vault, key) })
  assert.equal(right.status, 200)
})

test('a request lives for five minutes', async () => {
  await using vault = await startVault()
  const { laptop, phone } = await laptopAndPhone(vault)
  const [early, late] = [await ask(phone, vault), await ask(phone, vault)]
  await answer(laptop, early)
  vault.advance(5 * MINUTE)
  assert.deepEqual(refusal(await logIn(phone, early, {}, vault)), REFUSED)
  assert.deepEqual((await laptop.get('/api/auth-requests/pending')).json.data, [])
  assert.deepEqual(
    (await laptop.get('/api/devices')).json.data.map((device: { devicePendingAuthRequest: unknown }) => {
      return device.devicePendingAuthRequest
    }),
    [null, null],
  )
  const { status, json } = await answer(laptop, late)
  assert.deepEqual([status, json.message], [400, 'This request is no longer valid. Ask for a new one.'])
  assert.equal((await laptop.get(`/api/auth-requests/${late}`)).json.requestApproved, null)
})

test('the newest requests of a user are kept, ten of them', async () => {
  const { laptop, phone } = await laptopAndPhone()
  const ids: string[] = []
  for (let i = 0; i < 12; i++) {
    ids.unshift(await ask(phone))
    vault.advance(10)
  }
  const { data } = (await laptop.get('/api/auth-requests/pending')).json
  assert.deepEqual(
    data.map(({ id }: { id: string }) => id),
    ids.slice(0, 10),
  )
})

test('whatever ends the sessions also ends what they approved', async () => {
  const { laptop, phone } = await laptopAndPhone()
  const id = await ask(phone)
  await answer(laptop, id)
  await laptop.post('/api/accounts/security-stamp', { masterPasswordHash: laptop.passwordHash })
  assert.deepEqual(refusal(await logIn(phone, id)), REFUSED)
})

test('an approval is good no longer than the device that gave it', async () => {
  const { laptop, phone } = await laptopAndPhone()
  const id = await ask(phone)
  await answer(laptop, id)
  await phone.delete(`/api/devices/${laptop.deviceId}`)
  assert.equal((await logIn(phone, id)).status, 400)
})

test('sessions that end while a login with an approval is under way end that too', async () => {
  const { laptop, phone } = await laptopAndPhone()
  const id = await ask(phone)
  await answer(laptop, id)
  const stamp = () => laptop.post('/api/accounts/security-stamp', { masterPasswordHash: laptop.passwordHash })
  const end = afterNext(vault.store.authRequests, 'find', stamp)
  const { status } = await logIn(phone, id)
  await end()
  assert.equal(status, 400)
})

test('who is disabled cannot ask, nor come in by what was approved before', async () => {
  const { laptop, phone } = await laptopAndPhone()
  const id = await ask(phone)
  await answer(laptop, id)
  await vault.sql(`UPDATE users SET enabled = false WHERE uuid = '${laptop.userId}'`)
  assert.deepEqual(refusal(await logIn(phone, id)), REFUSED)
  assert.equal((await anonymously('POST', '/api/auth-requests', { body: question(phone) })).status, 400)
})

test('to ask is limited by the address', async () => {
  await using vault = await startVault({ unauthenticatedRateLimit: { seconds: 60, maxBurst: 3 } })
  const { phone } = await laptopAndPhone(vault)
  const statuses: number[] = []
  for (let i = 0; i < 4; i++) {
    const path = i % 2 ? '/api/auth-requests' : '/api/auth-requests/'
    statuses.push((await anonymously('POST', path, { body: question(phone), where: vault })).status)
  }
  assert.equal(statuses.at(-1), 429)
})
