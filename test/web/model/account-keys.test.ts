import assert from 'node:assert/strict'
import { createPrivateKey, createPublicKey, randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import { deriveMasterKey, deriveMasterPasswordHash, makeKeys } from '../../../src/vault/client/keys.ts'
import type { JsonObject } from '../../../web/src/api/json.ts'
import type { Kdf } from '../../../web/src/crypto/kdf.ts'
import { DecryptionError, SymmetricKey } from '../../../web/src/crypto/symmetric-key.ts'
import {
  changeEmail,
  changeKdf,
  changePassword,
  masterSecretsOf,
  newAccount,
  openPrivateKey,
  openUserKey,
  WrongPasswordError,
} from '../../../web/src/model/account-keys.ts'
import { FAST_KDF, PASSWORD, type TestDevice } from '../../helpers/account.ts'
import { startVault, type TestVault } from '../../vault/harness.ts'

let vault: TestVault
before(async () => {
  vault = await startVault()
})
after(() => vault[Symbol.asyncDispose]())

const KDF: Kdf = { type: 'PBKDF2', iterations: FAST_KDF.iterations }

/** An account whose keys the model has made, and its first device, whose keys are Node's. */
async function register(): Promise<TestDevice> {
  const email = `${randomUUID()}@example.com`
  const post = async (step: string, body: unknown) => {
    const response = await vault.fetch(`${vault.server}/identity/accounts/register/${step}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    })
    assert.equal(response.status, 200)
    return response.json()
  }
  const emailVerificationToken = await post('send-verification-email', { email, name: 'Alice' })
  const account = await newAccount({ email: ` ${email.toUpperCase()}`, password: PASSWORD, kdf: KDF })
  await post('finish', { ...account, emailVerificationToken })
  return vault.login(email)
}

/** The account as the model opens it. */
async function open(device: TestDevice) {
  const current = { password: PASSWORD, salt: device.email, kdf: KDF }
  return { current, userKey: await openUserKey(await masterSecretsOf(current), device.token.Key) }
}

const bytesOf = ({ userKey }: TestDevice) => Uint8Array.from(Buffer.concat([userKey.enc, userKey.mac]))

/** SPKI in base64, of PKCS#8. */
function publicKeyOf(privateKey: Uint8Array): string {
  const key = createPrivateKey({ key: Buffer.from(privateKey), format: 'der', type: 'pkcs8' })
  return createPublicKey(key).export({ format: 'der', type: 'spki' }).toString('base64')
}

test('an account of Node is opened', async () => {
  const masterKey = await deriveMasterKey(PASSWORD, 'bob@example.com', FAST_KDF)
  const keys = await makeKeys(masterKey)
  const secrets = await masterSecretsOf({ password: PASSWORD, salt: 'Bob@Example.com ', kdf: KDF })
  assert.equal(secrets.hash, await deriveMasterPasswordHash(masterKey, PASSWORD))
  const userKey = await openUserKey(secrets, keys.protectedUserKey)
  assert.deepEqual(Buffer.from(userKey.bytes), Buffer.concat([keys.userKey.enc, keys.userKey.mac]))
  const privateKey = await openPrivateKey(userKey, keys.protectedPrivateKey)
  assert.equal(publicKeyOf(privateKey), keys.publicKey)
})

test('a new account is one that Node opens, and the model too', async () => {
  const device = await register()
  const { userKey } = await open(device)
  assert.deepEqual(userKey.bytes, bytesOf(device))
  const { json: profile } = await device.get('/api/accounts/profile')
  const pair = profile.accountKeys.publicKeyEncryptionKeyPair
  assert.equal(publicKeyOf(await openPrivateKey(userKey, pair.wrappedPrivateKey)), pair.publicKey)
})

test('a wrong password is told from a key that no password opens', async () => {
  const protectedKey = await (await masterSecretsOf({ password: PASSWORD, salt: 'a@b.c', kdf: KDF })).key.wrap(
    SymmetricKey.random(),
  )
  const wrong = await masterSecretsOf({ password: 'wrong', salt: 'a@b.c', kdf: KDF })
  await assert.rejects(openUserKey(wrong, protectedKey), WrongPasswordError)
  await assert.rejects(openUserKey(wrong, '0.AAAA|BBBB'), DecryptionError)
})

const CHANGES: Record<string, (device: TestDevice) => Promise<{ path: string; body: JsonObject; login: object }>> = {
  password: async (device) => ({
    path: '/api/accounts/password',
    body: await changePassword(await open(device), 'another password', 'the other'),
    login: { password: 'another password' },
  }),
  'key derivation': async (device) => ({
    path: '/api/accounts/kdf',
    body: await changeKdf(await open(device), { type: 'Argon2id', iterations: 2, memory: 16, parallelism: 1 }),
    login: {},
  }),
  address: async (device) => {
    const newEmail = `${randomUUID()}@example.com`
    const asked = { masterPasswordHash: device.passwordHash, newEmail }
    assert.equal((await device.post('/api/accounts/email-token', asked)).status, 200)
    return {
      path: '/api/accounts/email',
      body: { ...(await changeEmail(await open(device), newEmail)), token: '' },
      login: { email: newEmail },
    }
  },
}

for (const [what, change] of Object.entries(CHANGES)) {
  test(`after a change of the ${what}, the same user key is opened`, async () => {
    const device = await register()
    const { path, body, login } = await change(device)
    const { status, json } = await device.post(path, body)
    assert.equal(status, 200, JSON.stringify(json))
    const { email, password } = { email: device.email, password: PASSWORD, ...login }
    const again = await vault.login(email, { password })
    assert.deepEqual(bytesOf(again), bytesOf(device))
    await assert.rejects(vault.login(device.email, { password: what === 'key derivation' ? 'wrong' : PASSWORD }))
  })
}
