/** The account, its devices and its second factors, with a vault whose letters and clock are the test's. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import {
  deleteAccount,
  getApiKey,
  getDomains,
  getProfile,
  postEmail,
  postKdf,
  postPassword,
  putAvatarColor,
  putDomains,
  putName,
  requestEmailChange,
  requestVerification,
  rotateApiKey,
} from '../../../web/src/api/account.ts'
import {
  approveRequest,
  askToLogIn,
  denyRequest,
  getAuthRequest,
  getAuthResponse,
  getPendingRequests,
} from '../../../web/src/api/auth-requests.ts'
import { Api } from '../../../web/src/api/client.ts'
import { deauthorizeDevice, getDevices } from '../../../web/src/api/devices.ts'
import { Refused, TwoFactorRequired, Unauthorized } from '../../../web/src/api/errors.ts'
import {
  deleteByLink,
  logIn,
  requestDeletionLink,
  requestPasswordHint,
  sendEmailCode,
  verifyEmailByLink,
} from '../../../web/src/api/identity.ts'
import * as twoFactor from '../../../web/src/api/two-factor.ts'
import { makeKeyPair, wrapFor } from '../../../web/src/crypto/rsa.ts'
import { changeEmail, changeKdf, changePassword } from '../../../web/src/model/account-keys.ts'
import { SecurityKey } from '../../helpers/security-key.ts'
import { CLIENT, startValidationServer } from '../../helpers/validation-server.ts'
import { until } from '../../helpers/wait.ts'
import { SETTINGS, type SentLetter, startVault, type TestVault } from '../../vault/harness.ts'
import { appCode, toFreshStep } from '../../vault/two-factor/second-factor.ts'
import { hashOf, logInto, newDevice, registerAndLogIn, type SignedIn } from './signed-in.ts'

let vault: TestVault
let yubico: Awaited<ReturnType<typeof startValidationServer>>
let where: { base: string; fetch: typeof globalThis.fetch; now: () => number }
before(async () => {
  yubico = await startValidationServer()
  const offered = { ...SETTINGS.twoFactor, yubico: { ...CLIENT, server: yubico.url } }
  vault = await startVault({ sendsMail: true, twoFactor: offered })
  where = { base: vault.server, fetch: vault.fetch, now: () => vault.context.clock.now() }
})
after(async () => {
  await vault[Symbol.asyncDispose]()
  await yubico[Symbol.asyncDispose]()
})

/** What the last letter of that kind to `email` holds, once it is there. */
async function letter(email: string, kind: SentLetter['name']): Promise<SentLetter['data']> {
  const find = () => vault.letters.findLast(({ to, name }) => to === email && name === kind)
  return (await until(find, `letter ${kind}`)).data
}

test('name and colour are changed', async () => {
  const { api } = await registerAndLogIn(where)
  await putName(api, 'Bob')
  await putAvatarColor(api, '#175ddc')
  const { name, avatarColor } = await getProfile(api)
  assert.deepEqual([name, avatarColor], ['Bob', '#175ddc'])
  await assert.rejects(putName(api, 'x'.repeat(51)), Refused)
})

test('a password is changed, which ends all sessions, and the new one opens what the old one did', async () => {
  const user = await registerAndLogIn(where)
  await postPassword(user.api, await changePassword(user, 'another one', 'a hint'))
  await assert.rejects(getProfile(user.api), Unauthorized)
  await assert.rejects(logInto(user.email, where), Refused)
  const passwordHash = await hashOf(user.email, 'another one')
  assert.ok((await logIn(user.api, { email: user.email, passwordHash })).answer.Key)
})

test('the key derivation is changed', async () => {
  const user = await registerAndLogIn(where)
  const iterations = 120_000
  await postKdf(user.api, await changeKdf(user, { type: 'PBKDF2', iterations }))
  assert.deepEqual((await logInto(user.email, where)).current.kdf, { type: 'PBKDF2', iterations })
})

test('an address is changed with the code that is mailed to it', async () => {
  const user = await registerAndLogIn(where)
  const newEmail = `${randomUUID()}@example.com`
  await requestEmailChange(user.api, { newEmail, ...user.secret })
  const code = (await letter(newEmail, 'change_email')).token
  const change = await changeEmail(user, newEmail)
  await assert.rejects(postEmail(user.api, change, '000000x'), Refused)
  await postEmail(user.api, change, code)
  assert.equal((await getProfile((await logInto(newEmail, where)).api)).email, newEmail)
})

test('an API key is told and replaced', async () => {
  const { api, secret } = await registerAndLogIn(where)
  const key = await getApiKey(api, secret)
  assert.equal(await getApiKey(api, secret), key)
  assert.notEqual(await rotateApiKey(api, secret), key)
  await assert.rejects(getApiKey(api, { masterPasswordHash: 'wrong' }), Refused)
})

test('an address is proven, and an account deleted, by letters', async () => {
  const { api, email } = await registerAndLogIn(where)
  const { id: userId } = await getProfile(api)
  await requestVerification(api)
  const link = async (kind: SentLetter['name']) => ({
    userId: String(userId),
    token: (await letter(email, kind)).token,
  })
  await verifyEmailByLink(api, await link('verify_email'))
  assert.equal((await getProfile(api)).emailVerified, true)
  await requestPasswordHint(api, email)
  assert.deepEqual(await letter(email, 'pw_hint_none'), {})
  await requestDeletionLink(api, email)
  await deleteByLink(api, await link('delete_account'))
  await assert.rejects(getProfile(api), Unauthorized)
})

test('an account is deleted with its password only', async () => {
  const { api, secret } = await registerAndLogIn(where)
  await assert.rejects(deleteAccount(api, { masterPasswordHash: 'wrong' }), Refused)
  await deleteAccount(api, secret)
  await assert.rejects(getProfile(api), Unauthorized)
})

test('domains that share logins are changed', async () => {
  const { api } = await registerAndLogIn(where)
  await putDomains(api, { equivalentDomains: [['a.example', 'b.example']], excludedGlobalEquivalentDomains: [1] })
  const { equivalentDomains, globalEquivalentDomains } = await getDomains(api)
  assert.deepEqual(equivalentDomains, [['a.example', 'b.example']])
  const excluded = (globalEquivalentDomains as { type: number; excluded: boolean }[]).filter(({ excluded }) => excluded)
  assert.deepEqual(
    excluded.map(({ type }) => type),
    [1],
  )
})

test('devices are listed, and one is ended', async () => {
  const { api, email } = await registerAndLogIn(where)
  const other = await logInto(email, where)
  const devices = await getDevices(api)
  assert.deepEqual(
    devices.map(({ identifier, name, type }) => ({ identifier, name, type })).sort(byIdentifier),
    [api.device, other.api.device].sort(byIdentifier),
  )
  assert.ok(devices.every(({ createdAtMs }) => createdAtMs! > 0))
  await deauthorizeDevice(api, other.api.device.identifier)
  assert.equal((await getDevices(api)).length, 1)
  await assert.rejects(deauthorizeDevice(api, other.api.device.identifier), Refused)
})
const byIdentifier = (a: { identifier: string }, b: { identifier: string }) => (a.identifier < b.identifier ? -1 : 1)

/** A device that has been here, is logged out, and asks to be let in. */
async function asks(user: SignedIn) {
  const { api } = await logInto(user.email, where)
  const { publicKey } = await makeKeyPair(user.userKey)
  const accessCode = 'a'.repeat(25)
  return { api, accessCode, request: await askToLogIn(api, { email: user.email, publicKey, accessCode }) }
}

test('a device is let in by another one', async () => {
  const user = await registerAndLogIn(where)
  const { api, accessCode, request } = await asks(user)
  const [pending] = await getPendingRequests(user.api)
  assert.equal(pending?.id, request.id)
  const key = await wrapFor(pending.publicKey, user.userKey)
  await approveRequest(user.api, request.id, key)
  const response = await getAuthResponse(api, request.id, accessCode)
  assert.deepEqual([response.isApproved, response.key], [true, key])
  const { tokens } = await logIn(api, { email: user.email, accessCode, authRequestId: request.id })
  assert.ok(tokens.accessToken)
})

test('a device is not let in, nor one that has never been here', async () => {
  const user = await registerAndLogIn(where)
  const { api, accessCode, request } = await asks(user)
  assert.equal((await getAuthRequest(user.api, request.id)).isApproved, null)
  await denyRequest(user.api, request.id)
  await assert.rejects(getAuthResponse(api, request.id, accessCode), Refused)
  assert.deepEqual(await getPendingRequests(user.api), [])
  const stranger = new Api({ ...where, device: newDevice() })
  const asked = askToLogIn(stranger, { email: user.email, publicKey: request.publicKey, accessCode })
  await assert.rejects(asked, Refused)
})

/** Logs in with the second factor that is asked for. */
async function logInWith(user: SignedIn, provider: number, token: (details: unknown) => string, remember = false) {
  const { api, email } = user
  const passwordHash = user.secret.masterPasswordHash
  const asked = await logIn(api, { email, passwordHash }).catch((error: unknown) => error)
  assert.ok(asked instanceof TwoFactorRequired)
  assert.ok(asked.providers.has(provider))
  const twoFactor = { provider, token: token(asked.providers.get(provider)), remember }
  return logIn(api, { email, passwordHash, twoFactor })
}

test('an authenticator app is set up, asked for, and removed', async () => {
  const user = await registerAndLogIn(where)
  const { api, secret } = user
  const offered = await twoFactor.getAuthenticator(api, secret)
  assert.equal(offered.isSetUp, false)
  toFreshStep(vault)
  await assert.rejects(twoFactor.putAuthenticator(api, { ...offered, token: '000000' }), Refused)
  await twoFactor.putAuthenticator(api, { ...offered, token: appCode(vault, offered.key) })
  assert.deepEqual((await twoFactor.getProviders(api)).setUp, [0])
  assert.match((await twoFactor.getRecoveryCode(api, secret)) ?? '', /^[A-Z2-7]{32}$/)

  toFreshStep(vault)
  const { rememberToken } = await logInWith(user, 0, () => appCode(vault, offered.key), true)
  const again = { email: user.email, passwordHash: secret.masterPasswordHash }
  await logIn(api, { ...again, twoFactor: { provider: 5, token: rememberToken! } })
  await twoFactor.removeAuthenticator(api, { ...offered, userVerificationToken: offered.userVerificationToken })
  assert.deepEqual((await twoFactor.getProviders(api)).setUp, [])
})

test('codes by mail are set up, asked for, and removed', async () => {
  const user = await registerAndLogIn(where)
  const { api, email, secret } = user
  const offered = await twoFactor.getEmailFactor(api, secret)
  assert.deepEqual([offered.isSetUp, offered.email], [false, null])
  await twoFactor.sendSetUpCode(api, { ...offered, email })
  const codeOf = async () => (await letter(email, 'twofactor_email')).token
  await twoFactor.putEmailFactor(api, { ...offered, email, token: await codeOf() })
  assert.equal((await twoFactor.getEmailFactor(api, secret)).email, email)

  await sendEmailCode(api, { email, passwordHash: secret.masterPasswordHash })
  const code = await codeOf()
  await logInWith(user, 1, () => code)
  await twoFactor.removeEmailFactor(api, offered)
  assert.deepEqual((await twoFactor.getProviders(api)).setUp, [])
})

test('security keys are set up, asked for, and removed one by one', async () => {
  const user = await registerAndLogIn(where)
  const { api, secret } = user
  const offered = await twoFactor.getSecurityKeys(api, secret)
  assert.deepEqual(offered.keys, [])
  const key = new SecurityKey()
  const deviceResponse = key.register((await twoFactor.getSecurityKeyChallenge(api, offered)) as never)
  const keys = await twoFactor.putSecurityKey(api, {
    ...offered,
    id: 1,
    name: 'Blue',
    deviceResponse: { ...deviceResponse },
  })
  assert.deepEqual(keys, [{ id: 1, name: 'Blue', isMigrated: false }])
  await logInWith(user, 7, (options) => key.assert(options as never))
  await assert.rejects(twoFactor.removeSecurityKey(api, { ...offered, id: 2 }), Refused)
  assert.deepEqual(await twoFactor.removeSecurityKey(api, { ...offered, id: 1 }), [])
})

test('YubiKeys are set up, asked for, and removed', async () => {
  const user = await registerAndLogIn(where)
  const { api, secret } = user
  const offered = await twoFactor.getYubiKeys(api, secret)
  assert.deepEqual([offered.isSetUp, offered.keys], [false, [null, null, null, null, null]])
  const otp = (end: string) => `cccccccccccb${'b'.repeat(31)}${end}`
  await twoFactor.putYubiKeys(api, { ...offered, keys: [otp('b')], nfc: true })
  const there = await twoFactor.getYubiKeys(api, secret)
  assert.deepEqual([there.isSetUp, there.keys[0], there.nfc], [true, 'cccccccccccb', true])
  await logInWith(user, 3, () => otp('c'))
  await twoFactor.removeYubiKeys(api, there)
  assert.deepEqual((await twoFactor.getProviders(api)).setUp, [])
})

test('only what the server offers is offered', async () => {
  const everything = await registerAndLogIn(where)
  assert.deepEqual((await twoFactor.getProviders(everything.api)).offered, [0, 1, 3, 7])
  await using other = await startVault({ domain: 'https://192.0.2.1', origin: 'https://192.0.2.1' })
  const { api } = await registerAndLogIn({ base: other.server, fetch: other.fetch })
  assert.deepEqual((await twoFactor.getProviders(api)).offered, [0])
})

test('any factor is taken off with the password', async () => {
  const { api, secret } = await registerAndLogIn(where)
  const offered = await twoFactor.getAuthenticator(api, secret)
  toFreshStep(vault)
  await twoFactor.putAuthenticator(api, { ...offered, token: appCode(vault, offered.key) })
  await assert.rejects(twoFactor.removeProvider(api, 0, { masterPasswordHash: 'wrong' }), Refused)
  await twoFactor.removeProvider(api, 0, secret)
  assert.deepEqual((await twoFactor.getProviders(api)).setUp, [])
})
