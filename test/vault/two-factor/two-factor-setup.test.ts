import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Json, registerAndLogin, type TestDevice } from '../../helpers/account.ts'
import { afterNext, startVault, type TestVault } from '../harness.ts'
import { appCode, logInAgain, setUpApp, toFreshStep, withCode } from './second-factor.ts'

let vault: TestVault
before(async () => {
  vault = await startVault()
})
after(() => vault[Symbol.asyncDispose]())

const secretOf = ({ passwordHash }: TestDevice) => ({ masterPasswordHash: passwordHash })
const somebody = () => registerAndLogin({ fetch: vault.fetch })
const typesOf = async (device: TestDevice) =>
  (await device.get('/api/two-factor')).json.data.map(({ type }: Json) => type)

test('an app is set up by a code of the key that is shown, and shown with its key from then on', async () => {
  const device = await somebody()
  const shown = (await device.post('/api/two-factor/get-authenticator', secretOf(device))).json
  assert.equal(shown.enabled, false)
  const body = { ...secretOf(device), key: shown.key }
  // Some clients send numbers.
  const { status, json } = await device.post('/api/two-factor/authenticator', {
    ...body,
    token: appCode(vault, shown.key),
  })
  assert.deepEqual([status, json.enabled, json.key], [200, true, shown.key])
  const { userVerificationToken: _, ...told } = (
    await device.post('/api/two-factor/get-authenticator', secretOf(device))
  ).json
  assert.deepEqual(told, json)
  assert.deepEqual(await typesOf(device), [0])
  assert.equal((await device.get('/api/accounts/profile')).json.twoFactorEnabled, true)
})

test('the code that set the app up does not log in', async () => {
  const device = await somebody()
  const key = await setUpApp(vault, device)
  assert.equal((await logInAgain(vault, device, withCode(0, appCode(vault, key)))).status, 400)
  const again = { ...secretOf(device), key, token: appCode(vault, key) }
  assert.equal((await device.put('/api/two-factor/authenticator', again)).status, 400)
})

test('another app takes the place of the first', async () => {
  const device = await somebody()
  const first = await setUpApp(vault, device)
  const key = 'MFRGGZDFMZTWQ2LKMFRGGZDFMZTWQ2LK'
  const body = { ...secretOf(device), key, token: appCode(vault, key) }
  assert.equal((await device.put('/api/two-factor/authenticator', body)).status, 200)
  toFreshStep(vault)
  assert.equal((await logInAgain(vault, device, withCode(0, appCode(vault, first)))).status, 400)
  assert.equal((await logInAgain(vault, device, withCode(0, appCode(vault, key)))).status, 200)
})

test('no app is set up by a wrong code or a key that is none', async () => {
  const device = await somebody()
  const { key } = (await device.post('/api/two-factor/get-authenticator', secretOf(device))).json
  const put = (fields: Json) => device.put('/api/two-factor/authenticator', { ...secretOf(device), ...fields })
  assert.equal((await put({ key, token: appCode(vault, key, 5) })).status, 400)
  for (const bad of ['', 'AAAA', `${key}A`, key.replace(/.$/, '1'), '=']) {
    assert.equal((await put({ key: bad, token: '123456' })).status, 400, bad)
  }
  assert.equal((await put({ key: 5, token: '123456' })).status, 400)
  assert.equal((await put({ key })).status, 400)
  assert.deepEqual(await typesOf(device), [])
})

test('an app is removed by its key only', async () => {
  const device = await somebody()
  const key = await setUpApp(vault, device)
  const remove = (key: string) => device.delete('/api/two-factor/authenticator', { ...secretOf(device), key, type: 0 })
  assert.equal((await remove('MFRGGZDFMZTWQ2LKMFRGGZDFMZTWQ2LK')).status, 400)
  assert.deepEqual(await typesOf(device), [0])
  assert.deepEqual((await remove(key)).json, { enabled: false, type: 0, object: 'twoFactorProvider' })
  assert.equal((await logInAgain(vault, device)).status, 200)
})

for (const type of [0, '0']) {
  test(`a second factor is disabled by its type (${typeof type}), and sessions stay`, async () => {
    const device = await somebody()
    await setUpApp(vault, device)
    const { json } = await device.put('/api/two-factor/disable', { ...secretOf(device), type })
    assert.deepEqual(json, { enabled: false, type: 0, object: 'twoFactorProvider' })
    assert.deepEqual(await typesOf(device), [])
    assert.equal((await logInAgain(vault, device)).status, 200)
  })
}

test('no other row of the user is deleted as a second factor', async () => {
  const device = await somebody()
  for (const type of [1000, 2000, -1, 1.5, 'x', '', null]) {
    assert.equal((await device.post('/api/two-factor/disable', { ...secretOf(device), type })).status, 400)
  }
})

test('factors that are not offered here are listed, and can be removed', async () => {
  const device = await somebody()
  await vault.sql(
    `INSERT INTO twofactor (uuid, user_uuid, atype, enabled, data, last_used)
     VALUES ('duo-${device.userId}', '${device.userId}', 2, true, '{}', 0)`,
  )
  assert.deepEqual(await typesOf(device), [2])
  assert.equal((await device.delete('/api/two-factor/duo', secretOf(device))).status, 200)
  assert.equal((await logInAgain(vault, device)).status, 200)
})

test('the recovery code comes with the first factor, and stays the same', async () => {
  const device = await somebody()
  const codeOf = async () => (await device.post('/api/two-factor/get-recover', secretOf(device))).json.code
  assert.equal(await codeOf(), null)
  await setUpApp(vault, device)
  const code = await codeOf()
  await device.put('/api/two-factor/disable', { ...secretOf(device), type: 0 })
  toFreshStep(vault)
  await setUpApp(vault, device)
  assert.equal(await codeOf(), code)
})

test('a change of second factors moves the revision date, ends no session and tells nobody', async () => {
  const device = await somebody()
  const other = await vault.login(device.email)
  const before = (await device.get('/api/accounts/revision-date')).json
  vault.takeTold()
  await setUpApp(vault, device)
  assert.ok((await device.get('/api/accounts/revision-date')).json > before)
  assert.equal((await other.get('/api/accounts/profile')).status, 200)
  assert.deepEqual(vault.takeTold(), [])
})

test('what an old session began when its sessions were ended sets nothing up and removes nothing', async () => {
  const device = await somebody()
  const { key } = (await device.post('/api/two-factor/get-authenticator', secretOf(device))).json
  const set = { ...secretOf(device), key, token: appCode(vault, key) }
  const ended = async (one: TestDevice) =>
    void (await (await vault.login(one.email)).post('/api/accounts/security-stamp', secretOf(one)))
  let done = afterNext(vault.context.sessions, 'authenticate', () => ended(device))
  assert.equal((await device.put('/api/two-factor/authenticator', set)).status, 401)
  await done()
  const again = await vault.login(device.email)
  assert.deepEqual(await typesOf(again), [])

  await setUpApp(vault, again)
  const login = async () => {
    const code = withCode(0, appCode(vault, (await vault.store.twoFactors.find(device.userId, 0))!.data))
    return (await logInAgain(vault, again, code)).status
  }
  toFreshStep(vault)
  done = afterNext(vault.context.sessions, 'authenticate', () =>
    vault.sql(`UPDATE users SET security_stamp = 'another' WHERE uuid = '${device.userId}'`),
  )
  assert.equal((await again.put('/api/two-factor/disable', { ...secretOf(device), type: 0 })).status, 401)
  await done()
  assert.equal(await login(), 200)
  assert.equal((await logInAgain(vault, again)).status, 400)
})

const BODIES: Record<string, Json> = {
  'POST /api/two-factor/get-recover': {},
  'POST /api/two-factor/get-authenticator': {},
  'PUT /api/two-factor/authenticator': { key: 'MFRGGZDFMZTWQ2LKMFRGGZDFMZTWQ2LK', token: '123456' },
  'DELETE /api/two-factor/authenticator': { key: 'x' },
  'PUT /api/two-factor/disable': { type: 0 },
  'DELETE /api/two-factor/yubikey': {},
  'DELETE /api/two-factor/email': {},
  'POST /api/two-factor/get-email': {},
  'POST /api/two-factor/get-duo': {},
  'POST /api/two-factor/get-webauthn': {},
  'POST /api/two-factor/get-webauthn-challenge': {},
  'PUT /api/two-factor/webauthn': { id: 1, name: 'x', deviceResponse: {} },
  'DELETE /api/two-factor/webauthn': { id: 1 },
  'DELETE /api/two-factor/webauthn/all': {},
}
for (const [route, body] of Object.entries(BODIES)) {
  test(`${route} wants to know that it is the user`, async () => {
    const device = await somebody()
    const key = await setUpApp(vault, device)
    const [method = '', path = ''] = route.split(' ')
    const wrong = await device.request(method, path, { ...body, masterPasswordHash: 'wrong' })
    assert.deepEqual([wrong.status, wrong.json.message], [400, 'Invalid password'])
    const none = await device.request(method, path, body)
    assert.deepEqual([none.status, none.json.message], [400, 'No validation provided'])
    assert.deepEqual(await typesOf(device), [0])
    assert.ok(!JSON.stringify([wrong, none]).includes(key))
  })
}

test('verification of devices is told to be off', async () => {
  const device = await somebody()
  assert.equal((await device.get('/api/two-factor/get-device-verification-settings')).status, 200)
})
