import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import { type Json, login, registerAndLogin, type TestDevice } from '../../helpers/account.ts'
import { SecurityKey } from '../../helpers/security-key.ts'
import { startVault, type TestVault } from '../harness.ts'
import { appCode } from './second-factor.ts'

/*
 * Second factors as clients since 2026.8 manage them: they bring the secret once, when they ask what is set up, and from then
 * on the token of that answer. What is set up they look for one level deeper than older ones.
 */

let vault: TestVault
before(async () => {
  vault = await startVault({ sendsMail: true })
})
after(() => vault[Symbol.asyncDispose]())

const somebody = () => registerAndLogin({ fetch: vault.fetch })
const ask = async (device: TestDevice, name: string): Promise<Json> => {
  const { status, json } = await device.post(`/api/two-factor/get-${name}`, { masterPasswordHash: device.passwordHash })
  assert.equal(status, 200)
  return json
}
const providers = async (device: TestDevice): Promise<number[]> =>
  (await device.get('/api/two-factor')).json.data.map(({ type }: Json) => type)

test('an authenticator is set up and removed', async () => {
  const device = await somebody()
  const { authenticator, userVerificationToken } = await ask(device, 'authenticator')
  assert.equal(authenticator.enabled, false)
  const { key } = authenticator
  const body = { key, token: appCode(vault, key), userVerificationToken }
  const { status, json } = await device.put('/api/two-factor/authenticator', body)
  assert.deepEqual([status, json.authenticator], [200, { enabled: true, key }])
  assert.deepEqual((await ask(device, 'authenticator')).authenticator, { enabled: true, key })
  assert.equal((await device.delete('/api/two-factor/authenticator', { key, userVerificationToken })).status, 200)
  assert.deepEqual(await providers(device), [])
})

test('codes by mail are set up and removed', async () => {
  const device = await somebody()
  const { email: none, userVerificationToken } = await ask(device, 'email')
  assert.deepEqual(none, { enabled: false, email: null })
  const email = `codes-${randomUUID()}@example.com`
  assert.equal((await device.post('/api/two-factor/send-email', { email, userVerificationToken })).status, 200)
  const { token } = vault.letters.findLast(({ to }) => to === email)!.data
  const { json } = await device.put('/api/two-factor/email', { email, token, userVerificationToken })
  assert.deepEqual(json.email, { enabled: true, email })
  assert.deepEqual((await ask(device, 'email')).email, { enabled: true, email })
  assert.equal((await device.delete('/api/two-factor/email', { userVerificationToken })).status, 200)
  assert.deepEqual(await providers(device), [])
})

test('clients before 2026.8 find the address where they always have', async () => {
  const device = await somebody()
  for (const version of ['2026.7.0', '2024.12.0', 'x']) {
    const body = { masterPasswordHash: device.passwordHash }
    const headers = { 'Bitwarden-Client-Version': version }
    const { json } = await device.request('POST', '/api/two-factor/get-email', body, headers)
    assert.deepEqual([json.enabled, json.email], [false, null])
  }
})

test('security keys are set up and removed, one and all', async () => {
  const device = await somebody()
  const { webAuthn, userVerificationToken } = await ask(device, 'webauthn')
  assert.deepEqual(webAuthn, { enabled: false, keys: [] })
  for (const id of [1, 2, 3]) {
    const { json } = await device.post('/api/two-factor/get-webauthn-challenge', { userVerificationToken })
    const deviceResponse = new SecurityKey().register(json.options)
    const body = { id, name: `key ${id}`, deviceResponse, userVerificationToken }
    const put = await device.put('/api/two-factor/webauthn', body)
    assert.deepEqual([put.status, put.json.webAuthn.keys.length], [200, id])
  }
  const { json } = await device.delete('/api/two-factor/webauthn', { id: 2, userVerificationToken })
  assert.deepEqual(
    json.webAuthn.keys.map(({ id }: Json) => id),
    [1, 3],
  )
  assert.equal((await device.delete('/api/two-factor/webauthn/all', { userVerificationToken })).status, 200)
  assert.deepEqual(await providers(device), [])
})

test('Duo, which Vaultwarden has set up, is shown and removed', async () => {
  const device = await somebody()
  const ask = async () =>
    (await device.post('/api/two-factor/get-duo', { masterPasswordHash: device.passwordHash })).json
  assert.equal((await ask()).duo.enabled, false)
  await vault.sql(
    `INSERT INTO twofactor (uuid, user_uuid, atype, enabled, data, last_used)
     VALUES ('${randomUUID()}', '${device.userId}', 2, true, '{"host":"h","ik":"i","sk":"secret"}', 0)`,
  )
  const { duo, userVerificationToken } = await ask()
  assert.deepEqual(duo, { enabled: true, host: null, clientId: null, clientSecret: null })
  assert.equal((await device.delete('/api/two-factor/duo', { userVerificationToken })).status, 200)
  assert.deepEqual(await providers(device), [])
})

test('a token is good for its factor and its user, for half an hour, and until the password changes', async () => {
  const [device, other] = [await somebody(), await somebody()]
  const { authenticator, userVerificationToken: good } = await ask(device, 'authenticator')
  const { key } = authenticator
  const put = async (userVerificationToken: unknown) =>
    (await device.put('/api/two-factor/authenticator', { key, token: '000000', userVerificationToken })).json.message
  const refused = 'User verification failed.'
  assert.notEqual(await put(good), refused)
  for (const bad of [
    (await ask(device, 'email')).userVerificationToken,
    (await ask(other, 'authenticator')).userVerificationToken,
    device.accessToken,
    `${good}x`,
    'x',
  ]) {
    assert.equal(await put(bad), refused)
  }
  for (const none of [null, '', undefined]) assert.equal(await put(none), 'No validation provided')
  vault.advance(31 * 60_000)
  assert.equal(await put(good), refused)
  const { userVerificationToken: fresh } = await ask(device, 'authenticator')
  assert.notEqual(await put(fresh), refused)
  await device.post('/api/accounts/security-stamp', { masterPasswordHash: device.passwordHash })
  const again = await login({ fetch: vault.fetch, email: device.email })
  const late = { key, token: '000000', userVerificationToken: fresh }
  assert.equal((await again.put('/api/two-factor/authenticator', late)).json.message, refused)
  assert.deepEqual(await providers(other), [])
})

test('a wrong secret beside a token is a wrong secret', async () => {
  const device = await somebody()
  const { authenticator, userVerificationToken } = await ask(device, 'authenticator')
  const body = { key: authenticator.key, token: '000000', userVerificationToken, masterPasswordHash: 'wrong' }
  assert.equal((await device.put('/api/two-factor/authenticator', body)).json.message, 'Invalid password')
})
