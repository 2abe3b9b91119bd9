import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import { decodeJwt } from 'jose'
import { aUser } from '../../auth/rows.ts'
import { type Json, PASSWORD, postForm, type TestDevice } from '../../helpers/account.ts'
import { startVault, type TestVault } from '../harness.ts'

let vault: TestVault
let alice: TestDevice
before(async () => {
  vault = await startVault()
  await vault.register('alice@example.com')
  alice = await vault.login('alice@example.com', { deviceId: 'a1111111-1111-4111-8111-111111111111', deviceType: 25 })
})
after(() => vault[Symbol.asyncDispose]())

const token = (form: Record<string, string>) => postForm(vault.fetch, `${vault.server}/identity/connect/token`, form)
const post = async (path: string, body: unknown, to: TestVault = vault) => {
  const response = await to.fetch(to.server + path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  })
  const text = await response.text()
  return { status: response.status, json: JSON.parse(text) as Json }
}
const passwordForm = (fields: Record<string, string> = {}) => ({
  grant_type: 'password',
  client_id: 'cli',
  scope: 'api offline_access',
  username: 'alice@example.com',
  password: alice.passwordHash,
  deviceType: '25',
  deviceIdentifier: alice.deviceId,
  deviceName: 'linux',
  ...fields,
})

test('a login is answered with everything a client needs, by the names it looks for', () => {
  const user = alice.token
  assert.deepEqual(user, {
    access_token: user.access_token,
    expires_in: 7200,
    token_type: 'Bearer',
    refresh_token: user.refresh_token,
    scope: 'api offline_access',
    MasterPasswordPolicy: { Object: 'masterPasswordPolicy' },
    Key: user.Key,
    PrivateKey: user.PrivateKey,
    Kdf: 0,
    KdfIterations: 100_000,
    KdfMemory: null,
    KdfParallelism: null,
    ResetMasterPassword: false,
    ForcePasswordReset: false,
    AccountKeys: {
      publicKeyEncryptionKeyPair: {
        wrappedPrivateKey: user.PrivateKey,
        publicKey: user.AccountKeys.publicKeyEncryptionKeyPair.publicKey,
        Object: 'publicKeyEncryptionKeyPair',
      },
      Object: 'privateKeys',
    },
    UserDecryptionOptions: {
      HasMasterPassword: true,
      MasterPasswordUnlock: {
        Kdf: { KdfType: 0, Iterations: 100_000, Memory: null, Parallelism: null },
        MasterKeyEncryptedUserKey: user.Key,
        MasterKeyWrappedUserKey: user.Key,
        Salt: 'alice@example.com',
      },
      Object: 'userDecryptionOptions',
    },
  })
  assert.match(user.Key, /^2\./)
  const claims = decodeJwt(user.access_token)
  assert.deepEqual([claims.device, claims.devicetype, claims.name], [alice.deviceId, 'Linux CLI', 'Alice'])
})

test('form fields are recognised in every spelling clients use', async () => {
  const { status } = await token({
    GrantType: 'password',
    clientId: 'mobile',
    SCOPE: 'api offline_access',
    UserName: ' ALICE@example.com ',
    Password: alice.passwordHash,
    device_type: 'iOS',
    device_identifier: alice.deviceId,
    DeviceName: 'phone',
  })
  assert.equal(status, 200)
})

test('an unknown name and a wrong password get the same answer', async () => {
  const wrong = await token(passwordForm({ password: 'd3Jvbmc=' }))
  const unknown = await token(passwordForm({ username: 'nobody@example.com' }))
  assert.deepEqual([wrong.status, unknown.status], [400, 400])
  assert.deepEqual(wrong.json, unknown.json)
  const message = 'Username or password is incorrect. Try again'
  assert.deepEqual(wrong.json, {
    message,
    validationErrors: { '': [message] },
    errorModel: { message, object: 'error' },
    error: '',
    error_description: '',
    exceptionMessage: null,
    exceptionStackTrace: null,
    innerExceptionMessage: null,
    object: 'error',
  })
})

for (const field of ['grant_type', 'client_id', 'scope', 'username', 'password', 'deviceIdentifier', 'deviceType']) {
  test(`a login without ${field} is told so`, async () => {
    const { status, json } = await token(passwordForm({ [field]: '' }))
    assert.equal(status, 400)
    assert.deepEqual(json.validationErrors, { [field]: [`${field} cannot be blank`] })
  })
}

test('an unknown grant and a scope that is not the expected one are refused', async () => {
  assert.deepEqual(Object.keys((await token({ grant_type: 'magic' })).json.validationErrors), ['grant_type'])
  assert.deepEqual(Object.keys((await token(passwordForm({ scope: 'api' }))).json.validationErrors), ['scope'])
  assert.equal((await token(passwordForm({ deviceIdentifier: 'x'.repeat(41) }))).status, 400)
})

test('no device is called what no other device could log it out by', async () => {
  for (const deviceIdentifier of ['.', '..']) {
    assert.equal((await token(passwordForm({ deviceIdentifier }))).status, 400, deviceIdentifier)
  }
  assert.equal((await token(passwordForm({ deviceIdentifier: 'a/b?#%' }))).status, 200)
  assert.equal((await alice.delete(`/api/devices/${encodeURIComponent('a/b?#%')}`)).status, 200)
})

test('a disabled user learns so only with the right password', async () => {
  await vault.register('disabled@example.com')
  const device = await vault.login('disabled@example.com')
  const user = (await vault.store.users.find(device.userId))!
  await vault.store.users.update({ ...user, enabled: false })
  const form = { username: 'disabled@example.com' }
  assert.match((await token(passwordForm({ ...form, password: 'eA==' }))).json.message, /incorrect/)
  const right = await token(passwordForm({ ...form, password: device.passwordHash }))
  assert.deepEqual([right.status, right.json.message], [400, 'This user has been disabled'])
  assert.equal((await token({ grant_type: 'refresh_token', refresh_token: device.token.refresh_token })).status, 400)
})

test('a refresh token is good again and again', async () => {
  const form = { grant_type: 'refresh_token', client_id: 'cli', refresh_token: alice.token.refresh_token }
  for (let round = 0; round < 3; round++) {
    const { status, json } = await token(form)
    assert.equal(status, 200)
    assert.deepEqual(Object.keys(json).sort(), ['access_token', 'expires_in', 'refresh_token', 'scope', 'token_type'])
    assert.equal(decodeJwt(json.refresh_token).device_token, decodeJwt(form.refresh_token).device_token)
    assert.equal(decodeJwt(json.access_token).device, alice.deviceId)
    form.refresh_token = json.refresh_token
  }
})

test('a refresh token that is not good any more logs the client out', async () => {
  for (const refresh_token of ['', 'x', alice.accessToken]) {
    const { status, json } = await token({ grant_type: 'refresh_token', refresh_token })
    assert.deepEqual([status, json], [400, { error: 'invalid_grant' }])
  }
})

test('a program logs in with the personal API key', async () => {
  const secret = { masterPasswordHash: alice.passwordHash }
  const { json: key } = await alice.post('/api/accounts/api-key', secret)
  assert.match(key.apiKey, /^[A-Za-z0-9]{30}$/)
  assert.equal((await alice.post('/api/accounts/api-key', secret)).json.apiKey, key.apiKey)
  const form = {
    grant_type: 'client_credentials',
    client_id: `user.${alice.userId}`,
    client_secret: key.apiKey,
    scope: 'api',
    deviceType: '25',
    deviceIdentifier: randomUUID(),
    deviceName: 'script',
  }
  const { status, json } = await token(form)
  assert.equal(status, 200)
  assert.deepEqual([json.scope, json.refresh_token, json.Key], ['api', undefined, alice.token.Key])
  assert.deepEqual(decodeJwt(json.access_token).scope, ['api'])

  const { json: rotated } = await alice.post('/api/accounts/rotate-api-key', secret)
  assert.notEqual(rotated.apiKey, key.apiKey)
  for (const broken of [form, { ...form, client_id: `user.${randomUUID()}` }, { ...form, client_id: 'cli' }]) {
    const refused = await token(broken)
    assert.deepEqual(
      [refused.status, refused.json.message],
      [400, 'client_id or client_secret is incorrect. Try again'],
    )
  }
})

test('prelogin tells the key derivation on both paths, and the usual one for strangers', async () => {
  for (const path of ['/accounts/prelogin', '/accounts/prelogin/password']) {
    const { json } = await post(`/identity${path}`, { email: 'Alice@Example.com' })
    assert.deepEqual(json, {
      kdf: 0,
      kdfIterations: 100_000,
      kdfMemory: null,
      kdfParallelism: null,
      kdfSettings: { kdfType: 0, iterations: 100_000, memory: null, parallelism: null },
      salt: null,
    })
  }
  const stranger = await post('/identity/accounts/prelogin', { email: 'nobody@example.com' })
  assert.deepEqual([stranger.json.kdf, stranger.json.kdfIterations], [0, 600_000])
})

test('an Argon2id account logs in', async () => {
  const kdf = { type: 1, iterations: 2, memory: 16, parallelism: 1 } as const
  await vault.register('argon@example.com', { kdf })
  const device = await vault.login('argon@example.com')
  assert.deepEqual(device.token.UserDecryptionOptions.MasterPasswordUnlock.Kdf, {
    KdfType: 1,
    Iterations: 2,
    Memory: 16,
    Parallelism: 1,
  })
})

const oldBody = (fields: Json = {}) => ({
  email: `${randomUUID()}@example.com`,
  masterPasswordHash: 'aGFzaA==',
  key: '2.key',
  kdf: 0,
  kdfIterations: 600_000,
  name: 'Bob',
  keys: { publicKey: 'public', encryptedPrivateKey: '2.private' },
  ...fields,
})

test('old clients register in one step', async () => {
  const { status, json } = await post('/identity/accounts/register', oldBody({ email: 'Bob@Example.com' }))
  assert.deepEqual([status, json], [200, { object: 'register', captchaBypassToken: '' }])
  const user = await vault.store.users.findByEmail('bob@example.com')
  assert.deepEqual([user?.email, user?.name, user?.privateKey], ['bob@example.com', 'Bob', '2.private'])
  assert.deepEqual([user?.salt.length, user?.passwordHash.length], [64, 32])
})

test('what a client has no value for may be null: the members of the other generation, say', async () => {
  const ofNew = { masterPasswordAuthentication: null, masterPasswordUnlock: null }
  const old = oldBody({ email: 'nulls@example.com', ...ofNew, userSymmetricKey: null, userAsymmetricKeys: null })
  assert.equal((await post('/identity/accounts/register', old)).status, 200)
  const kdf = { kdfType: 0, iterations: 600_000, memory: null, parallelism: null }
  const salt = 'new-nulls@example.com'
  const current = {
    ...oldBody({ email: salt, masterPasswordHash: null, key: null, keys: null, kdf: null, kdfIterations: null }),
    masterPasswordAuthentication: { kdf, salt, masterPasswordAuthenticationHash: 'hash' },
    masterPasswordUnlock: { kdf, salt, masterKeyWrappedUserKey: '2.key', containedKeyId: null },
  }
  assert.equal((await post('/identity/accounts/register', current)).status, 200)
  assert.equal((await vault.store.users.findByEmail(salt))?.privateKey, null)
  const neither = { ...current, email: 'none@example.com', ...ofNew }
  assert.equal((await post('/identity/accounts/register', neither)).status, 400)
})

test('an address is taken once, in whatever case', async () => {
  const { status, json } = await post('/identity/accounts/register', oldBody({ email: 'ALICE@example.com' }))
  assert.deepEqual([status, json.message], [400, 'Registration not allowed or user already exists'])
})

for (const [fault, field, fields] of [
  ['without a hash', 'masterPasswordHash', { masterPasswordHash: undefined }],
  ['without a key', 'key', { key: undefined }],
  ['without a KDF', 'kdf', { kdf: undefined }],
  ['with few iterations', 'kdfIterations', { kdfIterations: 99_999 }],
  ['with iterations as text', 'kdfIterations', { kdfIterations: '600000' }],
  ['with an unknown KDF', 'kdf', { kdf: 2 }],
  ['with Argon2id and no memory', 'kdfMemory', { kdf: 1, kdfIterations: 3 }],
  ['with Argon2id and little memory', 'kdfMemory', { kdf: 1, kdfIterations: 3, kdfMemory: 14, kdfParallelism: 1 }],
  ['with no address', 'email', { email: 'nobody' }],
  ['at an address of IPv4', 'email', { email: 'bob@127.0.0.1' }],
  ['at a short address of IPv4', 'email', { email: 'bob@127.1' }],
  ['at an address of IPv6', 'email', { email: 'bob@[::1]' }],
  ['at a domain with a path', 'email', { email: 'bob@example.com/x' }],
  ['at a domain with a port', 'email', { email: 'bob@example.com:25' }],
  ['at a domain with the usual port', 'email', { email: 'bob@example.com:443' }],
  ['at a domain with a slash', 'email', { email: 'bob@example.com/' }],
  ['at a domain with a backslash', 'email', { email: 'bob@example.com\\' }],
  ['at a domain with a tab in it', 'email', { email: 'bob@exam\tple.com' }],
  ['at a domain with an invisible letter', 'email', { email: 'bob@exam\u200bple.com' }],
  ['at a domain with an escape', 'email', { email: 'bob@ex%61mple.com' }],
  ['at an empty label', 'email', { email: 'bob@.com' }],
  ['with two dots in the name', 'email', { email: 'b..ob@example.com' }],
  ['with a comma in the name', 'email', { email: 'a,bob@example.com' }],
  ['with a long name', 'name', { name: 'x'.repeat(51) }],
  ['with half a key pair', 'keys.encryptedPrivateKey', { keys: { publicKey: 'public' } }],
] as const) {
  test(`a registration ${fault} is refused and names ${field}`, async () => {
    const { status, json } = await post('/identity/accounts/register', oldBody(fields))
    assert.equal(status, 400)
    assert.deepEqual(Object.keys(json.validationErrors), [field])
  })
}

test('the second step needs the proof of the first, for the same address', async () => {
  const { json: proof } = await post('/identity/accounts/register/send-verification-email', { email: 'c@example.com' })
  const finish = (fields: Json) => post('/identity/accounts/register/finish', oldBody(fields))
  assert.match((await finish({})).json.message, /missing required parameters/)
  for (const emailVerificationToken of [proof, 'x', alice.accessToken]) {
    const { status, json } = await finish({ emailVerificationToken })
    assert.deepEqual([status, Object.keys(json.validationErrors)], [400, ['emailVerificationToken']])
  }
  assert.equal((await finish({ email: 'C@example.com', emailVerificationToken: proof })).status, 200)
})

test('a registration whose halves disagree cannot be processed', async () => {
  const kdf = { kdfType: 0, iterations: 600_000 }
  const proof = { kdf, salt: 'd@example.com', masterPasswordAuthenticationHash: 'aGFzaA==' }
  const unlock = { kdf, salt: 'd@example.com', masterKeyWrappedUserKey: '2.key', containedKeyId: 'AB'.repeat(16) }
  const body = { email: 'd@example.com', masterPasswordAuthentication: proof, masterPasswordUnlock: unlock }
  const registerWith = (fields: Json) => post('/identity/accounts/register', { ...body, ...fields })
  for (const half of [{ salt: 'e@example.com' }, { kdf: { kdfType: 0, iterations: 700_000 } }]) {
    assert.equal((await registerWith({ masterPasswordUnlock: { ...unlock, ...half } })).status, 422)
  }
  const { json } = await registerWith({ masterPasswordUnlock: undefined })
  assert.deepEqual(Object.keys(json.validationErrors), ['masterPasswordUnlock'])
  assert.equal((await registerWith({})).status, 200)
  const user = await vault.store.users.findByEmail('d@example.com')
  assert.equal(await vault.store.users.keyId(user!.id), 'ab'.repeat(16))
})

test('an address is of a domain, whatever its script, and the first step says so too', async () => {
  for (const email of [`${randomUUID()}@localhost`, `o'neil+${randomUUID()}@bücher.example`]) {
    assert.equal((await post('/identity/accounts/register', oldBody({ email }))).status, 200)
  }
  const { status, json } = await post('/identity/accounts/register/send-verification-email', { email: 'bob@127.0.0.1' })
  assert.deepEqual([status, Object.keys(json.validationErrors)], [400, ['email']])
})

/** Somebody whom an organization of Vaultwarden invited, with or without the entry that lets them register. */
async function invite(email: string, isInvited: boolean) {
  const [user, org] = [randomUUID(), randomUUID()]
  await vault.store.users.insert(aUser({ id: user, email, passwordHash: Buffer.alloc(0), key: '' }))
  await vault.sql(`INSERT INTO organizations (uuid, name, billing_email) VALUES ('${org}', 'o', 'o')`)
  await vault.sql(`INSERT INTO users_organizations (uuid, user_uuid, org_uuid, access_all, akey, status, atype)
      VALUES ('${randomUUID()}', '${user}', '${org}', false, '', 0, 2)`)
  if (isInvited) await vault.sql(`INSERT INTO invitations VALUES ('${email}')`)
  return user
}

test('whoever registers on an invitation has accepted those of organizations', async () => {
  const [invited, other] = [await invite('invited@example.com', true), await invite('other@example.com', false)]
  await vault.register('invited@example.com')
  await vault.register('other@example.com')
  const statusOf = (user: string) => vault.sql(`SELECT status FROM users_organizations WHERE user_uuid = '${user}'`)
  assert.deepEqual(await statusOf(invited), [{ status: 1 }])
  assert.deepEqual(await statusOf(other), [{ status: 0 }])
  assert.equal((await vault.login('invited@example.com')).userId, invited)
})

test('where sign-up is closed only listed domains and nobody else get in', async () => {
  await using closed = await startVault({ signupsAllowed: false })
  await assert.rejects(closed.register('eve@example.com'), /Registration not allowed or user already exists/)
  await using listed = await startVault({ signupsAllowed: false, signupsDomainsWhitelist: ['example.org'] })
  await assert.rejects(listed.register('eve@example.com'), /Registration not allowed/)
  await listed.register('eve@Example.ORG')
})

test('logins are limited by client address, and by the network for IPv6', async () => {
  await using limited = await startVault({ loginRateLimit: { seconds: 60, maxBurst: 2 } })
  const attempt = async (from: string) => {
    limited.comeFrom(from)
    const url = `${limited.server}/identity/connect/token`
    const { status, json } = await postForm(limited.fetch, url, passwordForm({ password: 'eA==' }))
    return status === 429 ? json.message : status
  }
  assert.deepEqual([await attempt('192.0.2.1'), await attempt('192.0.2.1')], [400, 400])
  assert.equal(await attempt('192.0.2.1'), 'Too many login requests')
  assert.equal(await attempt('192.0.2.2'), 400)
  limited.advance(60_000)
  assert.equal(await attempt('192.0.2.1'), 400)
  assert.equal(await attempt('192.0.2.1'), 'Too many login requests')
  assert.deepEqual([await attempt('2001:db8::1'), await attempt('2001:db8:0:0:ffff::2')], [400, 400])
  assert.equal(await attempt('2001:db8::3'), 'Too many login requests')
  assert.equal(await attempt('2001:db8:0:1::3'), 400)
})

test('a stored hash with fewer iterations than asked for is renewed by the next login', async () => {
  await vault.register('slow@example.com')
  const old = (await vault.store.users.findByEmail('slow@example.com'))!
  const { newPassword } = await import('#auth')
  const device = await vault.login('slow@example.com')
  await vault.store.users.update({ ...old, ...(await newPassword(device.passwordHash, 1000)) })
  await vault.login('slow@example.com')
  const renewed = (await vault.store.users.findByEmail('slow@example.com'))!
  assert.deepEqual([renewed.passwordIterations, renewed.securityStamp], [2000, old.securityStamp])
  await vault.login('slow@example.com')
})

test('neither passwords nor tokens get into the log', async () => {
  const text = JSON.stringify(vault.logged)
  assert.ok(vault.logged.some(({ event }) => event === 'login'))
  for (const secret of [PASSWORD, alice.passwordHash, alice.accessToken, alice.token.refresh_token, alice.token.Key]) {
    assert.ok(!text.includes(secret))
  }
})

test('a flood of logins from everywhere is refused beyond a bound, and the next login works', async () => {
  const form = passwordForm({ username: 'nobody@example.com', password: 'eA==' })
  const answers = await Promise.all(Array.from({ length: 60 }, () => token(form)))
  const refused = answers.filter(({ status }) => status === 429).length
  assert.ok(refused >= 60 - 32 && refused < 60, `${refused} refused`)
  assert.equal((await token(form)).status, 400)
})

test('a flood of registrations from everywhere is refused beyond a bound', async () => {
  // So many that none is done before the last has come, however slowly they come.
  await using slow = await startVault({ passwordIterations: 200_000 })
  const register = (i: number) =>
    post('/identity/accounts/register', oldBody({ email: `flood-${i}@example.com` }), slow)
  const answers = await Promise.all(Array.from({ length: 60 }, (_, i) => register(i)))
  const refused = answers.filter(({ status }) => status === 429).length
  assert.ok(refused > 0 && refused <= 60 - 32, `${refused} refused`)
  assert.equal(answers.filter(({ status }) => status === 200).length, 60 - refused)
})
