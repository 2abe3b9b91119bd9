import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { reportIncompleteLogins } from '../../../src/vault/jobs/incomplete-logins.ts'
import { type Json, registerAndLogin, type TestDevice } from '../../helpers/account.ts'
import { until } from '../../helpers/wait.ts'
import { SETTINGS, startVault, type TestVault } from '../harness.ts'
import { appCode, logInAgain, setUpApp, toFreshStep, withCode } from './second-factor.ts'

const NEVER = new AbortController().signal
const lettersOf = (vault: TestVault, name: string) => vault.letters.filter((letter) => letter.name === name)
const rows = (vault: TestVault) => vault.sql('SELECT device_uuid, device_name, ip_address FROM twofactor_incomplete')
const report = (vault: TestVault) => reportIncompleteLogins(vault.context)(NEVER)
const refuseLetters = (vault: TestVault) => {
  vault.context.mailer!.send = async () => {
    throw new Error('no route to host')
  }
}

async function withApp(vault: TestVault): Promise<{ device: TestDevice; key: string }> {
  const device = await registerAndLogin({ fetch: vault.fetch })
  const key = await setUpApp(vault, device)
  toFreshStep(vault)
  return { device, key }
}

test('a login that stops at the second factor is told to the owner, once, and after its time', async () => {
  await using vault = await startVault({ sendsMail: true })
  const { device } = await withApp(vault)
  vault.comeFrom('198.51.100.7')
  const deviceId = randomUUID()
  await logInAgain(vault, device, { deviceId, fields: { deviceName: 'a stranger', deviceType: 10 } })
  assert.deepEqual(await rows(vault), [
    { device_uuid: deviceId, device_name: 'a stranger', ip_address: '198.51.100.7' },
  ])
  vault.advance(170_000)
  // Another try does not put it off.
  await logInAgain(vault, device, { deviceId })
  assert.equal(await report(vault), undefined)
  vault.advance(11_000)
  assert.deepEqual(await report(vault), { told: 1, failed: 0 })
  const [letter] = lettersOf(vault, 'incomplete_2fa_login')
  const { datetime, ...data } = letter!.data
  assert.equal(letter!.to, device.email)
  assert.ok(datetime instanceof Date)
  assert.deepEqual(data, { ip: '198.51.100.7', device_name: 'a stranger', device_type: 'Firefox', time_limit: 3 })
  assert.equal(await report(vault), undefined)
  assert.deepEqual(await rows(vault), [])
})

test('a login that brings its second factor is told to nobody', async () => {
  await using vault = await startVault({ sendsMail: true })
  const { device, key } = await withApp(vault)
  await logInAgain(vault, device)
  assert.equal((await rows(vault)).length, 1)
  assert.equal((await logInAgain(vault, device, withCode(0, appCode(vault, key)))).status, 200)
  assert.deepEqual(await rows(vault), [])
})

test('without mail, or with no time limit, nothing is noted', async () => {
  const { twoFactor } = SETTINGS
  for (const options of [{}, { sendsMail: true, twoFactor: { ...twoFactor, incompleteAfterMinutes: 0 } }]) {
    await using vault = await startVault(options)
    const { device } = await withApp(vault)
    await logInAgain(vault, device)
    assert.deepEqual(await rows(vault), [])
  }
})

test('a letter that cannot be sent is tried again, for a day', async () => {
  await using vault = await startVault({ sendsMail: true })
  const { device } = await withApp(vault)
  await logInAgain(vault, device)
  refuseLetters(vault)
  vault.advance(200_000)
  assert.deepEqual(await report(vault), { told: 0, failed: 1 })
  assert.equal((await rows(vault)).length, 1)
  vault.advance(86_400_000)
  assert.deepEqual(await report(vault), { told: 0, failed: 1 })
  assert.deepEqual(await rows(vault), [])
})

test('the first login from a device is told by mail, later ones are not', async () => {
  await using vault = await startVault({ sendsMail: true })
  const device = await registerAndLogin({ fetch: vault.fetch })
  const letters = () => lettersOf(vault, 'new_device_logged_in')
  await until(() => letters().length === 1, 'the letter about the first device')
  vault.comeFrom('198.51.100.8')
  await logInAgain(vault, device)
  await vault.login(device.email, { deviceType: 8 })
  await until(() => letters().length === 2, 'the letter about the second device')
  const { datetime: _, ...data } = letters()[1]!.data
  assert.deepEqual(data, { ip: '198.51.100.8', device_name: 'test device', device_type: 'Linux' })
  assert.equal(letters()[1]!.to, device.email)
})

test('a login by API key from a new device is told too', async () => {
  await using vault = await startVault({ sendsMail: true })
  const device = await registerAndLogin({ fetch: vault.fetch })
  const { apiKey } = (await device.post('/api/accounts/api-key', { masterPasswordHash: device.passwordHash })).json
  const fields = {
    grant_type: 'client_credentials',
    client_id: `user.${device.userId}`,
    client_secret: apiKey,
    scope: 'api',
  }
  assert.equal((await logInAgain(vault, device, { deviceId: randomUUID(), fields })).status, 200)
  await until(() => lettersOf(vault, 'new_device_logged_in').length === 2, 'the letter about the second device')
})

test('a device that Vaultwarden keeps although it never got in is new', async () => {
  await using vault = await startVault({ sendsMail: true })
  const device = await registerAndLogin({ fetch: vault.fetch })
  await vault.sql(`UPDATE devices SET updated_at = created_at WHERE user_uuid = '${device.userId}'`)
  await logInAgain(vault, device)
  await until(() => lettersOf(vault, 'new_device_logged_in').length === 2, 'another letter')
})

test('where that letter is demanded, no new device gets in without it, and old ones do', async () => {
  await using vault = await startVault({ sendsMail: true, requiresDeviceEmail: true })
  const device = await registerAndLogin({ fetch: vault.fetch })
  refuseLetters(vault)
  const deviceId = randomUUID()
  const { status, json } = await logInAgain(vault, device, { deviceId })
  assert.deepEqual(
    [status, json.message],
    [400, 'Could not send login notification email. Please contact your administrator.'],
  )
  const { data } = (await device.get('/api/devices')).json
  assert.ok(!data.some(({ identifier }: Json) => identifier === deviceId))
  assert.equal((await logInAgain(vault, device)).status, 200)
})

test('a letter that is not demanded and cannot be sent keeps nobody out', async () => {
  await using vault = await startVault({ sendsMail: true })
  const device = await registerAndLogin({ fetch: vault.fetch })
  refuseLetters(vault)
  assert.equal((await logInAgain(vault, device, { deviceId: randomUUID() })).status, 200)
})
