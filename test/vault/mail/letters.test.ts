import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { decodeJwt } from 'jose'
import { deriveMasterKey, deriveMasterPasswordHash, makeKeys } from '#vault'
import { aUser } from '../../auth/rows.ts'
import { FAST_KDF, type Json, PASSWORD, type TestDevice } from '../../helpers/account.ts'
import { until } from '../../helpers/wait.ts'
import { type SentLetter, startVault, type TestVault, type TestVaultOptions } from '../harness.ts'

const NEW_HASH = Buffer.alloc(32, 1).toString('base64')

const startWithMail = (settings: TestVaultOptions = {}) => startVault({ sendsMail: true, ...settings })

async function post(vault: TestVault, path: string, body: unknown) {
  const response = await vault.fetch(vault.server + path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  })
  const text = await response.text()
  return { status: response.status, json: text === '' ? undefined : (JSON.parse(text) as Json) }
}

/** Letters but for those about a new device, which go with every first login and have tests of their own. */
const isOurs = ({ name }: SentLetter) => name !== 'new_device_logged_in'

/** The next letter; takes it away, with all that came before it. */
const nextLetter = (vault: TestVault): Promise<SentLetter> =>
  until(() => {
    const index = vault.letters.findIndex(isOurs)
    return index >= 0 && vault.letters.splice(0, index + 1).at(-1)
  }, 'a letter')

/** Ends the vault with all that its answers did not wait for. */
async function noMoreLetters(vault: TestVault) {
  await vault.app.close()
  assert.deepEqual(vault.letters.filter(isOurs), [])
}

const finishBody = (email: string, fields: Json = {}) => ({
  email,
  masterPasswordHash: 'aGFzaA==',
  userSymmetricKey: '2.key',
  userAsymmetricKeys: { publicKey: 'public', encryptedPrivateKey: '2.private' },
  kdf: 0,
  kdfIterations: 600_000,
  ...fields,
})

/** The parameters behind `#/page?` of a link. */
const linkParameters = (url: string) => new URLSearchParams(url.slice(url.indexOf('?', url.indexOf('#')) + 1))

async function registered(vault: TestVault, email = `${randomUUID()}@example.com`): Promise<TestDevice> {
  await vault.register(email)
  const device = await vault.login(email)
  assert.match((await nextLetter(vault)).name, /^welcome/)
  vault.takeTold()
  return device
}

test('where addresses are verified, the first step of a registration sends its proof by mail', async () => {
  await using vault = await startWithMail({ signupsVerify: true })
  const first = await post(vault, '/identity/accounts/register/send-verification-email', {
    email: 'Alice@Example.com',
    name: 'Alice',
  })
  assert.deepEqual(first, { status: 204, json: undefined })
  const { to, name, data } = await nextLetter(vault)
  assert.deepEqual([to, name, data.email], ['alice@example.com', 'register_verify_email', 'alice@example.com'])
  assert.match(data.url, /^https:\/\/localhost\/#\/finish-signup\/\?email=alice%40example\.com&token=/)
  const emailVerificationToken = linkParameters(data.url).get('token')
  const body = finishBody('alice@example.com', { emailVerificationToken })
  assert.equal((await post(vault, '/identity/accounts/register/finish', body)).status, 200)
  const user = await vault.store.users.findByEmail('alice@example.com')
  assert.deepEqual([user?.name, user?.verifiedAt !== null], ['Alice', true])
  assert.equal((await nextLetter(vault)).name, 'welcome')
})

test('the first step answers the same for somebody who has an account, and sends nothing', async () => {
  await using vault = await startWithMail({ signupsVerify: true })
  await post(vault, '/identity/accounts/register', finishBody('taken@example.com', { key: '2.key' }))
  assert.equal((await nextLetter(vault)).name, 'welcome_must_verify')
  const answer = await post(vault, '/identity/accounts/register/send-verification-email', {
    email: 'taken@example.com',
  })
  assert.deepEqual(answer, { status: 204, json: undefined })
  await noMoreLetters(vault)
})

test('with mail, an address that may not sign up is refused in the first step even if it is invited', async () => {
  for (const sendsMail of [true, false]) {
    await using vault = await startVault({ sendsMail, signupsAllowed: false })
    await vault.sql(`INSERT INTO invitations VALUES ('guest@example.com')`)
    const { status } = await post(vault, '/identity/accounts/register/send-verification-email', {
      email: 'guest@example.com',
    })
    assert.equal(status, sendsMail ? 400 : 200)
  }
})

test('an invitation that was mailed lets its own address register, once, and proves it', async () => {
  await using vault = await startWithMail({ signupsAllowed: false, signupsVerify: true })
  const [id, memberId] = [randomUUID(), randomUUID()]
  await vault.store.users.insert(
    aUser({ id, email: 'guest@example.com', passwordHash: Buffer.alloc(0), key: '', verifiedAt: null }),
  )
  const claims = { sub: id, email: 'guest@example.com', org_id: randomUUID(), member_id: memberId }
  const orgInviteToken = await vault.context.tickets.issue('invite', claims)
  const finish = (email: string, fields: Json) =>
    post(vault, '/identity/accounts/register/finish', finishBody(email, fields))
  const proof = { orgInviteToken, organizationUserId: memberId }
  for (const [email, wrong] of [
    ['other@example.com', proof],
    ['guest@example.com', { ...proof, organizationUserId: randomUUID() }],
    ['guest@example.com', { ...proof, orgInviteToken: `${orgInviteToken}x` }],
    ['guest@example.com', { orgInviteToken }],
    ['guest@example.com', { ...proof, emailVerificationToken: 'x' }],
    ['guest@example.com', { acceptEmergencyAccessId: randomUUID(), acceptEmergencyAccessInviteToken: 'x' }],
  ] as const) {
    assert.equal((await finish(email, wrong)).status, 400)
  }
  assert.equal((await finish('guest@example.com', { token: orgInviteToken, organizationUserId: memberId })).status, 200)
  const user = await vault.store.users.findByEmail('guest@example.com')
  assert.deepEqual([user?.id, user?.verifiedAt !== null], [id, true])
  assert.equal((await nextLetter(vault)).name, 'welcome')
  assert.equal((await finish('guest@example.com', proof)).status, 400)
})

/** As clients of old do it, so that no mail has to be answered first. */
async function registerInOneStep(vault: TestVault, email: string) {
  const masterKey = await deriveMasterKey(PASSWORD, email, FAST_KDF)
  const { protectedUserKey, publicKey, protectedPrivateKey } = await makeKeys(masterKey)
  const body = {
    email,
    masterPasswordHash: await deriveMasterPasswordHash(masterKey, PASSWORD),
    key: protectedUserKey,
    keys: { publicKey, encryptedPrivateKey: protectedPrivateKey },
    kdf: FAST_KDF.type,
    kdfIterations: FAST_KDF.iterations,
  }
  assert.equal((await post(vault, '/identity/accounts/register', body)).status, 200)
}

test('who has not proven the address is not let in, and is reminded as often as the settings have it', async () => {
  await using vault = await startWithMail({ signupsVerify: true, signupsVerifyResend: { seconds: 3600, limit: 2 } })
  await registerInOneStep(vault, 'alice@example.com')
  const welcome = await nextLetter(vault)
  assert.deepEqual([welcome.to, welcome.name], ['alice@example.com', 'welcome_must_verify'])
  const refused = () =>
    assert.rejects(vault.login('alice@example.com'), /Please verify your email before trying again\./)
  await refused()
  for (let reminder = 0; reminder < 2; reminder++) {
    vault.advance(3_601_000)
    await Promise.all([refused(), refused()])
    const { to, name, data } = await nextLetter(vault)
    assert.deepEqual([to, name, data.email], ['alice@example.com', 'verify_email', 'alice%40example.com'])
  }
  vault.advance(3_601_000)
  await refused()

  const { user_id: userId, token } = welcome.data
  assert.equal((await post(vault, '/api/accounts/verify-email-token', { userId, token })).status, 200)
  const device = await vault.login('alice@example.com')
  assert.equal(decodeJwt(device.accessToken).email_verified, true)
  const user = await vault.store.users.find(userId)
  assert.deepEqual([user?.lastVerifyingAt, user?.loginVerifyCount], [null, 0])
  await noMoreLetters(vault)
})

test('a wrong password is told nothing of an address that is not proven, and sends no letter', async () => {
  await using vault = await startWithMail({ signupsVerify: true })
  await registerInOneStep(vault, 'alice@example.com')
  await nextLetter(vault)
  vault.advance(3_601_000)
  await assert.rejects(
    vault.login('alice@example.com', { password: 'wrong' }),
    /Username or password is incorrect\. Try again/,
  )
  await noMoreLetters(vault)
})

test('with mail an address counts as proven when it was proven, without mail always', async () => {
  for (const sendsMail of [true, false]) {
    await using vault = await startVault({ sendsMail })
    await vault.register('alice@example.com')
    const device = await vault.login('alice@example.com')
    const isProven = async (accessToken: string) => [
      (await device.get('/api/accounts/profile')).json.emailVerified,
      (await device.get('/api/sync')).json.profile.emailVerified,
      decodeJwt(accessToken).email_verified,
    ]
    assert.deepEqual(await isProven(device.accessToken), Array(3).fill(!sendsMail))
    const { status, json } = await device.post('/api/accounts/verify-email')
    if (!sendsMail) {
      assert.deepEqual([status, json.message], [400, 'Cannot verify email address'])
      continue
    }
    const letter = await until(() => vault.letters.find(({ name }) => name === 'verify_email'), 'the letter')
    const link = { userId: device.userId, token: letter.data.token }
    assert.equal((await post(vault, '/api/accounts/verify-email-token', link)).status, 200)
    assert.deepEqual(await isProven((await vault.login('alice@example.com')).accessToken), Array(3).fill(true))
  }
})

test('a link that proves an address is for that user and that address, for as long as the settings say', async () => {
  await using vault = await startWithMail()
  const [alice, bob] = [await registered(vault), await registered(vault)]
  await alice.post('/api/accounts/verify-email')
  const { token } = (await nextLetter(vault)).data
  const proveBy = async (body: Json) => {
    const { status, json } = await post(vault, '/api/accounts/verify-email-token', body)
    return status === 200 ? 'proven' : json?.message
  }
  const deletion = await vault.context.tickets.issue('delete', { sub: alice.userId })
  assert.equal(await proveBy({ userId: bob.userId, token }), 'Invalid claim')
  assert.equal(await proveBy({ userId: randomUUID(), token }), 'Invalid claim')
  assert.equal(await proveBy({ userId: alice.userId, token: deletion }), 'Invalid claim')
  assert.equal(await proveBy({ userId: alice.userId, token: alice.accessToken }), 'Invalid claim')
  vault.advance(121 * 3_600_000)
  assert.equal(await proveBy({ userId: alice.userId, token }), 'Invalid claim')
  // Vaultwarden's say nothing of the address.
  const { tickets, store } = vault.context
  const foreign = await tickets.issue('verifyemail', { sub: alice.userId })
  assert.equal(await proveBy({ userId: alice.userId, token: foreign }), 'proven')

  const before = await tickets.issue('verifyemail', { sub: bob.userId, email: bob.email })
  await store.users.update({ ...(await store.users.find(bob.userId))!, email: 'moved@example.com' })
  assert.equal(await proveBy({ userId: bob.userId, token: before }), 'Invalid claim')
  assert.equal((await store.users.find(bob.userId))?.verifiedAt, null)
})

test('a change of address goes by a code at the new one, ends all sessions and proves the address', async () => {
  await using vault = await startWithMail()
  const alice = await registered(vault)
  const masterPasswordHash = alice.passwordHash
  const newEmail = ' New@Example.com'
  assert.equal((await alice.post('/api/accounts/email-token', { masterPasswordHash, newEmail })).status, 200)
  const { to, name, data } = await nextLetter(vault)
  assert.deepEqual([to, name], ['new@example.com', 'change_email'])
  assert.match(data.token, /^\d{6}$/)
  const change = (fields: Json = {}) =>
    alice.post('/api/accounts/email', {
      masterPasswordHash,
      newEmail,
      newMasterPasswordHash: NEW_HASH,
      key: '2.newKey',
      token: data.token,
      ...fields,
    })
  const wrongCode = data.token === '000000' ? '000001' : '000000'
  for (const [fields, message] of [
    [{ masterPasswordHash: NEW_HASH }, 'Invalid password'],
    [{ newEmail: 'another@example.com' }, 'Email change mismatch'],
    [{ token: wrongCode }, 'Token mismatch'],
    [{ newEmail: 'nobody' }, 'email must be an e-mail address at a domain'],
  ] as const) {
    assert.equal((await change(fields)).json.message, message)
  }
  assert.deepEqual(vault.takeTold(), [])
  // Clients may send the code as a number, which has lost zeros at its beginning.
  assert.equal((await change(data.token.startsWith('0') ? {} : { token: Number(data.token) })).status, 200)
  assert.deepEqual(
    vault.takeTold().map(({ event, id, contextId }) => [event, id, contextId]),
    [['LogOut', alice.userId, null]],
  )
  assert.equal((await alice.get('/api/accounts/profile')).status, 401)
  const user = (await vault.store.users.find(alice.userId))!
  assert.deepEqual(
    [user.email, user.key, user.newEmail, user.newEmailToken],
    ['new@example.com', '2.newKey', null, null],
  )
  assert.notEqual(user.verifiedAt, null)
  assert.equal(await vault.store.users.findByEmail(alice.email), undefined)
})

test('an address that somebody has is not taken, and its owner hears of it', async () => {
  await using vault = await startWithMail()
  const [alice, bob] = [await registered(vault), await registered(vault)]
  await vault.store.users.insert(
    aUser({ id: randomUUID(), email: 'guest@example.com', passwordHash: Buffer.alloc(0), key: '' }),
  )
  const ask = async (newEmail: string) => {
    const { passwordHash: masterPasswordHash } = alice
    const { status, json } = await alice.post('/api/accounts/email-token', { masterPasswordHash, newEmail })
    return [status, json?.message]
  }
  for (const [email, letter] of [
    [bob.email.toUpperCase(), 'change_email_existing'],
    ['guest@example.com', 'change_email_invited'],
  ] as const) {
    assert.deepEqual(await ask(email), [400, 'Email already in use'])
    const { to, name, data } = await nextLetter(vault)
    assert.deepEqual([to, name], [email.toLowerCase(), letter])
    assert.deepEqual(data, { existing_address: email.toLowerCase(), acting_address: alice.email })
  }
  assert.deepEqual(await ask(alice.email), [400, 'Email already in use'])
  // Taken by somebody between the two steps.
  assert.deepEqual(await ask('new@example.com'), [200, undefined])
  const { token } = (await nextLetter(vault)).data
  await vault.register('new@example.com')
  const { json } = await alice.post('/api/accounts/email', {
    masterPasswordHash: alice.passwordHash,
    newEmail: 'new@example.com',
    newMasterPasswordHash: NEW_HASH,
    key: '2.newKey',
    token,
  })
  assert.equal(json.message, 'Email already in use')
})

test('two accounts that change to one address at once: one of them gets it', async () => {
  await using vault = await startWithMail()
  const devices = [await registered(vault), await registered(vault)]
  const tokens: string[] = []
  for (const device of devices) {
    const body = { masterPasswordHash: device.passwordHash, newEmail: 'new@example.com' }
    assert.equal((await device.post('/api/accounts/email-token', body)).status, 200)
    tokens.push((await nextLetter(vault)).data.token)
  }
  const answers = await Promise.all(
    devices.map((device, index) =>
      device.post('/api/accounts/email', {
        masterPasswordHash: device.passwordHash,
        newEmail: 'new@example.com',
        newMasterPasswordHash: NEW_HASH,
        key: '2.newKey',
        token: tokens[index],
      }),
    ),
  )
  assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 400])
})

test('the code of a change of address cannot be guessed by trying', async () => {
  await using vault = await startWithMail()
  const alice = await registered(vault)
  const body = { masterPasswordHash: alice.passwordHash, newEmail: 'new@example.com' }
  await alice.post('/api/accounts/email-token', body)
  const { token } = (await nextLetter(vault)).data
  const change = (code: string) =>
    alice.post('/api/accounts/email', { ...body, newMasterPasswordHash: NEW_HASH, key: '2.k', token: code })
  const statuses = []
  for (let guess = 0; guess < 6; guess++) statuses.push((await change(`guess ${guess}`)).status)
  assert.deepEqual(statuses, [400, 400, 400, 400, 400, 429])
  assert.equal((await change(token)).status, 429)
  vault.advance(300_000)
  assert.equal((await change(token)).status, 200)
})

test('without mail an address is changed without a code, and counts as unproven once there is mail', async () => {
  await using vault = await startVault()
  await vault.register('alice@example.com')
  const alice = await vault.login('alice@example.com')
  const body = { masterPasswordHash: alice.passwordHash, newEmail: 'new@example.com' }
  const change = { ...body, newMasterPasswordHash: NEW_HASH, key: '2.newKey', token: '' }
  assert.equal((await alice.post('/api/accounts/email', change)).json.message, 'No email change pending')
  assert.equal((await alice.post('/api/accounts/email-token', body)).status, 200)
  assert.equal((await alice.post('/api/accounts/email', change)).status, 200)
  const user = await vault.store.users.find(alice.userId)
  assert.deepEqual([user?.email, user?.verifiedAt], ['new@example.com', null])
})

test('addresses are changed only where that is allowed, and only to domains that may sign up', async () => {
  for (const [settings, message] of [
    [{ emailChangeAllowed: false }, 'Email change is not allowed.'],
    [{ signupsDomainsWhitelist: ['example.com'] }, 'Email domain not allowed'],
  ] as const) {
    await using vault = await startVault(settings)
    await vault.register('alice@example.com')
    const alice = await vault.login('alice@example.com')
    const body = { masterPasswordHash: alice.passwordHash, newEmail: 'new@example.org' }
    assert.equal((await alice.post('/api/accounts/email-token', body)).json.message, message)
  }
})

test('a letter that cannot be sent is said so, and its reason is in the log alone', async () => {
  await using vault = await startWithMail()
  const alice = await registered(vault)
  vault.context.mailer!.send = async () => {
    throw new Error('550 go away')
  }
  const body = { masterPasswordHash: alice.passwordHash, newEmail: 'new@example.com' }
  const { status, json } = await alice.post('/api/accounts/email-token', body)
  assert.deepEqual(
    [status, json.message],
    [500, 'The email could not be sent. Try again later, or ask your administrator.'],
  )
  assert.ok(vault.logged.some(({ level, fields }) => level === 'error' && fields.error === '550 go away'))
})

test('an account is deleted by the link that its owner asked for', async () => {
  await using vault = await startWithMail()
  const [alice, bob] = [await registered(vault), await registered(vault)]
  const ask = (email: string) => post(vault, '/api/accounts/delete-recover', { email })
  assert.deepEqual(await ask(alice.email.toUpperCase()), { status: 200, json: undefined })
  const { to, name, data } = await nextLetter(vault)
  assert.deepEqual([to, name, data.email], [alice.email, 'delete_account', encodeURIComponent(alice.email)])
  const confirm = async (userId: string, token: string) => {
    const { status, json } = await post(vault, '/api/accounts/delete-recover-token', { userId, token })
    return status === 200 ? 'deleted' : json?.message
  }
  const verification = await vault.context.tickets.issue('verifyemail', { sub: alice.userId })
  assert.equal(await confirm(bob.userId, data.token), 'Invalid claim')
  assert.equal(await confirm(alice.userId, verification), 'Invalid claim')
  assert.deepEqual(vault.takeTold(), [])
  assert.equal(await confirm(data.user_id, data.token), 'deleted')
  assert.deepEqual(
    vault.takeTold().map(({ event, id }) => [event, id]),
    [['LogOut', alice.userId]],
  )
  assert.equal((await alice.get('/api/accounts/profile')).status, 401)
  assert.equal(await confirm(data.user_id, data.token), 'Invalid claim')
  assert.equal((await bob.get('/api/accounts/profile')).status, 200)
})

test('without mail nobody deletes an account by a link', async () => {
  await using vault = await startVault()
  const { status, json } = await post(vault, '/api/accounts/delete-recover', { email: 'alice@example.com' })
  assert.deepEqual([status, json?.message], [400, 'Please contact the administrator to delete your account'])
})

test('a password hint goes to its owner by mail, and who asks learns nothing', async () => {
  await using vault = await startWithMail()
  const [alice, bob] = [await registered(vault), await registered(vault)]
  const user = (await vault.store.users.find(alice.userId))!
  await vault.store.users.update({ ...user, passwordHint: 'the usual' })
  const ask = (email: string) => post(vault, '/api/accounts/password-hint', { email })
  const answers = [await ask(alice.email), await ask(bob.email), await ask('nobody@example.com')]
  assert.deepEqual(answers, Array(3).fill({ status: 200, json: undefined }))
  const letters = [await nextLetter(vault), await nextLetter(vault)]
  assert.deepEqual(
    new Map(letters.map(({ to, name, data }) => [to, [name, data]])),
    new Map<string, unknown>([
      [alice.email, ['pw_hint_some', { hint: 'the usual' }]],
      [bob.email, ['pw_hint_none', {}]],
    ]),
  )
})

test('asked for a hint or for a deletion, the server answers before it looks whether there is such an account', async () => {
  await using vault = await startWithMail()
  let asked = 0
  const look = Promise.withResolvers<undefined>()
  const { findByEmail } = vault.store.users
  vault.store.users.findByEmail = () => {
    asked++
    return look.promise
  }
  for (const path of ['password-hint', 'delete-recover']) {
    assert.equal((await post(vault, `/api/accounts/${path}`, { email: 'alice@example.com' })).status, 200)
  }
  await until(() => asked === 2, 'both looks')
  vault.store.users.findByEmail = findByEmail
  look.resolve(undefined)
})

test('without mail a hint is shown only where the operator wants it so', async () => {
  const ask = (vault: TestVault, email: string) => post(vault, '/api/accounts/password-hint', { email })
  for (const settings of [{}, { passwordHintsAllowed: false, showsPasswordHint: true }]) {
    await using vault = await startVault(settings)
    const { status, json } = await ask(vault, 'alice@example.com')
    assert.deepEqual([status, json?.message], [400, 'This server is not configured to provide password hints.'])
  }
  await using vault = await startVault({ showsPasswordHint: true })
  const body = finishBody('alice@example.com', { masterPasswordHint: ' the usual ' })
  await post(vault, '/identity/accounts/register', body)
  await vault.register('bob@example.com')
  const hints = ['ALICE@example.com', 'bob@example.com', 'nobody@example.com'].map(async (email) => ask(vault, email))
  assert.deepEqual(
    (await Promise.all(hints)).map(({ status, json }) => [status, json?.message]),
    [
      [400, 'Your password hint is: the usual'],
      [400, 'Sorry, you have no password hint...'],
      [400, 'Sorry, you have no password hint...'],
    ],
  )
})

test('where hints are not allowed none is stored', async () => {
  await using vault = await startVault({ passwordHintsAllowed: false })
  const register = (masterPasswordHint: string) =>
    post(vault, '/identity/accounts/register', finishBody('a@example.com', { masterPasswordHint }))
  const { status, json } = await register('the usual')
  assert.deepEqual([status, Object.keys(json?.validationErrors)], [400, ['masterPasswordHint']])
  assert.equal((await register('  ')).status, 200)
  await vault.register('alice@example.com')
  const alice = await vault.login('alice@example.com')
  const change = (masterPasswordHint: string | null) =>
    alice.post('/api/accounts/password', {
      masterPasswordHash: alice.passwordHash,
      newMasterPasswordHash: NEW_HASH,
      key: '2.k',
      masterPasswordHint,
    })
  assert.equal((await change('the usual')).status, 400)
  assert.equal((await change(null)).status, 200)
})

test('a code by mail stands in for the password, once', async () => {
  await using vault = await startWithMail()
  const alice = await registered(vault)
  assert.equal((await alice.post('/api/accounts/request-otp')).status, 200)
  const { to, name, data } = await nextLetter(vault)
  assert.deepEqual([to, name], [alice.email, 'protected_action'])
  assert.match(data.token, /^\d{6}$/)
  const key = (body: Json) => alice.post('/api/accounts/api-key', body)
  assert.equal(
    (await key({ otp: data.token, masterPasswordHash: alice.passwordHash })).json.message,
    'No validation provided',
  )
  assert.equal((await key({ otp: data.token })).status, 200)
  assert.match((await key({ otp: data.token })).json.message, /token not found/)
})

test('of two requests with one code at once one is let through', async () => {
  await using vault = await startWithMail()
  const alice = await registered(vault)
  await alice.post('/api/accounts/request-otp')
  const otp = (await nextLetter(vault)).data.token
  const answers = await Promise.all([1, 2, 3].map(() => alice.post('/api/accounts/verify-otp', { OTP: otp })))
  assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 400, 400])
})

test('a code may be tried three times and for ten minutes, and is another not before 30 seconds', async () => {
  await using vault = await startWithMail()
  const alice = await registered(vault)
  const request = () => alice.post('/api/accounts/request-otp')
  const verify = async (otp: string) => (await alice.post('/api/accounts/verify-otp', { otp })).json?.message ?? 'right'
  await request()
  const first = (await nextLetter(vault)).data.token
  assert.match((await request()).json.message, /^Please wait (29|30) seconds before requesting another code\.$/)
  const tries = await Promise.all([1, 2, 3].map(() => verify('wrong')))
  assert.deepEqual(tries, Array(3).fill('Token is invalid'))
  assert.equal(await verify(first), 'Token has expired')

  vault.advance(31_000)
  assert.equal((await request()).status, 200)
  const second = (await nextLetter(vault)).data.token
  vault.advance(601_000)
  assert.equal(await verify(second), 'Token has expired')
  assert.match(await verify(second), /token not found/)
})

test('the code of one user is nothing to another, and no code is of use without mail', async () => {
  await using vault = await startWithMail()
  const [alice, bob] = [await registered(vault), await registered(vault)]
  await alice.post('/api/accounts/request-otp')
  const otp = (await nextLetter(vault)).data.token
  assert.equal((await bob.post('/api/accounts/verify-otp', { otp })).status, 400)
  assert.equal((await alice.post('/api/accounts/verify-otp', { otp })).status, 200)
  await using silent = await startVault()
  await silent.register('alice@example.com')
  const device = await silent.login('alice@example.com')
  for (const path of ['request-otp', 'verify-otp']) {
    assert.match((await device.post(`/api/accounts/${path}`, { otp })).json.message, /^Email is disabled/)
  }
})

test('codes are kept as Vaultwarden keeps them, and its own are taken', async () => {
  await using vault = await startWithMail()
  const alice = await registered(vault)
  await alice.post('/api/accounts/request-otp')
  const otp = (await nextLetter(vault)).data.token
  const row = (await vault.store.twoFactors.find(alice.userId, 2000))!
  const stored = JSON.parse(row.data)
  assert.deepEqual(Object.keys(stored).sort(), ['attempts', 'token', 'token_sent'])
  assert.deepEqual([row.enabled, stored.token, stored.attempts], [true, otp, 0])
  assert.ok(Math.abs(stored.token_sent - Date.now() / 1000) < 60)
  // It is no second factor.
  assert.equal((await alice.get('/api/accounts/profile')).json.twoFactorEnabled, false)
  const data = JSON.stringify({ token: '424242', token_sent: stored.token_sent, attempts: 1 })
  await vault.store.twoFactors.put({ ...row, data })
  assert.equal((await alice.post('/api/accounts/verify-otp', { OTP: '424242' })).status, 200)
})

test('an account is deleted by a code, too', async () => {
  await using vault = await startWithMail()
  const alice = await registered(vault)
  await alice.post('/api/accounts/request-otp')
  const otp = (await nextLetter(vault)).data.token
  assert.equal((await alice.delete('/api/accounts', { otp: 'wrong' })).status, 400)
  assert.equal((await alice.delete('/api/accounts', { otp })).status, 200)
  assert.equal(await vault.store.users.find(alice.userId), undefined)
})

test('how many letters a user sends, and how often strangers ask, is limited', async () => {
  await using vault = await startWithMail({ unauthenticatedRateLimit: { seconds: 60, maxBurst: 3 } })
  const alice = await registered(vault)
  const statuses = []
  for (let letter = 0; letter < 11; letter++) statuses.push((await alice.post('/api/accounts/verify-email')).status)
  assert.deepEqual(statuses, [...Array(10).fill(200), 429])
  for (const path of ['password-hint', 'delete-recover', 'delete-recover-token', 'verify-email-token']) {
    vault.comeFrom(`198.51.100.${path.length}`)
    const body = { email: 'a@example.com', userId: 'x', token: 'x' }
    const answers = []
    for (let request = 0; request < 4; request++)
      answers.push((await post(vault, `/api/accounts/${path}`, body)).status)
    assert.equal(answers.at(-1), 429, path)
    assert.ok(!answers.slice(0, -1).includes(429), path)
  }
})

test('one address gets few of the letters that anybody may ask for, from however many addresses they ask', async () => {
  await using vault = await startWithMail({ signupsVerify: true, signupsAllowed: true })
  const owner = aUser({ email: 'alice@example.com' })
  await vault.store.users.insert(owner)
  const ask = async (path: string, email: string) => {
    const { status } = await post(vault, path, { email })
    assert.ok(status === 200 || status === 204, String(status))
  }
  for (let i = 0; i < 8; i++) {
    vault.comeFrom(`192.0.2.${i}`)
    await ask(i % 2 === 0 ? '/api/accounts/password-hint' : '/api/accounts/delete-recover', 'Alice@example.com')
    await ask('/identity/accounts/register/send-verification-email', 'bob@example.com')
  }
  await vault.app.close()
  const sentTo = (email: string) => vault.letters.filter(({ to }) => to === email).length
  assert.deepEqual([sentTo('alice@example.com'), sentTo('bob@example.com')], [5, 5])
})

test('no code, link or hint gets into the log', async () => {
  await using vault = await startWithMail({ signupsVerify: true })
  await post(vault, '/identity/accounts/register/send-verification-email', { email: 'alice@example.com' })
  const { url } = (await nextLetter(vault)).data
  const emailVerificationToken = linkParameters(url).get('token')!
  await post(vault, '/identity/accounts/register/finish', finishBody('alice@example.com', { emailVerificationToken }))
  await nextLetter(vault)
  await post(vault, '/api/accounts/delete-recover', { email: 'alice@example.com' })
  const { token, user_id: userId } = (await nextLetter(vault)).data
  await post(vault, '/api/accounts/delete-recover-token', { userId, token })
  const log = JSON.stringify(vault.logged)
  for (const secret of [emailVerificationToken, token]) assert.ok(!log.includes(secret))
  assert.ok(vault.logged.some(({ event }) => event === 'account deleted'))
})
