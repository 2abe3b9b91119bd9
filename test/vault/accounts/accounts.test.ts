import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, beforeEach, test } from 'node:test'
import { postForm, registerAndLogin, type TestDevice } from '../../helpers/account.ts'
import { afterNext, startVault, type TestVault } from '../harness.ts'

let vault: TestVault
let alice: TestDevice
before(async () => {
  vault = await startVault()
  alice = await registerAndLogin({ fetch: vault.fetch, email: 'alice@example.com' })
})
after(() => vault[Symbol.asyncDispose]())
beforeEach(() => void vault.takeTold())

const NEW_HASH = Buffer.alloc(32, 1).toString('base64')

/** Somebody whose password the test may change, with a second device. */
async function twoDevices() {
  const first = await registerAndLogin({ fetch: vault.fetch })
  const second = await vault.login(first.email)
  vault.takeTold()
  return { first, second }
}
const refresh = (device: TestDevice) =>
  postForm(vault.fetch, `${vault.server}/identity/connect/token`, {
    grant_type: 'refresh_token',
    refresh_token: device.token.refresh_token,
  })
const loginWith = (device: TestDevice, password: string) =>
  postForm(vault.fetch, `${vault.server}/identity/connect/token`, {
    grant_type: 'password',
    scope: 'api offline_access',
    client_id: 'web',
    username: device.email,
    password,
    deviceType: '9',
    deviceIdentifier: device.deviceId,
    deviceName: 'x',
  })
const statusOf = async (device: TestDevice) => (await device.get('/api/accounts/profile')).status

test('the profile has the keys clients look for', async () => {
  const { json } = await alice.get('/api/accounts/profile')
  const { token } = alice
  assert.deepEqual(json, {
    _status: 0,
    id: alice.userId,
    name: 'Alice',
    email: 'alice@example.com',
    emailVerified: true,
    premium: true,
    premiumFromOrganization: false,
    culture: 'en-US',
    twoFactorEnabled: false,
    key: token.Key,
    privateKey: token.PrivateKey,
    accountKeys: {
      publicKeyEncryptionKeyPair: {
        wrappedPrivateKey: token.PrivateKey,
        publicKey: token.AccountKeys.publicKeyEncryptionKeyPair.publicKey,
        signedPublicKey: null,
        object: 'publicKeyEncryptionKeyPair',
      },
      securityState: null,
      signatureKeyPair: null,
      object: 'privateKeys',
    },
    securityStamp: json.securityStamp,
    organizations: [],
    providers: [],
    providerOrganizations: [],
    forcePasswordReset: false,
    avatarColor: null,
    usesKeyConnector: false,
    creationDate: json.creationDate,
    object: 'profile',
  })
})

test('name and colour are changed and told as settings', async () => {
  const before = (await alice.get('/api/accounts/revision-date')).json
  for (const [method, path, body] of [
    ['PUT', '/api/accounts/profile', { name: 'Alice B.' }],
    ['POST', '/api/accounts/profile', { name: 'Alice C.', culture: 'en-US' }],
    ['PUT', '/api/accounts/avatar', { avatarColor: '#ff0000' }],
    ['PUT', '/api/accounts/avatar', { avatarColor: null }],
  ] as const) {
    const { status, json } = await alice.request(method, path, body)
    assert.equal(status, 200)
    for (const [field, value] of Object.entries(body)) assert.equal(json[field], value)
    const [told, ...rest] = vault.takeTold()
    assert.deepEqual([told?.event, told?.id, told?.contextId, rest], ['SyncSettings', alice.userId, alice.deviceId, []])
  }
  assert.ok((await alice.get('/api/accounts/revision-date')).json > before)
  for (const [path, body, field] of [
    ['/api/accounts/profile', { name: 'x'.repeat(51) }, 'name'],
    ['/api/accounts/profile', {}, 'name'],
    ['/api/accounts/avatar', { avatarColor: '#fff' }, 'avatarColor'],
  ] as const) {
    const { status, json } = await alice.put(path, body)
    assert.deepEqual([status, Object.keys(json.validationErrors)], [400, [field]])
  }
})

test('the key pair is set and the public half is for everybody', async () => {
  const bob = await registerAndLogin({ fetch: vault.fetch })
  const pair = { publicKey: 'public', encryptedPrivateKey: '2.private' }
  assert.deepEqual((await bob.post('/api/accounts/keys', pair)).json, {
    privateKey: '2.private',
    publicKey: 'public',
    object: 'keys',
  })
  assert.deepEqual((await alice.get(`/api/users/${bob.userId}/public-key`)).json, {
    userId: bob.userId,
    publicKey: 'public',
    object: 'userKey',
  })
  const unknown = await alice.get(`/api/users/${randomUUID()}/public-key`)
  assert.deepEqual([unknown.status, unknown.json.object], [404, 'error'])
  assert.equal((await bob.post('/api/accounts/keys', { publicKey: 'public' })).status, 400)
})

test('the user key id is recorded once', async () => {
  const record = (userKeyId: unknown) => alice.post('/api/accounts/key-management/user-key-id', { userKeyId })
  const revision = (await alice.get('/api/accounts/revision-date')).json
  for (const wrong of ['', 'xyz', 'ab'.repeat(15), null]) {
    const { status, json } = await record(wrong)
    assert.deepEqual([status, Object.keys(json.validationErrors)], [400, ['userKeyId']])
  }
  const first = await record('ab'.repeat(16))
  assert.deepEqual([first.status, first.json], [200, undefined])
  assert.equal((await record('AB'.repeat(16))).status, 200)
  const other = await record('00'.repeat(16))
  assert.deepEqual([other.status, Object.keys(other.json.validationErrors)], [400, ['userKeyId']])
  assert.equal((await alice.get('/api/sync')).json.userDecryption.userKeyId, 'ab'.repeat(16))
  assert.equal((await alice.get('/api/accounts/revision-date')).json, revision)
  assert.deepEqual(vault.takeTold(), [])
})

test('the password is verified', async () => {
  const verify = (masterPasswordHash: unknown) => alice.post('/api/accounts/verify-password', { masterPasswordHash })
  assert.deepEqual((await verify(alice.passwordHash)).json, { Object: 'masterPasswordPolicy' })
  const wrong = await verify('eA==')
  assert.deepEqual([wrong.status, wrong.json.message], [400, 'Invalid password'])
})

test('a change of the password of either generation may have null for what is the other one’s', async () => {
  const { first } = await twoDevices()
  const masterPasswordHash = first.passwordHash
  const none = { authenticationData: null, unlockData: null, newMasterPasswordHash: null, key: null }
  const refused = await first.post('/api/accounts/password', { ...none, masterPasswordHash })
  assert.deepEqual(Object.keys(refused.json.validationErrors), ['newMasterPasswordHash'])
  const old = { ...none, masterPasswordHash, newMasterPasswordHash: NEW_HASH, key: '2.new' }
  assert.equal((await first.post('/api/accounts/password', old)).status, 200)
  vault.takeTold()
})

test('a change of the password ends every session and spares the acting client its work', async () => {
  const { first, second } = await twoDevices()
  const change = { newMasterPasswordHash: NEW_HASH, key: '2.new', masterPasswordHint: ' hint ' }
  const wrong = await first.post('/api/accounts/password', { ...change, masterPasswordHash: 'eA==' })
  assert.deepEqual([wrong.status, wrong.json.message, vault.takeTold()], [400, 'Invalid password', []])
  const right = { ...change, masterPasswordHash: first.passwordHash }
  assert.equal((await first.post('/api/accounts/password', right)).status, 200)

  const [told, ...rest] = vault.takeTold()
  assert.deepEqual([told?.event, told?.id, told?.contextId, rest], ['LogOut', first.userId, first.deviceId, []])
  assert.deepEqual([await statusOf(first), await statusOf(second)], [401, 401])
  assert.deepEqual(
    [(await refresh(first)).json, (await refresh(second)).json],
    Array(2).fill({ error: 'invalid_grant' }),
  )
  assert.equal((await first.get(`/api/users/${first.userId}/public-key`)).status, 200)
  assert.equal((await first.get('/api/webauthn')).status, 200)
  vault.advance(121_000)
  assert.equal((await first.get('/api/webauthn')).status, 401)

  assert.equal((await loginWith(first, first.passwordHash)).status, 400)
  const login = await loginWith(first, NEW_HASH)
  assert.deepEqual([login.status, login.json.Key], [200, '2.new'])
  assert.equal((await vault.store.users.find(first.userId))?.passwordHint, 'hint')
})

test('a change of the KDF is checked, done and told', async () => {
  const { first, second } = await twoDevices()
  const kdf = { kdfType: 1, iterations: 3, memory: 64, parallelism: 4 }
  const body = {
    masterPasswordHash: first.passwordHash,
    authenticationData: { salt: first.email, kdf, masterPasswordAuthenticationHash: NEW_HASH },
    unlockData: { salt: first.email, kdf, masterKeyWrappedUserKey: '2.new' },
  }
  for (const [field, fault] of [
    ['unlockData.kdf', { unlockData: { ...body.unlockData, kdf: { ...kdf, iterations: 4 } } }],
    ['unlockData.salt', { unlockData: { ...body.unlockData, salt: 'x@example.com' } }],
    ['masterPasswordHash', { masterPasswordHash: 'eA==' }],
    ['authenticationData.kdf.iterations', { authenticationData: { ...body.authenticationData, kdf: { kdfType: 1 } } }],
  ] as const) {
    const { status, json } = await first.post('/api/accounts/kdf', { ...body, ...fault })
    assert.deepEqual([status, Object.keys(json.validationErrors)], [400, [field]])
  }
  assert.equal((await first.post('/api/accounts/kdf', body)).status, 200)
  assert.deepEqual(
    vault.takeTold().map(({ event, contextId }) => [event, contextId]),
    [['LogOut', first.deviceId]],
  )
  assert.equal(await statusOf(second), 401)
  const { json } = await loginWith(first, NEW_HASH)
  assert.deepEqual(
    [json.Kdf, json.KdfIterations, json.KdfMemory, json.KdfParallelism, json.Key],
    [1, 3, 64, 4, '2.new'],
  )
})

test('the password is changed by what clients of 2026 send as well', async () => {
  const { first } = await twoDevices()
  await first.post('/api/accounts/key-management/user-key-id', { userKeyId: 'a'.repeat(32) })
  const kdf = { kdfType: 0, iterations: first.token.KdfIterations }
  const body = {
    masterPasswordHash: first.passwordHash,
    masterPasswordHint: 'hint',
    authenticationData: { salt: first.email, kdf, masterPasswordAuthenticationHash: NEW_HASH },
    unlockData: { salt: first.email, kdf, masterKeyWrappedUserKey: '2.new', containedKeyId: 'A'.repeat(32) },
  }
  const other = { ...kdf, iterations: kdf.iterations + 1 }
  for (const [field, fault] of [
    ['newMasterPasswordHash', { authenticationData: undefined }],
    ['key', { unlockData: undefined, newMasterPasswordHash: NEW_HASH }],
    ['unlockData.kdf', { unlockData: { ...body.unlockData, kdf: other } }],
    [
      'unlockData.kdf',
      {
        authenticationData: { ...body.authenticationData, kdf: other },
        unlockData: { ...body.unlockData, kdf: other },
      },
    ],
    ['unlockData.salt', { unlockData: { ...body.unlockData, salt: 'x@example.com' } }],
    ['unlockData.masterKeyWrappedUserKey', { unlockData: { ...body.unlockData, masterKeyWrappedUserKey: 'plain' } }],
    ['unlockData.containedKeyId', { unlockData: { ...body.unlockData, containedKeyId: 'b'.repeat(32) } }],
    ['masterPasswordHash', { masterPasswordHash: 'eA==' }],
  ] as const) {
    const { status, json } = await first.post('/api/accounts/password', { ...body, ...fault })
    assert.deepEqual([status, Object.keys(json.validationErrors)], [400, [field]])
  }
  assert.equal((await first.post('/api/accounts/password', body)).status, 200)
  const login = await loginWith(first, NEW_HASH)
  assert.deepEqual([login.status, login.json.Key], [200, '2.new'])
  assert.equal((await vault.store.users.find(first.userId))?.passwordHint, 'hint')
})

test('deauthorising ends every session, the acting one included, and forgets the devices', async () => {
  const { first, second } = await twoDevices()
  const { status } = await first.post('/api/accounts/security-stamp', { masterPasswordHash: first.passwordHash })
  assert.equal(status, 200)
  assert.deepEqual(
    vault.takeTold().map(({ event, id, contextId }) => [event, id, contextId]),
    [['LogOut', first.userId, null]],
  )
  assert.deepEqual([await statusOf(first), await statusOf(second)], [401, 401])
  assert.equal((await refresh(second)).status, 400)
  assert.deepEqual(await vault.store.devices.ofUser(first.userId), [])
})

test('of two changes of one password at once the second fails', async () => {
  const { first } = await twoDevices()
  const change = (key: string) =>
    first.post('/api/accounts/password', {
      masterPasswordHash: first.passwordHash,
      newMasterPasswordHash: NEW_HASH,
      key,
    })
  const answers = await Promise.all([change('2.a'), change('2.b')])
  assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 401])
  assert.equal(vault.takeTold().length, 1)
})

const changePassword = (device: TestDevice) =>
  device.post('/api/accounts/password', {
    masterPasswordHash: device.passwordHash,
    newMasterPasswordHash: NEW_HASH,
    key: '2.new',
  })
const deauthorise = (device: TestDevice) =>
  device.post('/api/accounts/security-stamp', { masterPasswordHash: device.passwordHash })

test('a login under way with the old password does not outlive a change of the password', async () => {
  const { first } = await twoDevices()
  const change = afterNext(vault.store.users, 'findByEmail', () => changePassword(first))
  const { status, json } = await loginWith(first, first.passwordHash)
  await change()
  assert.deepEqual([status, json.message], [400, 'Username or password is incorrect. Try again'])
})

test('a login under way does not outlive the end of all sessions', async () => {
  const { first } = await twoDevices()
  const end = afterNext(vault.store.users, 'findByEmail', () => deauthorise(first))
  assert.equal((await loginWith(first, first.passwordHash)).status, 400)
  await end()
  assert.deepEqual(await vault.store.devices.ofUser(first.userId), [])
})

test('a login under way with an API key does not outlive the key', async () => {
  const { first } = await twoDevices()
  const secret = { masterPasswordHash: first.passwordHash }
  const { apiKey } = (await first.post('/api/accounts/api-key', secret)).json
  const rotate = afterNext(vault.store.users, 'find', () => first.post('/api/accounts/rotate-api-key', secret))
  const { status } = await postForm(vault.fetch, `${vault.server}/identity/connect/token`, {
    grant_type: 'client_credentials',
    scope: 'api',
    client_id: `user.${first.userId}`,
    client_secret: apiKey,
    deviceType: '9',
    deviceIdentifier: randomUUID(),
    deviceName: 'x',
  })
  await rotate()
  assert.equal(status, 400)
  assert.equal((await vault.store.devices.ofUser(first.userId)).length, 2)
})

test('a request under way changes nothing once its session is over', async () => {
  for (const [method, path, body] of [
    ['PUT', '/api/accounts/profile', { name: 'Mallory' }],
    ['POST', '/api/accounts/security-stamp', 'password'],
    ['POST', '/api/accounts/rotate-api-key', 'password'],
    ['POST', '/api/accounts/key-management/user-key-id', { userKeyId: 'ab'.repeat(16) }],
    ['POST', '/api/folders', { name: '2.folder' }],
    ['POST', '/api/ciphers', 'item'],
    ['PUT', '/api/ciphers/{id}', 'item'],
    ['DELETE', '/api/ciphers/{id}', undefined],
    ['DELETE', '/api/ciphers', 'ids'],
    ['PUT', '/api/ciphers/delete', 'ids'],
    ['PUT', '/api/ciphers/move', 'ids'],
    ['PUT', '/api/folders/{folder}', { name: '2.other' }],
    ['DELETE', '/api/folders/{folder}', undefined],
  ] as const) {
    const { first, second } = await twoDevices()
    const { id } = (await first.post('/api/ciphers', first.loginItem('x'))).json
    const folder = (await first.post('/api/folders', { name: '2.name' })).json.id
    const bodies = {
      password: { masterPasswordHash: first.passwordHash },
      item: first.loginItem('y'),
      ids: { ids: [id] },
    }
    vault.takeTold()
    const end = afterNext(vault.store.users, 'find', () => deauthorise(first))
    const url = path.replace('{id}', id).replace('{folder}', folder)
    const { status } = await second.request(method, url, typeof body === 'string' ? bodies[body] : body)
    await end()
    assert.deepEqual([status, vault.takeTold().map(({ event }) => event)], [401, ['LogOut']], `${method} ${path}`)
    const user = (await vault.store.users.find(first.userId))!
    assert.deepEqual([user.name, user.apiKey, await vault.store.users.keyId(user.id)], ['Alice', null, undefined])
    const [item, ...others] = await vault.store.ciphers.ownOf(user.id)
    assert.deepEqual([item?.id, item?.deletedAt, others], [id, null, []])
    assert.deepEqual(
      (await vault.store.folders.ofUser(user.id)).map(({ name }) => name),
      ['2.name'],
    )
  }
})

test('a route that an old stamp may still reach works as in any session', async () => {
  const { first } = await twoDevices()
  await changePassword(first)
  assert.equal((await first.get(`/api/users/${first.userId}/public-key`)).status, 200)
})

test('the id of a user key that was replaced elsewhere is forgotten', async () => {
  const { first } = await twoDevices()
  const record = (userKeyId: string) => first.post('/api/accounts/key-management/user-key-id', { userKeyId })
  assert.equal((await record('aa'.repeat(16))).status, 200)
  assert.equal((await record('bb'.repeat(16))).status, 400)
  // As Vaultwarden does it when the user key is rotated there.
  await vault.sql(`UPDATE users SET akey = '2.rotated', private_key = '2.rotated' WHERE uuid = '${first.userId}'`)
  assert.equal((await first.get('/api/sync')).json.userDecryption.userKeyId, undefined)
  assert.equal((await record('bb'.repeat(16))).status, 200)
  const item = first.loginItem('x', { encryptedByKeyId: 'bb'.repeat(16) })
  assert.equal((await first.post('/api/ciphers', item)).status, 200)
})

test('devices are listed and known by the address they logged in with', async () => {
  const { first, second } = await twoDevices()
  const { json } = await first.get('/api/devices')
  assert.deepEqual(json.data.map(({ id }: { id: string }) => id).sort(), [first.deviceId, second.deviceId].sort())
  const one = (await first.get(`/api/devices/identifier/${second.deviceId}`)).json
  assert.deepEqual(one, {
    id: second.deviceId,
    name: 'test device',
    type: 9,
    identifier: second.deviceId,
    creationDate: one.creationDate,
    lastActivityDate: one.lastActivityDate,
    isTrusted: false,
    object: 'device',
  })
  const listed = json.data.find(({ id }: { id: string }) => id === second.deviceId)
  const extra = { devicePendingAuthRequest: null, encryptedPublicKey: null, encryptedUserKey: null }
  assert.deepEqual(listed, { ...one, ...extra })
  assert.equal((await first.get(`/api/devices/identifier/${randomUUID()}`)).json.message, 'No device found')

  const isKnown = async (headers: Record<string, string>) => {
    const response = await vault.fetch(`${vault.server}/api/devices/knowndevice`, { headers })
    const body = await response.text()
    return response.status === 200 ? body : Object.keys(JSON.parse(body).validationErrors)
  }
  const email = Buffer.from(first.email).toString('base64url')
  const known = { 'X-Request-Email': `${email}==`, 'X-Device-Identifier': first.deviceId }
  assert.equal(await isKnown(known), 'true')
  assert.equal(await isKnown({ ...known, 'X-Device-Identifier': randomUUID() }), 'false')
  assert.deepEqual(await isKnown({ 'X-Request-Email': email }), ['x-device-identifier'])
})

test('a refresh under way does not bring an old token back', async () => {
  const { first, second } = await twoDevices()
  const change = afterNext(vault.store.devices, 'findByRefreshToken', () => changePassword(first))
  await refresh(second)
  await change()
  assert.equal((await refresh(second)).status, 400)
})

test('two programs that ask for the first API key get the same one', async () => {
  const { first } = await twoDevices()
  const secret = { masterPasswordHash: first.passwordHash }
  const ask = () => first.post('/api/accounts/api-key', secret)
  const [one, other] = await Promise.all([ask(), ask()])
  assert.match(one.json.apiKey, /^[A-Za-z0-9]{30}$/)
  assert.equal(other.json.apiKey, one.json.apiKey)
})

test('second factors that were set up elsewhere are listed', async () => {
  const { first } = await twoDevices()
  const offeredTypes = [0, 7]
  const none = { data: [], object: 'list', continuationToken: null, offeredTypes }
  assert.deepEqual((await first.get('/api/two-factor')).json, none)
  for (const [type, enabled] of [
    [0, true],
    [7, true],
    [1, false],
    [1003, true],
  ]) {
    await vault.sql(
      `INSERT INTO twofactor (uuid, user_uuid, atype, enabled, data) VALUES ('${randomUUID()}', '${first.userId}', ${type}, ${enabled}, '')`,
    )
  }
  assert.deepEqual((await first.get('/api/two-factor')).json, {
    data: [
      { enabled: true, type: 0, object: 'twoFactorProvider' },
      { enabled: true, type: 7, object: 'twoFactorProvider' },
    ],
    object: 'list',
    continuationToken: null,
    offeredTypes,
  })
})

test('passwords of one user are looked at a few at a time, so that nobody else waits for all of them', async () => {
  await using slow = await startVault({ passwordIterations: 600_000 })
  const [mallory, alice] = await Promise.all(
    ['mallory@example.com', 'alice@example.com'].map(async (email) => {
      await slow.register(email)
      return slow.login(email)
    }),
  )
  const check = (device: TestDevice, masterPasswordHash: string) =>
    device.post('/api/accounts/verify-password', { masterPasswordHash })
  const flood = Array.from({ length: 40 }, () => check(mallory!, 'wrong'))
  const own = check(alice!, alice!.passwordHash)
  const statuses = (await Promise.all(flood)).map(({ status }) => status)
  assert.deepEqual([...new Set(statuses)].sort(), [400, 429])
  assert.ok(statuses.filter((status) => status === 400).length <= 16, String(statuses))
  assert.equal((await own).status, 200)
  assert.equal((await check(mallory!, mallory!.passwordHash)).status, 200)
})

test('no key of a user is so long that reading their row takes time', async () => {
  const { first } = await twoDevices()
  const long = 'A'.repeat(20_000)
  const secret = { masterPasswordHash: first.passwordHash, newMasterPasswordHash: NEW_HASH }
  for (const [path, body, field] of [
    ['/api/accounts/keys', { publicKey: `${long}A`, encryptedPrivateKey: '2.a' }, 'publicKey'],
    ['/api/accounts/keys', { publicKey: 'A', encryptedPrivateKey: `2.${long}` }, 'encryptedPrivateKey'],
    ['/api/accounts/password', { ...secret, key: `2.${long}` }, 'key'],
    ['/api/accounts/email', { ...secret, key: `2.${long}`, newEmail: 'new@example.com', token: '1' }, 'key'],
    ['/identity/accounts/register', { email: 'long@example.com', key: `2.${long}` }, 'key'],
  ] as const) {
    const { status, json } = await first.post(path, body)
    const message = `${field} must NOT have more than 20000 characters`
    assert.deepEqual([status, json.message], [400, message], path)
  }
})
