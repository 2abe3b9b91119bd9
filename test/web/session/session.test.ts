import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import v8 from 'node:v8'
import vm from 'node:vm'
import { getProfile } from '../../../web/src/api/account.ts'
import { Refused, Unauthorized, Unreachable } from '../../../web/src/api/errors.ts'
import { deriveMasterKey } from '../../../web/src/crypto/kdf.ts'
import {
  changeKdf,
  changePassword,
  masterSecretsOf,
  openUserKey,
  WrongPasswordError,
} from '../../../web/src/model/account-keys.ts'
import { login, PASSWORD, register, type TestDevice } from '../../helpers/account.ts'
import { startTestServer, type TestServer } from '../../helpers/server.ts'
import { Browser, type Tab } from './browser.ts'

let server: TestServer
before(async () => {
  server = await startTestServer({ vault: {} })
})
after(() => server.close())

async function newAccount(): Promise<string> {
  const email = `${randomUUID()}@example.com`
  await register({ server: server.webUrl, email })
  return email
}

async function logIn({ session }: Pick<Tab, 'session'>, email: string) {
  assert.deepEqual(await session.logIn({ email, password: PASSWORD }), { kind: 'done' })
  return unlocked(session.state.value)
}

function unlocked(state: Tab['session']['state']['value']) {
  assert.ok(state.kind === 'unlocked', `it is ${state.kind}`)
  return state
}

/** Another device's own view of the account, to change it there. */
async function elsewhere(email: string) {
  const device = await login({ server: server.webUrl, email })
  const current = { password: PASSWORD, salt: email, kdf: { type: 'PBKDF2', iterations: 100_000 } } as const
  return { device, change: { current, userKey: await openUserKey(await masterSecretsOf(current), device.token.Key) } }
}

async function ok(reply: ReturnType<TestDevice['post']>): Promise<void> {
  const { status, json } = await reply
  assert.equal(status, 200, JSON.stringify(json))
}

test('whoever logs in has the user key; after a reload the password opens it again, without the server', async () => {
  using browser = new Browser(server.webUrl)
  const email = await newAccount()
  let tab = browser.open()
  assert.deepEqual(tab.session.state.value, { kind: 'signed-out' })
  const { userKey, userId } = await logIn(tab, ` ${email.toUpperCase()} `)
  const other = await login({ server: server.webUrl, email })
  assert.equal(await userKey.decryptText(other.encrypt('text')), 'text')
  tab[Symbol.dispose]()

  tab = browser.open()
  assert.deepEqual(tab.session.state.value, { kind: 'locked', email, userId })
  const { fetch } = browser
  browser.fetch = () => Promise.reject(new TypeError('offline'))
  await assert.rejects(tab.session.unlock('wrong'), WrongPasswordError)
  assert.equal(tab.session.state.value.kind, 'locked')
  await tab.session.unlock(PASSWORD)
  assert.deepEqual(unlocked(tab.session.state.value).userKey.bytes, userKey.bytes)
  await assert.rejects(getProfile(tab.api), Unreachable)
  browser.fetch = fetch
  assert.equal((await getProfile(tab.api)).email, email)
})

test('a wrong password logs nobody in, and neither does an address that nobody has', async () => {
  using browser = new Browser(server.webUrl)
  const { session } = browser.open()
  const email = await newAccount()
  for (const credentials of [
    { email, password: 'wrong' },
    { email: `${randomUUID()}@example.com`, password: PASSWORD },
  ]) {
    await assert.rejects(session.logIn(credentials), (error) => error instanceof Refused && error.status === 400)
  }
  assert.deepEqual(session.state.value, { kind: 'signed-out' })
  assert.deepEqual(
    [...browser.stored.keys()].map((name) => name.split(':').at(-1)),
    ['device'],
  )
})

test('nothing that is kept in the browser opens the vault, or proves the password', async () => {
  using browser = new Browser(server.webUrl)
  const email = await newAccount()
  const tab = browser.open()
  const { userKey } = await logIn(tab, email)
  assert.ok(await tab.session.verifyPassword(PASSWORD))
  await getProfile(tab.api)
  tab.session.lock()
  await tab.session.unlock(PASSWORD)

  const { salt, kdf } = tab.session.credentials('')
  const masterKey = await deriveMasterKey(PASSWORD, salt, kdf)
  const { hash, key: stretched } = await masterSecretsOf({ password: PASSWORD, salt, kdf })
  const privateKey = await userKey.decryptBytes(String((await getProfile(tab.api)).privateKey))
  const { accessToken, refreshToken } = tab.api.tokens.value!
  const kept = [...browser.stored].flat().join('\n')
  assert.ok(kept.includes(email) && kept.includes(refreshToken!), 'the dump has what is to be in it')
  const half = (bytes: Uint8Array, from: number) => bytes.slice(from, from + 32)
  const secrets = {
    password: Buffer.from(PASSWORD),
    'master key': masterKey,
    hash: Buffer.from(hash, 'base64'),
    'hash as text': Buffer.from(hash),
    'stretched key': stretched.bytes,
    'its first half': half(stretched.bytes, 0),
    'its second half': half(stretched.bytes, 32),
    'user key': userKey.bytes,
    'first half of the user key': half(userKey.bytes, 0),
    'second half of the user key': half(userKey.bytes, 32),
    'private key': privateKey,
    'access token': Buffer.from(accessToken),
  }
  for (const [name, secret] of Object.entries(secrets)) {
    const bytes = Buffer.from(secret)
    const forms = [
      ...(['utf8', 'latin1', 'hex', 'base64', 'base64url'] as const).map((encoding) => bytes.toString(encoding)),
      // The bytes may lie anywhere in what is encoded: base64 looks different at each of three places.
      ...[1, 2].map((offset) =>
        bytes.subarray(offset, offset + 3 * Math.floor((bytes.length - offset) / 3)).toString('base64'),
      ),
      bytes.toString('hex').toUpperCase(),
      [...bytes].join(','),
    ]
    for (const form of forms) assert.ok(!kept.includes(form), `the ${name} is kept`)
  }
  // What is kept of keys is what only the password opens.
  assert.deepEqual([...kept.matchAll(/2\.[\w+/=]+\|[\w+/=]+\|[\w+/=]+/g)].length, 1)
})

test('locking drops the key from whatever follows the session', async () => {
  using browser = new Browser(server.webUrl)
  const email = await newAccount()
  const { session } = browser.open()
  const { userId } = await logIn({ session }, email)
  const seen: unknown[] = []
  session.state.listen((state) => seen.push(state))
  session.lock()
  session.lock()
  assert.deepEqual(seen, [{ kind: 'locked', email, userId }])
  session.logOut()
  assert.deepEqual(session.state.value, { kind: 'signed-out', why: 'logged-out' })
  assert.throws(() => session.credentials(PASSWORD))
  await assert.rejects(session.unlock(PASSWORD))
})

test('of a vault that was locked no key is left in memory', async () => {
  v8.setFlagsFromString('--expose-gc')
  const collect: () => void = vm.runInNewContext('gc')
  using browser = new Browser(server.webUrl)
  const { session } = browser.open()
  const email = await newAccount()
  const opened = async (open: () => Promise<unknown>) => {
    await open()
    return new WeakRef(unlocked(session.state.value).userKey)
  }
  for (const open of [() => logIn({ session }, email), () => session.unlock(PASSWORD)]) {
    const key = await opened(open)
    assert.ok(await session.verifyPassword(PASSWORD))
    session.lock()
    // What is weakly held stays until the end of a turn.
    await new Promise((resolve) => setImmediate(resolve))
    collect()
    assert.equal(key.deref(), undefined)
  }
})

test('a password is verified without the server', async () => {
  using browser = new Browser(server.webUrl)
  const { session } = browser.open()
  await logIn({ session }, await newAccount())
  browser.fetch = () => Promise.reject(new TypeError('offline'))
  assert.equal(await session.verifyPassword(PASSWORD), true)
  assert.equal(await session.verifyPassword(`${PASSWORD} `), false)
})

test('who logs out while the vault is being unlocked stays logged out', async () => {
  using browser = new Browser(server.webUrl)
  const { session } = browser.open()
  await logIn({ session }, await newAccount())
  session.lock()
  const unlocking = session.unlock(PASSWORD)
  session.logOut()
  await unlocking
  assert.deepEqual(session.state.value, { kind: 'signed-out', why: 'logged-out' })
})

test('a password that was changed elsewhere ends a locked session: it asks for another login', async () => {
  using browser = new Browser(server.webUrl)
  const email = await newAccount()
  const { session } = browser.open()
  await logIn({ session }, email)
  session.lock()
  const { device, change } = await elsewhere(email)
  await ok(device.post('/api/accounts/password', await changePassword(change, 'another password')))
  await assert.rejects(session.unlock('another password'), Unauthorized)
  assert.deepEqual(session.state.value, { kind: 'signed-out', why: 'revoked' })
  assert.equal((await session.logIn({ email, password: 'another password' })).kind, 'done')
})

test('a key derivation that was changed elsewhere ends a locked session, whatever is typed', async () => {
  using browser = new Browser(server.webUrl)
  const email = await newAccount()
  const { api, session } = browser.open()
  await logIn({ session }, email)
  session.lock()
  const { device, change } = await elsewhere(email)
  await ok(device.post('/api/accounts/kdf', await changeKdf(change, { type: 'PBKDF2', iterations: 150_000 })))
  // What is kept still fits the password; there is nothing to be seen with it.
  await session.unlock(PASSWORD)
  assert.equal(session.state.value.kind, 'unlocked')
  await assert.rejects(getProfile(api), Unauthorized)
  assert.deepEqual(session.state.value, { kind: 'signed-out', why: 'revoked' })
  assert.equal((await session.logIn({ email, password: PASSWORD })).kind, 'done')
  assert.deepEqual(session.credentials('').kdf, { type: 'PBKDF2', iterations: 150_000 })
})

test('a password that is right by now opens a vault whose kept key is of an older one', async () => {
  using browser = new Browser(server.webUrl)
  const email = await newAccount()
  let tab = browser.open()
  const { userKey } = await logIn(tab, email)
  tab[Symbol.dispose]()
  const [name, text] = [...browser.stored].find(([name]) => name.endsWith(':account'))!
  const old = await masterSecretsOf({ password: 'older', salt: email, kdf: { type: 'PBKDF2', iterations: 110_000 } })
  const kdf = { kdfType: 0, iterations: 110_000, memory: null, parallelism: null }
  browser.stored.set(name, JSON.stringify({ ...JSON.parse(text), kdf, protectedUserKey: await old.key.wrap(userKey) }))
  tab = browser.open()
  await assert.rejects(tab.session.unlock('neither'), WrongPasswordError)
  await tab.session.unlock(PASSWORD)
  assert.deepEqual(unlocked(tab.session.state.value).userKey.bytes, userKey.bytes)
  tab.session.lock()
  browser.fetch = () => Promise.reject(new TypeError('offline'))
  await tab.session.unlock(PASSWORD)
})

test('a session that another device ended is over at the next question, locked or not', async () => {
  using browser = new Browser(server.webUrl)
  const email = await newAccount()
  const tab = browser.open()
  const device = await login({ server: server.webUrl, email })
  for (const isLocked of [true, false]) {
    await logIn(tab, email)
    if (isLocked) tab.session.lock()
    await ok(device.delete(`/api/devices/${tab.api.device.identifier}`))
    if (isLocked) await assert.rejects(tab.session.unlock('wrong'), Unauthorized)
    else await assert.rejects(getProfile(tab.api), Unauthorized)
    assert.deepEqual(tab.session.state.value, { kind: 'signed-out', why: 'revoked' })
    const again = browser.open()
    assert.deepEqual(again.session.state.value, { kind: 'signed-out' })
    again[Symbol.dispose]()
  }
})

test('what a sync says of password, derivation and address is kept', async () => {
  using browser = new Browser(server.webUrl)
  const email = await newAccount()
  const { session } = browser.open()
  const { userKey } = await logIn({ session }, email)
  const kdf = { type: 'PBKDF2', iterations: 120_000 } as const
  const secrets = await masterSecretsOf({ password: 'next', salt: 'next@example.com', kdf })
  const masterPasswordUnlock = {
    kdf: { kdfType: 0, iterations: 120_000, memory: null, parallelism: null },
    masterKeyWrappedUserKey: await secrets.key.wrap(userKey),
    salt: 'next@example.com',
  }
  session.adopt({ profile: { email: 'next@example.com' }, userDecryption: { masterPasswordUnlock } })
  assert.deepEqual(session.credentials('next'), { password: 'next', salt: 'next@example.com', kdf })
  assert.equal(unlocked(session.state.value).email, 'next@example.com')
  session.lock()
  await session.unlock('next')
  // What nobody should derive keys by, and what says nothing, change nothing.
  const weak = { ...masterPasswordUnlock, kdf: { ...masterPasswordUnlock.kdf, iterations: 1 } }
  for (const userDecryption of [{ masterPasswordUnlock: weak }, null, { masterPasswordUnlock: null }, 'rubbish']) {
    session.adopt({ profile: null, userDecryption })
    assert.deepEqual(session.credentials('').kdf, kdf)
  }
})
