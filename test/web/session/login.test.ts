import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Secret, TOTP } from 'otpauth'
import { Refused, Unreachable } from '../../../web/src/api/errors.ts'
import { wrapFor } from '../../../web/src/crypto/rsa.ts'
import { DecryptionError, SymmetricKey } from '../../../web/src/crypto/symmetric-key.ts'
import { KdfError } from '../../../web/src/model/kdf-wire.ts'
import { DeviceLoginEnded } from '../../../web/src/session/device-login.ts'
import type { LoginStep } from '../../../web/src/session/login.ts'
import { login, PASSWORD, registerAndLogin, type TestDevice } from '../../helpers/account.ts'
import { startTestServer, type TestServer } from '../../helpers/server.ts'
import { until } from '../../helpers/wait.ts'
import { startMailServer } from '../../vault/mail/mail-server.ts'
import { Browser } from './browser.ts'

let server: TestServer
let mail: Awaited<ReturnType<typeof startMailServer>>
before(async () => {
  mail = await startMailServer()
  server = await startTestServer({
    vault: { smtpHost: '127.0.0.1', smtpPort: mail.port, smtpSecurity: 'off', smtpFrom: 'vault@example.com' },
  })
})
after(async () => {
  await server.close()
  await mail[Symbol.asyncDispose]()
})

const keyOf = ({ userKey }: TestDevice) => new SymmetricKey(Uint8Array.from(Buffer.concat([userKey.enc, userKey.mac])))

/** Sets up an authenticator app, whose codes go on from one that was not used. */
async function setUpApp(device: TestDevice): Promise<() => string> {
  const masterPasswordHash = device.passwordHash
  const { key } = (await device.post('/api/two-factor/get-authenticator', { masterPasswordHash })).json
  const totp = new TOTP({ secret: Secret.fromBase32(key) })
  // The server takes the step before, of now and after, each once.
  let step = -1
  const code = () => totp.generate({ timestamp: Date.now() + 30_000 * step++ })
  const { status, json } = await device.put('/api/two-factor/authenticator', { masterPasswordHash, key, token: code() })
  assert.equal(status, 200, JSON.stringify(json))
  return code
}

function asked(step: LoginStep) {
  assert.ok(step.kind === 'two-factor', `it is ${step.kind}`)
  return step
}

test('a second factor is asked for, and a browser that is remembered brings it by itself', async () => {
  using browser = new Browser(server.webUrl)
  const device = await registerAndLogin({ server: server.webUrl })
  const code = await setUpApp(device)
  const { session } = browser.open()
  const credentials = { email: device.email, password: PASSWORD }
  const step = asked(await session.logIn(credentials))
  assert.deepEqual([...step.providers], [[0, null]])
  assert.equal(session.state.value.kind, 'signed-out')
  await assert.rejects(step.login.attempt({ twoFactor: { provider: 0, token: '000000' } }), Refused)
  const twoFactor = { provider: 0, token: code(), remember: true }
  assert.deepEqual(await step.login.attempt({ twoFactor }), { kind: 'done' })
  session.logOut()

  assert.deepEqual(await session.logIn(credentials), { kind: 'done' })
  session.logOut()
  // A device that the server has forgotten is asked once more.
  await device.delete(`/api/devices/${session.api.device.identifier}`)
  const again = asked(await session.logIn(credentials))
  assert.equal(session.remembered.twoFactorToken(device.email), undefined)
  assert.deepEqual(await again.login.attempt({ twoFactor: { provider: 0, token: code() } }), { kind: 'done' })
})

test('a code by mail is sent when it is asked for', async () => {
  using browser = new Browser(server.webUrl)
  const device = await registerAndLogin({ server: server.webUrl })
  const { passwordHash: masterPasswordHash, email } = device
  const codeIn = async (sent: number) => {
    const letters = () =>
      mail.delivered.filter(({ to, message }) => to[0] === email && /code/i.test(message.subject ?? ''))
    await until(() => letters().length > sent, 'a letter with a code')
    return /\b\d{6}\b/.exec(letters().at(-1)!.message.text!)![0]
  }
  assert.equal((await device.post('/api/two-factor/send-email', { masterPasswordHash, email })).status, 200)
  const setUp = { masterPasswordHash, email, token: await codeIn(0) }
  assert.equal((await device.put('/api/two-factor/email', setUp)).status, 200)

  const { session } = browser.open()
  const { login, providers } = asked(await session.logIn({ email, password: PASSWORD }))
  assert.match(String(providers.get(1)?.Email), /\*.*@example\.com/)
  await login.sendEmailCode()
  assert.deepEqual(await login.attempt({ twoFactor: { provider: 1, token: await codeIn(1) } }), { kind: 'done' })
})

test('the recovery code lets in, and removes the second factor', async () => {
  using browser = new Browser(server.webUrl)
  const device = await registerAndLogin({ server: server.webUrl })
  await setUpApp(device)
  const { passwordHash: masterPasswordHash, email } = device
  const { code } = (await device.post('/api/two-factor/get-recover', { masterPasswordHash })).json
  const { session } = browser.open()
  const { login } = asked(await session.logIn({ email, password: PASSWORD }))
  assert.deepEqual(await login.attempt({ twoFactor: { provider: 8, token: code } }), { kind: 'done' })
  session.logOut()
  assert.deepEqual(await session.logIn({ email, password: PASSWORD }), { kind: 'done' })
})

/** A browser that has logged in before, and asks now. */
async function askAgain(browser: Browser) {
  const device = await registerAndLogin({ server: server.webUrl })
  const { session } = browser.open()
  await session.logIn({ email: device.email, password: PASSWORD })
  session.logOut()
  const asking = await session.askOtherDevices(device.email)
  const pending = (await device.get('/api/auth-requests/pending')).json.data
  assert.equal(pending.length, 1)
  assert.equal(pending[0].publicKey, asking.publicKey)
  const answer = (requestApproved: boolean, key: string) =>
    device.put(`/api/auth-requests/${pending[0].id}`, { deviceIdentifier: device.deviceId, key, requestApproved })
  return { device, session, asking, answer }
}

/** Lets the browser's time go on whenever it waits. */
async function passTime<T>(browser: Browser, result: Promise<T>): Promise<T> {
  let isDone = false
  const done = () => {
    isDone = true
  }
  result.then(done, done)
  await until(() => {
    browser.clock.advance(1_000)
    return isDone
  }, 'the end of it')
  return result
}

test('another device lets a browser in, which has the user key without a password', async () => {
  using browser = new Browser(server.webUrl)
  const { device, session, asking, answer } = await askAgain(browser)
  const answered = asking.answered(new AbortController().signal)
  assert.equal((await answer(true, await wrapFor(asking.publicKey, keyOf(device)))).status, 200)
  assert.deepEqual(await passTime(browser, answered), { kind: 'done' })
  const state = session.state.value
  assert.ok(state.kind === 'unlocked')
  assert.deepEqual(state.userKey.bytes, keyOf(device).bytes)
  session.lock()
  await session.unlock(PASSWORD)
})

test('who is told of the answer need not wait until it is asked for', async () => {
  using browser = new Browser(server.webUrl)
  const { device, asking, answer } = await askAgain(browser)
  const { fetch } = browser
  const looked = Promise.withResolvers<void>()
  browser.fetch = async (input, init) => {
    const response = await fetch(input, init)
    looked.resolve()
    return response
  }
  const answered = asking.answered(new AbortController().signal)
  await looked.promise
  assert.equal((await answer(true, await wrapFor(asking.publicKey, keyOf(device)))).status, 200)
  // Time stands still, so that nobody asks by themselves.
  asking.look()
  assert.deepEqual(await answered, { kind: 'done' })
})

test('a login by another device asks for the second factor, too', async () => {
  using browser = new Browser(server.webUrl)
  const { device, asking, answer } = await askAgain(browser)
  const code = await setUpApp(device)
  assert.equal((await answer(true, await wrapFor(asking.publicKey, keyOf(device)))).status, 200)
  const { login } = asked(await asking.answered(new AbortController().signal))
  assert.deepEqual(await login.attempt({ twoFactor: { provider: 0, token: code() } }), { kind: 'done' })
})

test('who is denied, or answered by nobody, is told so after a while', async () => {
  using browser = new Browser(server.webUrl)
  const { asking, answer } = await askAgain(browser)
  assert.equal((await answer(false, '')).status, 200)
  await assert.rejects(asking.answered(new AbortController().signal), DeviceLoginEnded)

  using later = new Browser(server.webUrl)
  const unanswered = await askAgain(later)
  await assert.rejects(passTime(later, unanswered.asking.answered(new AbortController().signal)), DeviceLoginEnded)
})

test('who waits for another device may give up, and a network that fails does not end it', async () => {
  using browser = new Browser(server.webUrl)
  const { device, asking, answer } = await askAgain(browser)
  const { fetch } = browser
  let failures = 0
  browser.fetch = () => {
    if (++failures === 3) browser.fetch = fetch
    return Promise.reject(new TypeError('offline'))
  }
  const waiting = asking.answered(new AbortController().signal)
  assert.equal((await answer(true, await wrapFor(asking.publicKey, keyOf(device)))).status, 200)
  assert.deepEqual(await passTime(browser, waiting), { kind: 'done' })
  assert.equal(failures, 3)

  using other = new Browser(server.webUrl)
  const given = await askAgain(other)
  const controller = new AbortController()
  const up = given.asking.answered(controller.signal)
  controller.abort(new Error('given up'))
  await assert.rejects(up, /given up/)
  assert.equal(given.session.state.value.kind, 'signed-out')
})

test('a key that is not the account’s opens nothing', async () => {
  using browser = new Browser(server.webUrl)
  const { session, asking, answer } = await askAgain(browser)
  assert.equal((await answer(true, await wrapFor(asking.publicKey, SymmetricKey.random()))).status, 200)
  await assert.rejects(asking.answered(new AbortController().signal), DecryptionError)
  assert.equal(session.state.value.kind, 'signed-out')
  assert.equal(session.api.tokens.value, null)
})

test('a browser that has never logged in cannot ask', async () => {
  using browser = new Browser(server.webUrl)
  const device = await registerAndLogin({ server: server.webUrl })
  await assert.rejects(browser.open().session.askOtherDevices(device.email), Refused)
})

/** Lets the browser ask as it does, and answers in the server's place where there is an answer. */
function between(
  browser: Browser,
  answer: (path: string, body: URLSearchParams) => object | undefined,
): { readonly asked: readonly URLSearchParams[] } {
  const { fetch } = browser
  const asked: URLSearchParams[] = []
  browser.fetch = async (input, init) => {
    const { pathname } = new URL(String(input))
    const body = new URLSearchParams(String(init?.body))
    if (pathname.endsWith('/connect/token')) asked.push(body)
    const answered = answer(pathname, body)
    if (answered === undefined) return fetch(input, init)
    return Response.json(answered, { status: 'error' in answered ? 400 : 200 })
  }
  return { asked }
}

test('a server that verifies new devices gets the code that it has mailed', async () => {
  using browser = new Browser(server.webUrl)
  const { email } = await registerAndLogin({ server: server.webUrl })
  // As the official server asks; ours never does. Spec: vault §2.4.4
  const { asked } = between(browser, (path, body) =>
    path.endsWith('/connect/token') && body.get('newDeviceOtp') !== '123456'
      ? { error: 'device_error', ErrorModel: { Message: 'new device verification required', Object: 'error' } }
      : undefined,
  )
  const step = await browser.open().session.logIn({ email, password: PASSWORD })
  assert.ok(step.kind === 'new-device-code')
  assert.equal((await step.login.attempt({ newDeviceCode: '000000' })).kind, 'new-device-code')
  assert.deepEqual(await step.login.attempt({ newDeviceCode: '123456' }), { kind: 'done' })
  assert.equal(asked.length, 3)
})

test('a server that wants the password to be derived in haste gets nothing', async () => {
  using browser = new Browser(server.webUrl)
  const { email } = await registerAndLogin({ server: server.webUrl })
  const { asked } = between(browser, (path) =>
    path.endsWith('/prelogin/password')
      ? { kdfSettings: { kdfType: 0, iterations: 1, memory: null, parallelism: null }, salt: null }
      : undefined,
  )
  await assert.rejects(browser.open().session.logIn({ email, password: PASSWORD }), KdfError)
  assert.deepEqual(asked, [])
})

test('an account with Argon2id is opened, and unlocked', async () => {
  using browser = new Browser(server.webUrl)
  const kdf = { type: 1, iterations: 2, memory: 16, parallelism: 2 } as const
  const device = await registerAndLogin({ server: server.webUrl, kdf })
  const { session } = browser.open()
  await session.logIn({ email: device.email, password: PASSWORD })
  session.lock()
  await session.unlock(PASSWORD)
  const state = session.state.value
  assert.ok(state.kind === 'unlocked')
  assert.deepEqual(state.userKey.bytes, keyOf(device).bytes)
})

test('a server that cannot be reached logs nobody in, and says so', async () => {
  using browser = new Browser(server.webUrl)
  const { email } = await registerAndLogin({ server: server.webUrl })
  browser.fetch = () => Promise.reject(new TypeError('offline'))
  await assert.rejects(browser.open().session.logIn({ email, password: PASSWORD }), Unreachable)
  assert.equal((await login({ server: server.webUrl, email })).email, email)
})
