import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import { type Json, registerAndLogin, type TestDevice } from '../../helpers/account.ts'
import { startVault, type TestVault } from '../harness.ts'
import { appCode, logInAgain, setUpApp, toFreshStep, withCode } from './second-factor.ts'

let vault: TestVault
before(async () => {
  vault = await startVault()
})
after(() => vault[Symbol.asyncDispose]())

const WRONG = '000000'

/** Somebody with an authenticator app, at a time when none of its codes of now is used. */
async function withApp() {
  const device = await registerAndLogin({ fetch: vault.fetch })
  const key = await setUpApp(vault, device)
  toFreshStep(vault)
  return { device, key }
}
const insertFactor = (device: TestDevice, type: number, data: string) =>
  vault.sql(
    `INSERT INTO twofactor (uuid, user_uuid, atype, enabled, data, last_used)
     VALUES ('${randomUUID()}', '${device.userId}', ${type}, true, '${data}', 0)`,
  )
const isRequired = ({ status, json }: { status: number; json: Json }) =>
  status === 400 && json.error_description === 'Two factor required.'
/** A code of six digits that the app does not show anywhere near now. */
const wrongCode = (key: string) =>
  [WRONG, '111111', '222222', '333333'].find((code) => [-1, 0, 1].every((step) => appCode(vault, key, step) !== code))!

test('a password alone is answered with what clients need to ask for the second factor', async () => {
  const { device } = await withApp()
  const { status, json } = await logInAgain(vault, device)
  assert.equal(status, 400)
  assert.deepEqual(json, {
    error: 'invalid_grant',
    error_description: 'Two factor required.',
    TwoFactorProviders: ['0'],
    TwoFactorProviders2: { 0: null },
    MasterPasswordPolicy: { Object: 'masterPasswordPolicy' },
  })
})

test('the code of the app opens the account, in whichever manner the fields are written', async () => {
  const { device, key } = await withApp()
  for (const fields of [
    { twoFactorProvider: 0, twoFactorToken: () => appCode(vault, key) },
    { two_factor_provider: 0, two_factor_token: () => appCode(vault, key) },
    { TwoFactorProvider: 0, TwoFactorToken: () => appCode(vault, key) },
    // The first one is meant when none is named.
    { twoFactorToken: () => appCode(vault, key) },
  ]) {
    const given = Object.fromEntries(
      Object.entries(fields).map(([name, value]) => [name, typeof value === 'function' ? value() : value]),
    )
    const { status, json } = await logInAgain(vault, device, { fields: given })
    assert.equal(status, 200, JSON.stringify(json))
    assert.equal(json.TwoFactorToken, undefined)
    toFreshStep(vault)
  }
})

test('a wrong password is answered as ever, with or without a code', async () => {
  const { device, key } = await withApp()
  const { status, json } = await logInAgain(vault, device, {
    fields: { password: 'wrong', twoFactorProvider: 0, twoFactorToken: appCode(vault, key) },
  })
  assert.deepEqual([status, json.message], [400, 'Username or password is incorrect. Try again'])
  // And has used nothing up.
  assert.equal((await logInAgain(vault, device, withCode(0, appCode(vault, key)))).status, 200)
})

test('a wrong code is refused with the envelope', async () => {
  const { device, key } = await withApp()
  for (const code of [wrongCode(key), 'abcdef', '12345', '1234567', '１２３４５６']) {
    const { status, json } = await logInAgain(vault, device, withCode(0, code))
    assert.deepEqual([status, json.object], [400, 'error'])
    assert.match(json.message, /^Invalid TOTP code!/)
  }
})

test('one step before and after is good, two are not', async () => {
  const { device, key } = await withApp()
  for (const [steps, status] of [
    [-2, 400],
    [2, 400],
    [-1, 200],
    [0, 200],
    [1, 200],
  ] as const) {
    assert.equal((await logInAgain(vault, device, withCode(0, appCode(vault, key, steps)))).status, status, `${steps}`)
  }
})

test('a code is good once, and none from before it after that', async () => {
  const { device, key } = await withApp()
  const before = appCode(vault, key, -1)
  const code = appCode(vault, key)
  assert.equal((await logInAgain(vault, device, withCode(0, code))).status, 200)
  assert.equal((await logInAgain(vault, device, withCode(0, code))).status, 400)
  assert.equal((await logInAgain(vault, device, withCode(0, before))).status, 400)
})

test('of several logins with one code at once a single one works', async () => {
  const { device, key } = await withApp()
  const code = appCode(vault, key)
  const answers = await Promise.all(Array.from({ length: 6 }, () => logInAgain(vault, device, withCode(0, code))))
  assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 400, 400, 400, 400, 400])
})

test('without the drift only the code of now is good', async () => {
  const { twoFactor } = vault.context.settings
  await using strict = await startVault({ twoFactor: { ...twoFactor, allowsTimeDrift: false } })
  const device = await registerAndLogin({ fetch: strict.fetch })
  const key = await setUpApp(strict, device)
  toFreshStep(strict)
  assert.equal((await logInAgain(strict, device, withCode(0, appCode(strict, key, -1)))).status, 400)
  assert.equal((await logInAgain(strict, device, withCode(0, appCode(strict, key, 1)))).status, 400)
  assert.equal((await logInAgain(strict, device, withCode(0, appCode(strict, key)))).status, 200)
})

test('a provider that is not set up, or none at all, is answered with those that are', async () => {
  const { device, key } = await withApp()
  for (const provider of ['1', '3', '7', '4', '99', 'x', '1000']) {
    const fields = { twoFactorProvider: provider, twoFactorToken: appCode(vault, key) }
    assert.ok(isRequired(await logInAgain(vault, device, { fields })), provider)
  }
})

test('a device that asks to be remembered needs no second factor any more, but only that device', async () => {
  const { device, key } = await withApp()
  const first = await logInAgain(vault, device, withCode(0, appCode(vault, key), { twoFactorRemember: 1 }))
  const ticket = first.json.TwoFactorToken
  assert.equal(typeof ticket, 'string')
  vault.advance(86_400_000)
  const again = await logInAgain(vault, device, withCode(5, ticket))
  assert.equal(again.status, 200)
  assert.ok(isRequired(await logInAgain(vault, device, { ...withCode(5, ticket), deviceId: randomUUID() })))
  // A month is over.
  vault.advance(31 * 86_400_000)
  assert.ok(isRequired(await logInAgain(vault, device, withCode(5, ticket))))
})

test('a wrong ticket ends that a device is remembered', async () => {
  const { device, key } = await withApp()
  const other = await withApp()
  const login = (one: { device: TestDevice; key: string }) =>
    logInAgain(vault, one.device, withCode(0, appCode(vault, one.key), { twoFactorRemember: '1' }))
  const ticket = (await login({ device, key })).json.TwoFactorToken
  const foreign = (await login(other)).json.TwoFactorToken
  assert.ok(isRequired(await logInAgain(vault, device, withCode(5, foreign))))
  assert.ok(isRequired(await logInAgain(vault, device, withCode(5, ticket))))
})

test('only the last ticket of a device is good', async () => {
  const { device, key } = await withApp()
  const tickets: string[] = []
  for (let round = 0; round < 2; round++) {
    const { json } = await logInAgain(vault, device, withCode(0, appCode(vault, key), { twoFactorRemember: 1 }))
    tickets.push(json.TwoFactorToken)
    toFreshStep(vault)
  }
  assert.equal((await logInAgain(vault, device, withCode(5, tickets[1]!))).status, 200)
  assert.ok(isRequired(await logInAgain(vault, device, withCode(5, tickets[0]!))))
})

test('where devices are not remembered no ticket is given out, and none is good', async () => {
  const { twoFactor } = vault.context.settings
  await using forgetful = await startVault({ twoFactor: { ...twoFactor, remembersDevices: false } })
  const device = await registerAndLogin({ fetch: forgetful.fetch })
  const key = await setUpApp(forgetful, device)
  toFreshStep(forgetful)
  const login = await logInAgain(forgetful, device, withCode(0, appCode(forgetful, key), { twoFactorRemember: 1 }))
  assert.deepEqual([login.status, login.json.TwoFactorToken], [200, undefined])
  const claims = { sub: device.deviceId, user_uuid: device.userId }
  const ticket = await forgetful.context.tickets.issue('2faremember', claims)
  await forgetful.sql(`UPDATE devices SET twofactor_remember = '${ticket}' WHERE user_uuid = '${device.userId}'`)
  assert.ok(isRequired(await logInAgain(forgetful, device, withCode(5, ticket))))
})

test('the recovery code removes every second factor, and works once', async () => {
  const { device } = await withApp()
  await insertFactor(device, 2, '{"host":"h","ik":"i","sk":"s"}')
  const { passwordHash: masterPasswordHash } = device
  const { code } = (await device.post('/api/two-factor/get-recover', { masterPasswordHash })).json
  assert.match(code, /^[A-Z2-7]{32}$/)
  const wrong = await logInAgain(vault, device, withCode(8, 'A'.repeat(32)))
  assert.deepEqual([wrong.status, wrong.json.message], [400, 'Recovery code is incorrect. Try again.'])
  // As clients send it, and as people type it.
  const typed = `${code.slice(0, 4)} ${code.slice(4)}`.toLowerCase()
  assert.equal((await logInAgain(vault, device, withCode(8, typed, { twoFactorRemember: 1 }))).status, 200)
  assert.equal((await logInAgain(vault, device)).status, 200)
  assert.deepEqual((await device.get('/api/two-factor')).json.data, [])
  assert.equal((await device.post('/api/two-factor/get-recover', { masterPasswordHash })).json.code, null)
  await setUpApp(vault, device)
  assert.equal((await logInAgain(vault, device, withCode(8, code))).status, 400)
})

test('an account whose only factors are not offered here is not opened, but by its recovery code', async () => {
  const device = await registerAndLogin({ fetch: vault.fetch })
  await insertFactor(device, 2, '{"host":"h","ik":"i","sk":"s"}')
  for (const fields of [
    {},
    { twoFactorProvider: 2, twoFactorToken: 'x' },
    { twoFactorProvider: 5, twoFactorToken: 'x' },
  ]) {
    const { status, json } = await logInAgain(vault, device, { fields })
    assert.equal(status, 400)
    assert.match(json.message, /offers none of the two-step login methods.*recovery code/)
  }
  await vault.sql(`UPDATE users SET totp_recover = 'ABCDEFGH' WHERE uuid = '${device.userId}'`)
  assert.equal((await logInAgain(vault, device, withCode(8, 'abcdefgh'))).status, 200)
})

test('what Vaultwarden leaves of keys that are gone, and what is under way, asks nobody for a second factor', async () => {
  const device = await registerAndLogin({ fetch: vault.fetch })
  await insertFactor(device, 7, '[]')
  await insertFactor(device, 4, '[]')
  await insertFactor(device, 1003, '{}')
  await insertFactor(device, 2000, '{"token":"1","token_sent":1,"attempts":0}')
  assert.equal((await logInAgain(vault, device)).status, 200)
})

test('rows that cannot be read open nothing, and stand in the way of no other factor', async () => {
  const { device, key } = await withApp()
  await insertFactor(device, 7, '[{"id":1}]')
  await insertFactor(device, 3, 'none')
  const { json } = await logInAgain(vault, device)
  assert.deepEqual(json.TwoFactorProviders, ['0'])
  assert.equal((await logInAgain(vault, device, withCode(0, appCode(vault, key)))).status, 200)
  const other = await registerAndLogin({ fetch: vault.fetch })
  // With an empty key everybody could make codes.
  await insertFactor(other, 0, '')
  assert.equal((await logInAgain(vault, other, withCode(0, '328482'))).status, 400)
})

test('whoever tries codes from elsewhere comes to an end, and does not keep the owner out', async () => {
  const { device, key } = await withApp()
  const wrong = wrongCode(key)
  const statuses: number[] = []
  for (let round = 0; round < 12; round++) {
    vault.comeFrom(`198.51.100.${round}`)
    statuses.push((await logInAgain(vault, device, { ...withCode(0, wrong), deviceId: randomUUID() })).status)
  }
  assert.deepEqual(statuses, [...Array(10).fill(400), 429, 429])
  const right = withCode(0, appCode(vault, key))
  assert.equal((await logInAgain(vault, device, { ...right, deviceId: randomUUID() })).status, 429)
  assert.equal((await logInAgain(vault, device, right)).status, 200)
  vault.advance(5 * 60_000)
  const later = withCode(0, appCode(vault, key))
  assert.equal((await logInAgain(vault, device, { ...later, deviceId: randomUUID() })).status, 200)
  vault.comeFrom('192.0.2.1')
})

test('wrong codes leave the device unknown', async () => {
  const { device, key } = await withApp()
  const deviceId = randomUUID()
  await logInAgain(vault, device, { ...withCode(0, wrongCode(key)), deviceId })
  assert.deepEqual(
    (await device.get('/api/devices')).json.data.map(({ identifier }: Json) => identifier),
    [device.deviceId],
  )
})

test('a personal API key needs no second factor', async () => {
  const { device } = await withApp()
  const { passwordHash: masterPasswordHash } = device
  const { apiKey } = (await device.post('/api/accounts/api-key', { masterPasswordHash })).json
  const fields = {
    grant_type: 'client_credentials',
    client_id: `user.${device.userId}`,
    client_secret: apiKey,
    scope: 'api',
  }
  assert.equal((await logInAgain(vault, device, { fields })).status, 200)
})

test('codes, keys and tickets stand in no log', async () => {
  const { device, key } = await withApp()
  const code = appCode(vault, key)
  await logInAgain(vault, device, withCode(0, wrongCode(key)))
  const { json } = await logInAgain(vault, device, withCode(0, code, { twoFactorRemember: 1 }))
  const log = JSON.stringify(vault.logged)
  for (const secret of [key, json.TwoFactorToken, `"${code}"`]) assert.ok(!log.includes(secret))
})
