import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { registerAndLogin, type TestDevice } from '../../helpers/account.ts'
import { CLIENT, type Lie, startValidationServer } from '../../helpers/validation-server.ts'
import { SETTINGS, startVault, type TestVault } from '../harness.ts'
import { logInAgain, withCode } from './second-factor.ts'

let vault: TestVault
let server: Awaited<ReturnType<typeof startValidationServer>>
before(async () => {
  server = await startValidationServer()
  const yubico = { ...CLIENT, server: server.url }
  vault = await startVault({ twoFactor: { ...SETTINGS.twoFactor, yubico } })
})
after(async () => {
  await vault[Symbol.asyncDispose]()
  await server[Symbol.asyncDispose]()
})

const MODHEX = 'cbdefghijklnrtuv'
let pressed = 0
/** What a key says when it is pressed: twelve characters of its own, and 32 that are never the same. */
function press(key: string): string {
  pressed++
  const count = [...pressed.toString(16).padStart(32, '0')]
  return key + count.map((digit) => MODHEX[Number.parseInt(digit, 16)]).join('')
}
const [FIRST, SECOND] = ['cccccccccccb', 'ccccccccvvvv']

const secretOf = ({ passwordHash }: TestDevice) => ({ masterPasswordHash: passwordHash })
const put = (device: TestDevice, ...keys: (string | null)[]) => {
  const [key1 = null, key2 = null, key3 = null, key4 = null, key5 = null] = keys
  return device.put('/api/two-factor/yubikey', { ...secretOf(device), key1, key2, key3, key4, key5, nfc: true })
}
async function withKeys(...keys: string[]) {
  const device = await registerAndLogin({ fetch: vault.fetch })
  const { status, json } = await put(device, ...keys.map(press))
  assert.equal(status, 200, JSON.stringify(json))
  return device
}

test('keys are set up by pressing them, and each of them opens the account', async () => {
  const device = await withKeys(FIRST, SECOND)
  const { json } = await device.post('/api/two-factor/get-yubikey', secretOf(device))
  const details = { enabled: true, key1: FIRST, key2: SECOND, key3: null, key4: null, key5: null, nfc: true }
  const { userVerificationToken, ...told } = json
  assert.deepEqual(told, { ...details, yubiKey: details, object: 'twoFactorYubiKey' })
  assert.deepEqual((await logInAgain(vault, device)).json.TwoFactorProviders2, { 3: { Nfc: true } })
  for (const key of [FIRST, SECOND, FIRST]) {
    assert.equal((await logInAgain(vault, device, withCode(3, press(key)))).status, 200)
  }
  assert.deepEqual(server.badQuestions, [])
  // As clients since 2026.8 do it, with the token in place of the secret.
  const changed = await device.put('/api/two-factor/yubikey', { key1: FIRST, nfc: false, userVerificationToken })
  assert.deepEqual([changed.status, changed.json.yubiKey.key2], [200, null])
  assert.equal((await device.delete('/api/two-factor/yubikey', { userVerificationToken })).status, 200)
  assert.equal((await logInAgain(vault, device)).status, 200)
})

test('a key is kept as Vaultwarden keeps it, and what old versions wrote is read', async () => {
  const device = await withKeys(FIRST)
  const [row] = await vault.sql(`SELECT data FROM twofactor WHERE user_uuid = '${device.userId}' AND atype = 3`)
  assert.deepEqual(JSON.parse(String(row?.data)), { keys: [FIRST], nfc: true })
  await vault.sql(
    `UPDATE twofactor SET data = '{"Keys":["${SECOND}"],"Nfc":false}' WHERE user_uuid = '${device.userId}'`,
  )
  assert.equal((await logInAgain(vault, device, withCode(3, press(SECOND)))).status, 200)
})

test('an OTP is good once', async () => {
  const device = await withKeys(FIRST)
  const otp = press(FIRST)
  assert.equal((await logInAgain(vault, device, withCode(3, otp))).status, 200)
  const again = await logInAgain(vault, device, withCode(3, otp))
  assert.deepEqual([again.status, again.json.message], [400, 'Invalid Yubikey OTP provided'])
})

test('neither a key of somebody else, nor what is no OTP opens the account', async () => {
  const device = await withKeys(FIRST)
  for (const otp of [
    press(SECOND),
    FIRST,
    `${press(FIRST)}c`,
    press(FIRST).replace(/.$/, 'x'),
    FIRST.padEnd(44, '&'),
  ]) {
    assert.equal((await logInAgain(vault, device, withCode(3, otp))).status, 400, otp)
  }
})

test('keys stay by their names, and are not added by them', async () => {
  const device = await withKeys(FIRST)
  assert.equal((await put(device, FIRST, SECOND)).status, 400)
  assert.equal((await put(device, FIRST, press(SECOND))).status, 200)
  assert.equal((await put(device, SECOND)).json.key1, SECOND)
  assert.equal((await logInAgain(vault, device, withCode(3, press(FIRST)))).status, 400)
  const none = await put(device)
  assert.deepEqual([none.status, none.json.message], [400, 'A key is required.'])
})

for (const lie of [
  'unsigned',
  'other nonce',
  'other otp',
  'redirect',
  'endless',
  'status 500',
  'NO_SUCH_CLIENT',
] satisfies Lie[]) {
  test(`an answer that cannot be trusted (${lie}) opens nothing, and is no wrong guess`, async () => {
    const device = await withKeys(FIRST)
    server.lieAbout(lie)
    const statuses: number[] = []
    const otps = Array.from({ length: 11 }, () => press(FIRST))
    for (const otp of otps) statuses.push((await logInAgain(vault, device, withCode(3, otp))).status)
    server.lieAbout(undefined)
    assert.deepEqual(statuses, Array(11).fill(503))
    const errors = vault.logged.filter(({ level }) => level === 'error')
    assert.ok(errors.length > 0 && !otps.some((otp) => JSON.stringify(errors).includes(otp)))
    assert.equal((await logInAgain(vault, device, withCode(3, press(FIRST)))).status, 200)
  })
}

test('where there is no client of a validation server, there are no YubiKeys', async () => {
  await using plain = await startVault()
  const device = await registerAndLogin({ fetch: plain.fetch })
  const { status, json } = await device.post('/api/two-factor/get-yubikey', secretOf(device))
  assert.deepEqual([status, json.message], [400, 'YubiKeys are not set up on this server.'])
})
