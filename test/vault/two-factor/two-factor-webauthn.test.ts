import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import { type Json, registerAndLogin, type TestDevice } from '../../helpers/account.ts'
import { SecurityKey, type SecurityKeyOptions } from '../../helpers/security-key.ts'
import { startVault, type TestVault } from '../harness.ts'
import { logInAgain, withCode } from './second-factor.ts'

let vault: TestVault
before(async () => {
  vault = await startVault()
})
after(() => vault[Symbol.asyncDispose]())

const secretOf = ({ passwordHash }: TestDevice) => ({ masterPasswordHash: passwordHash })
const challengeFor = async (device: TestDevice) =>
  (await device.post('/api/two-factor/get-webauthn-challenge', secretOf(device))).json
const setUp = async (device: TestDevice, key: SecurityKey, id = 1) => {
  const deviceResponse = key.register(await challengeFor(device))
  return device.put('/api/two-factor/webauthn', { ...secretOf(device), id, name: `key ${id}`, deviceResponse })
}
const withKey = async (options?: SecurityKeyOptions) => {
  const device = await registerAndLogin({ fetch: vault.fetch })
  const key = new SecurityKey(options)
  assert.equal((await setUp(device, key)).status, 200)
  return { device, key }
}
/** What a login is asked for. */
const optionsOf = async (device: TestDevice): Promise<Json> =>
  (await logInAgain(vault, device)).json.TwoFactorProviders2['7']
const answerWith = (device: TestDevice, answer: string) => logInAgain(vault, device, withCode(7, answer))
const FAILED = 'The security key was not accepted. Try again.'

test('a new key is asked for with what its browser needs', async () => {
  const { device, key } = await withKey()
  const options = await challengeFor(device)
  assert.deepEqual(options.rp, { name: 'https://localhost', id: 'localhost' })
  assert.deepEqual(
    options.pubKeyCredParams.map(({ alg }: Json) => alg),
    [-7, -257],
  )
  assert.equal(Buffer.from(options.user.id, 'base64url').toString('hex'), device.userId.replaceAll('-', ''))
  assert.deepEqual(options.excludeCredentials, [{ type: 'public-key', id: key.id.toString('base64url') }])
})

for (const algorithm of ['ES256', 'RS256'] as const) {
  test(`a key that signs with ${algorithm} opens the account, time and again`, async () => {
    const { device, key } = await withKey({ algorithm })
    for (let round = 0; round < 2; round++) {
      const options = await optionsOf(device)
      assert.deepEqual(options.allowCredentials, [{ type: 'public-key', id: key.id.toString('base64url') }])
      assert.equal(options.extensions, undefined)
      assert.equal((await answerWith(device, key.assert(options as never))).status, 200)
    }
  })
}

test('a key is kept as Vaultwarden keeps it, counter and all', async () => {
  const { device, key } = await withKey()
  await answerWith(device, key.assert((await optionsOf(device)) as never))
  const [row] = await vault.sql(`SELECT data FROM twofactor WHERE user_uuid = '${device.userId}' AND atype = 7`)
  const [registration] = JSON.parse(String(row?.data))
  const { cred_id: id, cred, ...rest } = registration.credential.cred
  assert.deepEqual([registration.id, registration.name, registration.migrated], [1, 'key 1', false])
  assert.equal(id, key.id.toString('base64url'))
  assert.equal(cred.type_, 'ES256')
  assert.deepEqual(Object.keys(cred.key.EC_EC2), ['curve', 'x', 'y'])
  assert.equal(cred.key.EC_EC2.curve, 'SECP256R1')
  assert.deepEqual(rest, {
    counter: 1,
    transports: null,
    user_verified: false,
    backup_eligible: false,
    backup_state: false,
    registration_policy: 'discouraged',
    extensions: {
      cred_protect: 'NotRequested',
      hmac_create_secret: 'NotRequested',
      appid: 'NotRequested',
      cred_props: 'NotRequested',
    },
    attestation: { data: 'None', metadata: 'None' },
    attestation_format: 'none',
  })
})

test('an answer opens the account once', async () => {
  const { device, key } = await withKey()
  const answer = key.assert((await optionsOf(device)) as never)
  assert.equal((await answerWith(device, answer)).status, 200)
  const again = await answerWith(device, answer)
  assert.deepEqual([again.status, again.json.message], [400, FAILED])
})

test('of two logins with one answer at once a single one works', async () => {
  const { device, key } = await withKey()
  const answer = key.assert((await optionsOf(device)) as never)
  const answers = await Promise.all([1, 2, 3].map(() => answerWith(device, answer)))
  assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 400, 400])
})

test('two devices that are about to log in do not disturb each other', async () => {
  const { device, key } = await withKey()
  const [first, second] = [await optionsOf(device), await optionsOf(device)]
  assert.equal((await answerWith(device, key.assert(first as never))).status, 200)
  assert.equal((await answerWith(device, key.assert(second as never))).status, 200)
})

test('challenges expire, and only so many are open at once', async () => {
  const { device, key } = await withKey()
  const late = await optionsOf(device)
  vault.advance(121_000)
  assert.equal((await answerWith(device, key.assert(late as never))).status, 400)
  const first = await optionsOf(device)
  for (let round = 0; round < 8; round++) await optionsOf(device)
  assert.equal((await answerWith(device, key.assert(first as never))).status, 400)
})

for (const [what, changes] of [
  ['another page', { origin: 'https://localhost.example.com' }],
  ['a page of the same host and another port', { origin: 'https://localhost:8443' }],
  ['a frame of another site', { crossOrigin: true, topOrigin: 'https://example.com' }],
  ['a registration', { type: 'webauthn.create' }],
] as const) {
  test(`an answer to ${what} does not open the account`, async () => {
    const { device, key } = await withKey()
    const { status, json } = await answerWith(device, key.assert((await optionsOf(device)) as never, changes))
    assert.deepEqual([status, json.message], [400, FAILED])
  })
}

test('the page may stand in a frame of an app', async () => {
  const { device, key } = await withKey()
  const changes = { crossOrigin: true, topOrigin: 'chrome-extension://nngceckbapebfimnlniiiahkandclblb' }
  assert.equal((await answerWith(device, key.assert((await optionsOf(device)) as never, changes))).status, 200)
})

test('a key that was a U2F key signs for the address it knew', async () => {
  const { device, key } = await withKey()
  const old = new SecurityKey({ rpId: 'https://localhost/app-id.json' })
  await setUp(device, old, 2).then(({ status }) => assert.equal(status, 200))
  await vault.sql(
    `UPDATE twofactor SET data = replace(data, '"name":"key 2","migrated":false', '"name":"key 2","migrated":true')
     WHERE user_uuid = '${device.userId}'`,
  )
  const { keys } = (await device.post('/api/two-factor/get-webauthn', secretOf(device))).json
  assert.deepEqual(keys[1], { id: 2, name: 'key 2', migrated: true })
  const options = await optionsOf(device)
  assert.deepEqual(options.extensions, { appid: 'https://localhost/app-id.json' })
  assert.equal((await answerWith(device, old.assert(options as never))).status, 200)
  assert.equal((await answerWith(device, key.assert((await optionsOf(device)) as never))).status, 200)
})

test('whoever asks is told that our pages and the apps may use U2F keys', async () => {
  const response = await vault.fetch(`${vault.server}/app-id.json`)
  assert.equal(response.headers.get('content-type'), 'application/fido.trusted-apps+json')
  const ids = [
    'https://localhost',
    'ios:bundle-id:com.8bit.bitwarden',
    'android:apk-key-hash:dUGFzUzf3lmHSLBDBIv+WaFyZMI',
  ]
  assert.deepEqual(await response.json(), { trustedFacets: [{ version: { major: 1, minor: 0 }, ids }] })
})

test('neither another key, nor a copy that has fallen behind, nor a changed answer opens the account', async () => {
  const { device, key } = await withKey()
  const stranger = new SecurityKey()
  assert.equal((await answerWith(device, stranger.assert((await optionsOf(device)) as never))).status, 400)
  await answerWith(device, key.assert((await optionsOf(device)) as never))
  key.counter = 0
  assert.equal((await answerWith(device, key.assert((await optionsOf(device)) as never))).status, 400)
  const answer = JSON.parse(key.assert((await optionsOf(device)) as never))
  answer.response.signature = `${answer.response.signature.slice(0, -6)}AAAAAA`
  assert.equal((await answerWith(device, JSON.stringify(answer))).status, 400)
})

test('what is no answer of a key is refused', async () => {
  const { device, key } = await withKey()
  const { challenge } = (await optionsOf(device)) as { challenge: string }
  const good = JSON.parse(key.assert({ challenge }))
  for (const answer of [
    '',
    '{}',
    '[]',
    'null',
    '{"response":1}',
    JSON.stringify({ ...good, rawId: '../x' }),
    JSON.stringify({ ...good, response: { ...good.response, clientDataJson: 'e30' } }),
    JSON.stringify({ ...good, response: { ...good.response, authenticatorData: 'AAAA' } }),
    'x'.repeat(20_000),
  ]) {
    assert.equal((await answerWith(device, answer)).status, 400, answer.slice(0, 60))
  }
})

test('a key is set up with an open challenge, once, under a number of its own', async () => {
  const { device, key } = await withKey()
  const other = new SecurityKey()
  const put = (fields: Json) => device.post('/api/two-factor/webauthn', { ...secretOf(device), name: 'x', ...fields })
  const unknown = other.register({ challenge: Buffer.alloc(32).toString('base64url') })
  assert.equal((await put({ id: 2, deviceResponse: unknown })).json.message, "Can't recover challenge")
  const taken = await setUp(device, other, 1)
  assert.deepEqual([taken.status, taken.json.message], [400, 'There is a key of that number already.'])
  const same = await setUp(device, key, 2)
  assert.deepEqual([same.status, same.json.message], [400, 'This key is set up already.'])
  const answered = other.register(await challengeFor(device))
  assert.equal((await put({ id: '2', deviceResponse: answered })).status, 200)
  assert.equal((await put({ id: 3, deviceResponse: answered })).status, 400)
  for (const id of [0, 11, -1, 1.5, 'x', null]) {
    assert.equal((await put({ id, deviceResponse: other.register(await challengeFor(device)) })).status, 400)
  }
  const foreign = new SecurityKey({ origin: 'https://evil.example' }).register(await challengeFor(device))
  assert.equal((await put({ id: 4, deviceResponse: foreign })).status, 400)
  const { keys } = (await device.post('/api/two-factor/get-webauthn', secretOf(device))).json
  assert.deepEqual(
    keys.map(({ id }: Json) => id),
    [1, 2],
  )
})

test('with its last key the second factor goes', async () => {
  const { device } = await withKey()
  await setUp(device, new SecurityKey(), 2)
  await vault.sql(
    `INSERT INTO twofactor (uuid, user_uuid, atype, enabled, data, last_used)
     VALUES ('${randomUUID()}', '${device.userId}', 4, true, '[{"id":1,"migrated":true}]', 0)`,
  )
  const remove = (id: number) => device.delete('/api/two-factor/webauthn', { ...secretOf(device), id })
  const left = { enabled: true, keys: [{ id: 2, name: 'key 2', migrated: false }] }
  assert.deepEqual((await remove(1)).json, { ...left, webAuthn: left, object: 'twoFactorWebAuthn' })
  assert.equal((await remove(1)).json.message, 'Webauthn entry not found')
  assert.equal((await logInAgain(vault, device)).status, 400)
  assert.deepEqual((await remove(2)).json.webAuthn, { enabled: false, keys: [] })
  assert.equal((await logInAgain(vault, device)).status, 200)
})

test('where DOMAIN is an address, there are no security keys, and no login waits for one', async () => {
  await using numbered = await startVault({ domain: 'https://192.0.2.7', origin: 'https://192.0.2.7' })
  const device = await registerAndLogin({ fetch: numbered.fetch })
  const { status, json } = await device.post('/api/two-factor/get-webauthn-challenge', secretOf(device))
  assert.deepEqual([status, json.message], [400, 'Configured `DOMAIN` is not compatible with Webauthn'])
})
