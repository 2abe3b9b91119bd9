/** The pages on which one signs in, in Chromium, with the keyboard. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import { Secret, TOTP } from 'otpauth'
import type { Browser, Page } from 'playwright-core'
import { DEFAULT_KDF } from '../../../web/src/crypto/kdf.ts'
import { wrapFor } from '../../../web/src/crypto/rsa.ts'
import { SymmetricKey } from '../../../web/src/crypto/symmetric-key.ts'
import { fingerprintPhrase } from '../../../web/src/generator/fingerprint-phrase.ts'
import { masterSecretsOf } from '../../../web/src/model/account-keys.ts'
import { type Json, login, PASSWORD, registerAndLogin, type TestDevice } from '../../helpers/account.ts'
import { freePort } from '../../helpers/processes.ts'
import { startSecureValidationServer } from '../../helpers/secure-validation-server.ts'
import { startTestServer, type TestServer } from '../../helpers/server.ts'
import { CLIENT } from '../../helpers/validation-server.ts'
import { until } from '../../helpers/wait.ts'
import { startMailServer } from '../../vault/mail/mail-server.ts'
import { launchChromium, skipWithoutChromium } from '../chromium.ts'
import { axeFindings } from './axe.ts'

const options = { skip: skipWithoutChromium }
const DEADLINE_MS = 30_000

let browser: Browser | undefined
let server: TestServer
let mail: Awaited<ReturnType<typeof startMailServer>>
let yubico: Awaited<ReturnType<typeof startSecureValidationServer>>

type VaultSettings = NonNullable<NonNullable<Parameters<typeof startTestServer>[0]>['vault']>

async function start(vault: VaultSettings = {}): Promise<{ server: TestServer; url: string }> {
  const port = await freePort()
  const url = `http://localhost:${port}`
  const letters = {
    smtpHost: '127.0.0.1',
    smtpPort: mail.port,
    smtpSecurity: 'off',
    smtpFrom: 'vault@example.com',
  } as const
  const settings = { domain: url, ...letters, ...vault }
  return {
    server: await startTestServer({ vault: settings, web: { host: '127.0.0.1', port } }),
    url,
  }
}

let url: string
before(async () => {
  if (skipWithoutChromium) return
  browser = await launchChromium()
  mail = await startMailServer()
  yubico = await startSecureValidationServer()
  const otps = { yubicoClientId: CLIENT.clientId, yubicoSecretKey: CLIENT.secretKey, yubicoServer: yubico.url }
  ;({ server, url } = await start(otps))
})
after(async () => {
  await browser?.close()
  await server?.close()
  await yubico?.[Symbol.asyncDispose]()
  await mail?.[Symbol.asyncDispose]()
})

interface Visit extends AsyncDisposable {
  readonly page: Page
  /** What the page's policy refused, and what was thrown. */
  readonly offences: readonly string[]
}

async function visit(address: string): Promise<Visit> {
  const context = await browser!.newContext({ locale: 'en-GB' })
  const page = await context.newPage()
  page.setDefaultTimeout(DEADLINE_MS)
  const offences: string[] = []
  await page.exposeFunction('noteRefused', (what: string) => offences.push(what))
  await page.addInitScript(`document.addEventListener('securitypolicyviolation', (event) =>
    noteRefused([event.effectiveDirective, event.blockedURI, event.sourceFile].join(' ')))`)
  page.on('pageerror', (error) => offences.push(String(error.stack)))
  await page.goto(address)
  return { page, offences, [Symbol.asyncDispose]: () => context.close() }
}

const heading = (page: Page, name: string | RegExp) => page.getByRole('heading', { level: 1, name }).waitFor()
const field = (page: Page, name: string | RegExp) => page.getByRole('textbox', { name, exact: true })
const alert = async (page: Page) => (await page.getByRole('alert').textContent())?.trim()
/** It is there only while the vault is open. */
const isOpen = (page: Page) => page.getByRole('navigation', { name: 'Main' }).waitFor()

/** Types where the focus is, as it is when a page is shown. */
async function type(page: Page, ...steps: readonly string[]): Promise<void> {
  for (const step of steps) {
    if (step.startsWith('<')) await page.keyboard.press(step.slice(1, -1))
    else await page.keyboard.insertText(step)
  }
}

async function logIn(page: Page, email: string, password = PASSWORD): Promise<void> {
  await field(page, 'Email address').fill(email)
  await field(page, 'Master password').fill(password)
  await page.keyboard.press('Enter')
}

/** The text of the latest letter to an address, once there is one that matches. */
function letter(to: string, pattern: RegExp): Promise<RegExpExecArray> {
  return until(() => {
    const texts = mail.delivered.filter((each) => each.to.includes(to)).map(({ message }) => message.text ?? '')
    return texts.map((text) => pattern.exec(text)).findLast((match) => match !== null)
  }, `a letter to ${to}`)
}

const secretOf = ({ passwordHash }: TestDevice) => ({ masterPasswordHash: passwordHash })
async function ok(reply: ReturnType<TestDevice['post']>): Promise<Json> {
  const { status, json } = await reply
  assert.equal(status, 200, JSON.stringify(json))
  return json
}

test('one registers, unlocks after a reload, and logs out and in, by the keyboard alone', options, async () => {
  await using visited = await visit(url)
  const { page, offences } = visited
  const email = `${randomUUID()}@example.com`
  const said: string[] = []
  page.on('request', (request) => said.push(request.url()))
  page.on('console', (message) => said.push(message.text()))
  await heading(page, 'Log in')
  assert.deepEqual(await axeFindings(page), [])
  await page.getByRole('link', { name: 'Create an account' }).focus()
  await page.keyboard.press('Enter')
  await heading(page, 'Create an account')
  await field(page, 'Email address').waitFor()
  await type(page, 'no address', '<Enter>')
  await page.getByText('This is no email address.').waitFor()
  assert.deepEqual(await axeFindings(page), [])
  await type(page, '<ControlOrMeta+a>', email, '<Tab>', 'Alice', '<Enter>')
  await heading(page, 'Choose a master password')
  await type(page, 'short', '<Enter>')
  await page.getByText('At least 12 characters.').waitFor()
  await page.getByText('Weak').waitFor()
  assert.deepEqual(await axeFindings(page), [])
  // Between the two fields there is the button that reveals the first.
  await type(page, '<ControlOrMeta+a>', PASSWORD, '<Tab>', '<Tab>', PASSWORD, '<Enter>')
  await isOpen(page)

  await page.reload()
  await heading(page, 'Your vault is locked')
  assert.deepEqual(await axeFindings(page), [])
  await type(page, 'wrong', '<Enter>')
  assert.equal(await alert(page), 'The master password is wrong.')
  assert.deepEqual(await axeFindings(page), [])
  await type(page, PASSWORD, '<Enter>')
  await isOpen(page)

  await page.reload()
  await heading(page, 'Your vault is locked')
  await page.getByRole('button', { name: 'Log out' }).press('Enter')
  await page.getByRole('dialog').waitFor()
  await page.getByRole('dialog').getByRole('button', { name: 'Log out' }).press('Enter')
  await heading(page, 'Log in')
  assert.equal(await field(page, 'Email address').inputValue(), email)
  await type(page, 'wrong', '<Enter>')
  assert.equal(await alert(page), 'The email address or the master password is wrong.')
  await type(page, PASSWORD, '<Enter>')
  await isOpen(page)
  const stored = JSON.stringify(await page.evaluate('({ ...localStorage, session: { ...sessionStorage } })'))
  assert.ok(stored.includes(email) && said.some((text) => text.includes('/identity/connect/token')))
  const { hash } = await masterSecretsOf({ password: PASSWORD, salt: email, kdf: DEFAULT_KDF })
  for (const secret of [PASSWORD, hash].flatMap((text) => [
    text,
    encodeURIComponent(text),
    text.replaceAll(' ', '+'),
  ])) {
    for (const text of [stored, ...said]) assert.ok(!text.includes(secret), 'a secret is kept, logged or in an address')
  }
  assert.deepEqual(offences, [])
  assert.equal((await login({ server: server.webUrl, email })).email, email)
})

test('password managers are told which field is for what', options, async () => {
  await using visited = await visit(url)
  const { page } = visited
  const purposes = () =>
    page.locator('form input').evaluateAll((inputs) => inputs.map((input) => input.getAttribute('autocomplete')))
  await heading(page, 'Log in')
  assert.deepEqual(await purposes(), ['username', 'current-password', null])
  await page.goto(`${url}/#/finish-signup/?email=alice@example.com&token=a`)
  await heading(page, 'Choose a master password')
  assert.deepEqual(await purposes(), ['username', 'new-password', 'new-password', 'off'])
})

test('where addresses must be proven, a letter leads to the second step', options, async () => {
  const verifying = await start({ signupsVerify: true })
  await using _server = verifying.server
  await using visited = await visit(`${verifying.url}/#/register`)
  const { page } = visited
  const email = `${randomUUID()}+a@example.com`
  await heading(page, 'Create an account')
  await field(page, 'Email address').fill(email)
  await page.keyboard.press('Enter')
  await heading(page, 'Look into your mail')
  assert.deepEqual(await axeFindings(page), [])
  const [link] = await letter(email, /http:\S+finish-signup\S+/)
  await page.goto(link)
  await heading(page, 'Choose a master password')
  await page.getByText(email).waitFor()
  await type(page, PASSWORD, '<Tab>', '<Tab>', PASSWORD, '<Enter>')
  await isOpen(page)

  await page.goto('about:blank')
  await using another = await visit(`${verifying.url}/#/finish-signup/?email=${encodeURIComponent(email)}`)
  await another.page.getByText('The link is incomplete.').waitFor()
})

test('a server that takes no new accounts says so', options, async () => {
  const closed = await start({ signupsAllowed: false, invitationsAllowed: false })
  await using _server = closed.server
  await using visited = await visit(closed.url)
  const { page } = visited
  await heading(page, 'Log in')
  await page.getByRole('link', { name: 'Create an account' }).waitFor({ state: 'detached' })
  await page.goto(`${closed.url}/#/register`)
  await page.getByText('This server takes no new accounts').waitFor()
  assert.deepEqual(await axeFindings(page), [])
})

/** Sets up an authenticator app; resolves with what shows its codes, each a step later. */
async function setUpApp(device: TestDevice): Promise<() => string> {
  const { key } = await ok(device.post('/api/two-factor/get-authenticator', secretOf(device)))
  const totp = new TOTP({ secret: Secret.fromBase32(key) })
  let step = -1
  const code = () => totp.generate({ timestamp: Date.now() + 30_000 * step++ })
  await ok(device.put('/api/two-factor/authenticator', { ...secretOf(device), key, token: code() }))
  return code
}

test('a code of an app lets in; a browser that is remembered is not asked again', options, async () => {
  const device = await registerAndLogin({ server: server.webUrl })
  const code = await setUpApp(device)
  await using visited = await visit(url)
  const { page, offences } = visited
  await logIn(page, device.email)
  await heading(page, 'Two-step login')
  assert.deepEqual(await axeFindings(page), [])
  await field(page, 'Verification code').waitFor()
  await type(page, '000000', '<Enter>')
  assert.equal(await alert(page), 'The code is wrong, or not good any more.')
  await page.getByRole('checkbox', { name: 'Do not ask again in this browser' }).press('Space')
  await field(page, 'Verification code').fill(code())
  await page.keyboard.press('Enter')
  await isOpen(page)
  await page.reload()
  await page.getByRole('button', { name: 'Log out' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Log out' }).click()
  await logIn(page, device.email)
  await isOpen(page)
  assert.deepEqual(offences, [])
})

test('a code by mail lets in', options, async () => {
  const device = await registerAndLogin({ server: server.webUrl })
  const { email } = device
  const to = `codes-${email}`
  await ok(device.post('/api/two-factor/send-email', { ...secretOf(device), email: to }))
  const [first] = await letter(to, /\b\d{6}\b/)
  await ok(device.put('/api/two-factor/email', { ...secretOf(device), email: to, token: first }))
  mail.delivered.length = 0
  await using visited = await visit(url)
  await logIn(visited.page, email)
  await heading(visited.page, 'Two-step login')
  await visited.page.getByText(/Enter the code that was sent to co\*+/).waitFor()
  const [code] = await letter(to, /\b\d{6}\b/)
  await field(visited.page, 'Verification code').fill(code)
  await visited.page.keyboard.press('Enter')
  await isOpen(visited.page)
})

test('a YubiKey lets in, and the recovery code does when it is lost', options, async () => {
  const device = await registerAndLogin({ server: server.webUrl })
  const id = 'cccccccccccb'
  let count = 0
  const otp = () => id + [...`${++count}`.padStart(32, '0')].map((digit) => 'cbdefghijk'[Number(digit)]).join('')
  await ok(device.post('/api/two-factor/get-yubikey', secretOf(device)))
  await ok(device.put('/api/two-factor/yubikey', { ...secretOf(device), key1: otp(), nfc: false }))
  const { code } = await ok(device.post('/api/two-factor/get-recover', secretOf(device)))
  {
    await using visited = await visit(url)
    await logIn(visited.page, device.email)
    await visited.page.getByLabel('Code of the YubiKey').fill(otp())
    await visited.page.keyboard.press('Enter')
    await isOpen(visited.page)
  }
  await using visited = await visit(url)
  const { page } = visited
  await logIn(page, device.email)
  await page.getByLabel('Method').selectOption({ label: 'Recovery code' })
  await field(page, 'Recovery code').fill(code.toLowerCase().replaceAll(/(.{4})/g, '$1 '))
  assert.deepEqual(await axeFindings(page), [])
  await page.keyboard.press('Enter')
  await isOpen(page)
  const left = await ok(device.get('/api/two-factor'))
  assert.deepEqual(left.data, [])
})

test('the page for lost second factors takes the recovery code', options, async () => {
  const device = await registerAndLogin({ server: server.webUrl })
  await setUpApp(device)
  const { code } = await ok(device.post('/api/two-factor/get-recover', secretOf(device)))
  await using visited = await visit(`${url}/#/recover-2fa`)
  const { page } = visited
  await heading(page, 'Recover two-step login')
  assert.deepEqual(await axeFindings(page), [])
  await field(page, 'Recovery code').fill('wrong')
  await logIn(page, device.email)
  assert.equal(await alert(page), 'The code is wrong, or not good any more.')
  await field(page, 'Recovery code').fill(code)
  await page.keyboard.press('Enter')
  await isOpen(page)
  assert.deepEqual((await ok(device.get('/api/two-factor'))).data, [])
})

/** In the page: makes a key of the browser's, and returns what the server needs of it. */
const MAKE_KEY = `async ({ challenge, rp, user, pubKeyCredParams }) => {
  const bytes = (text) => Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0))
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)))
  const publicKey = { challenge: bytes(challenge), rp, user: { ...user, id: bytes(user.id) }, pubKeyCredParams }
  const { id, rawId, type, response } = await navigator.credentials.create({ publicKey })
  const { attestationObject, clientDataJSON } = response
  return { id, rawId: text(rawId), type, extensions: {},
    response: { AttestationObject: text(attestationObject), clientDataJson: text(clientDataJSON) } }
}`

test('a security key lets in, and one that is not touched can be asked for again', options, async () => {
  const device = await registerAndLogin({ server: server.webUrl })
  await using visited = await visit(url)
  const { page, offences } = visited
  await heading(page, 'Log in')
  const cdp = await page.context().newCDPSession(page)
  await cdp.send('WebAuthn.enable')
  const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: { protocol: 'ctap2', transport: 'usb', isUserVerified: true },
  })
  const challenge = await ok(device.post('/api/two-factor/get-webauthn-challenge', secretOf(device)))
  const deviceResponse = await page.evaluate(`(${MAKE_KEY})(${JSON.stringify(challenge)})`)
  await ok(device.put('/api/two-factor/webauthn', { ...secretOf(device), id: 1, name: 'key', deviceResponse }))

  await logIn(page, device.email)
  await heading(page, 'Two-step login')
  assert.deepEqual(await axeFindings(page), [])
  const { credentials } = await cdp.send('WebAuthn.getCredentials', { authenticatorId })
  await cdp.send('WebAuthn.clearCredentials', { authenticatorId })
  await page.getByRole('button', { name: 'Use the key' }).press('Enter')
  assert.equal(await alert(page), 'The key was not read. Try again.')
  await cdp.send('WebAuthn.addCredential', { authenticatorId, credential: credentials[0]! })
  await page.getByRole('button', { name: 'Use the key' }).press('Enter')
  await isOpen(page)
  assert.deepEqual(offences, [])
})

/** What a page hears on the anonymous hub. */
function told(page: Page) {
  let frames = 0
  let isTold = false
  page.on('websocket', (socket) => {
    if (!socket.url().includes('/notifications/anonymous-hub?')) return
    socket.on('framereceived', ({ payload }) => {
      frames++
      isTold ||= payload.includes('AuthRequestResponseRecieved')
    })
  })
  // The first frame is the answer to the handshake.
  return { isConnected: () => frames > 0, isTold: () => isTold }
}

test('another device lets in, by the phrase that both show', options, async () => {
  const device = await registerAndLogin({ server: server.webUrl })
  await using visited = await visit(url)
  const { page, offences } = visited
  await heading(page, 'Log in')
  await field(page, 'Email address').fill(device.email)
  await page.getByRole('button', { name: 'Log in with another device' }).click()
  // It must have been there before.
  await page.getByText('this browser has not been logged in to that account before').waitFor()
  await page.getByRole('button', { name: 'Log in with the master password' }).click()
  await logIn(page, device.email)
  await isOpen(page)
  await page.reload()
  await page.getByRole('button', { name: 'Log out' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Log out' }).click()

  const answered = told(page)
  await field(page, 'Email address').fill(device.email)
  await page.getByRole('button', { name: 'Log in with another device' }).press('Enter')
  await heading(page, 'Log in with another device')
  await page.getByText('Waiting for an answer…').waitFor()
  assert.deepEqual(await axeFindings(page), [])
  const [request] = (await ok(device.get('/api/auth-requests/pending'))).data
  await page.getByText(await fingerprintPhrase(device.email, request.publicKey)).waitFor()
  const key = new SymmetricKey(Uint8Array.from(Buffer.concat([device.userKey.enc, device.userKey.mac])))
  const answer = {
    deviceIdentifier: device.deviceId,
    key: await wrapFor(request.publicKey, key),
    requestApproved: true,
  }
  await until(() => answered.isConnected(), 'the anonymous hub')
  await ok(device.put(`/api/auth-requests/${request.id}`, answer))
  await isOpen(page)
  assert.ok(answered.isTold())
  await page.reload()
  await heading(page, 'Your vault is locked')
  await type(page, PASSWORD, '<Enter>')
  await isOpen(page)
  assert.deepEqual(offences, [])
})

test('a request that is denied can be made again', options, async () => {
  const device = await registerAndLogin({ server: server.webUrl })
  await using visited = await visit(url)
  const { page } = visited
  await logIn(page, device.email)
  await isOpen(page)
  await page.reload()
  await page.getByRole('button', { name: 'Log out' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Log out' }).click()
  await field(page, 'Email address').fill(device.email)
  await page.getByRole('button', { name: 'Log in with another device' }).click()
  await page.getByText('Waiting for an answer…').waitFor()
  const [request] = (await ok(device.get('/api/auth-requests/pending'))).data
  const answer = { deviceIdentifier: device.deviceId, key: '', requestApproved: false }
  await ok(device.put(`/api/auth-requests/${request.id}`, answer))
  assert.equal(await alert(page), 'Nobody has approved the request.')
  await page.getByRole('button', { name: 'Ask again' }).click()
  await page.getByText('Waiting for an answer…').waitFor()
  const [next] = (await ok(device.get('/api/auth-requests/pending'))).data
  assert.notEqual(next.id, request.id)
})

test('letters lead to pages that confirm an address, tell a hint, and delete an account', options, async () => {
  const device = await registerAndLogin({ server: server.webUrl })
  const { email } = device
  await ok(device.post('/api/accounts/verify-email'))
  await using visited = await visit((await letter(email, /http:\S+verify-email\S+/))[0])
  const { page, offences } = visited
  await page.getByText('Your email address is confirmed.').waitFor()
  assert.deepEqual(await axeFindings(page), [])
  assert.equal((await ok(device.get('/api/accounts/profile'))).emailVerified, true)

  await page.goto(`${url}/#/hint`)
  await heading(page, 'Password hint')
  await field(page, 'Email address').fill(email)
  await page.keyboard.press('Enter')
  await page.getByText(`If there is an account of ${email}, its hint is on its way.`).waitFor()
  assert.deepEqual(await axeFindings(page), [])
  await letter(email, /There is none/)

  await page.getByRole('link', { name: 'Delete the account' }).click()
  await heading(page, 'Delete an account')
  await field(page, 'Email address').fill(email)
  await page.keyboard.press('Enter')
  await page.getByText(`If there is an account of ${email}, a letter is on its way.`).waitFor()
  const [link] = await letter(email, /http:\S+verify-recover-delete\S+/)
  await page.goto(link)
  await heading(page, 'Delete the account?')
  await page.getByText(email).waitFor()
  assert.deepEqual(await axeFindings(page), [])
  await page.getByRole('button', { name: 'Delete the account' }).click()
  await page.getByText('The account is deleted.').waitFor()
  assert.equal((await device.get('/api/accounts/profile')).status, 401)
  assert.deepEqual(offences, [])
  // It is good for nothing any more.
  await page.reload()
  await page.getByRole('button', { name: 'Delete the account' }).click()
  assert.equal(await alert(page), 'The link is not good any more, or is incomplete.')
})

test('a server without mail shows the hint, if it is to', options, async () => {
  const plain = await startTestServer({ vault: { showPasswordHint: true } })
  await using _server = plain
  const { email } = await registerAndLogin({ server: plain.webUrl })
  await using visited = await visit(`${plain.webUrl}/#/hint`)
  await heading(visited.page, 'Password hint')
  await field(visited.page, 'Email address').fill(email)
  await visited.page.keyboard.press('Enter')
  assert.equal(await alert(visited.page), 'There is no hint for this account.')

  const other = `${randomUUID()}@example.com`
  await visited.page.goto(`${plain.webUrl}/#/register`)
  await heading(visited.page, 'Create an account')
  await field(visited.page, 'Email address').fill(other)
  await visited.page.keyboard.press('Enter')
  await heading(visited.page, 'Choose a master password')
  await type(visited.page, PASSWORD, '<Tab>', '<Tab>', PASSWORD, '<Tab>', '<Tab>', PASSWORD, '<Enter>')
  await visited.page.getByText('The hint is the password.').waitFor()
  await type(visited.page, '<ControlOrMeta+a>', 'the horse: and more', '<Enter>')
  await isOpen(visited.page)
  await visited.page.evaluate('localStorage.clear()')
  await visited.page.reload()
  await visited.page.goto(`${plain.webUrl}/#/hint`)
  await heading(visited.page, 'Password hint')
  await field(visited.page, 'Email address').fill(other)
  await visited.page.keyboard.press('Enter')
  assert.equal(await alert(visited.page), 'Your hint: the horse: and more')
})

test('too many attempts, and a server that is away, are told in words', options, async () => {
  const strict = await startTestServer({ vault: { loginRatelimitMaxBurst: 1, loginRatelimitSeconds: 60 } })
  await using visited = await visit(strict.webUrl)
  const { page } = visited
  await heading(page, 'Log in')
  for (let i = 0; i < 3; i++) {
    await logIn(page, 'nobody@example.com')
    await page.getByRole('alert').waitFor()
  }
  await until(async () => /Too many attempts\. Try again in \d+ seconds\./.test((await alert(page)) ?? ''), 'the limit')
  await strict.close()
  await logIn(page, 'nobody@example.com')
  await until(async () => (await alert(page))?.startsWith('The server cannot be reached.'), 'the words')
  assert.deepEqual(await axeFindings(page), [])
})

test('whose session another device has ended is led to the login, and told why', options, async () => {
  const device = await registerAndLogin({ server: server.webUrl })
  await using visited = await visit(url)
  const { page } = visited
  await logIn(page, device.email)
  await isOpen(page)
  const devices = (await ok(device.get('/api/devices'))).data
  const { identifier } = devices.find((each: Json) => each.identifier !== device.deviceId)
  await ok(device.delete(`/api/devices/${identifier}`))
  await heading(page, 'Log in')
  assert.match((await alert(page))!, /^You have been logged out/)
  assert.deepEqual(await axeFindings(page), [])
})

test(
  'tabs lock and log out together; a vault that nobody uses locks itself, also while the machine sleeps',
  options,
  async () => {
    const device = await registerAndLogin({ server: server.webUrl })
    await using visited = await visit('about:blank')
    const { page, offences } = visited
    await page.context().clock.install()
    const other = await page.context().newPage()
    await page.goto(url)
    await logIn(page, device.email)
    await isOpen(page)
    await other.goto(url)
    await heading(other, 'Your vault is locked')
    await field(other, 'Master password').fill(PASSWORD)
    await other.keyboard.press('Enter')
    await isOpen(other)

    await page.context().clock.fastForward('14:00')
    await page.mouse.move(100, 100)
    await page.context().clock.fastForward('14:00')
    await isOpen(page)
    await page.context().clock.fastForward('01:30')
    for (const each of [page, other]) await heading(each, 'Your vault is locked')

    await field(page, 'Master password').fill(PASSWORD)
    await page.keyboard.press('Enter')
    await isOpen(page)
    await other.getByRole('button', { name: 'Log out' }).click()
    await other.getByRole('dialog').getByRole('button', { name: 'Log out' }).click()
    for (const each of [page, other]) await heading(each, 'Log in')
    assert.deepEqual(offences, [])
  },
)

test('a page on which browsers do not encrypt asks for no password', options, async () => {
  await using visited = await visit('about:blank')
  const { page } = visited
  // As it is at any address but https:// and this machine's own.
  await page.addInitScript(`Object.defineProperty(globalThis, 'isSecureContext', { value: false })`)
  await page.goto(url)
  await heading(page, 'This page is not secure')
  assert.equal(await page.locator('input').count(), 0)
  assert.deepEqual(await axeFindings(page), [])
})

test('below a path one signs in as well', options, async () => {
  const port = await freePort()
  const below = `http://localhost:${port}/below`
  await using _server = await startTestServer({
    vault: { domain: below },
    web: { host: '127.0.0.1', port },
  })
  const { email } = await registerAndLogin({ server: below })
  await using visited = await visit(below)
  const { page, offences } = visited
  await logIn(page, email)
  await isOpen(page)
  await page.reload()
  await heading(page, 'Your vault is locked')
  await page.getByRole('link', { name: 'Password hint' }).click()
  await heading(page, 'Password hint')
  await page.getByRole('link', { name: 'Back' }).click()
  await heading(page, 'Your vault is locked')
  await field(page, 'Master password').fill(PASSWORD)
  await page.keyboard.press('Enter')
  await isOpen(page)
  const kept = await page.evaluate<string[]>('Object.keys(localStorage)')
  assert.ok(
    kept.every((name) => name.startsWith('belfry:/below/:')),
    String(kept),
  )
  assert.deepEqual(offences, [])
})

test('the pages speak Chinese', options, async () => {
  await using visited = await visit(url)
  const { page } = visited
  await page.evaluate(`localStorage.setItem('belfry:/:preferences', '{"language":"zh-CN"}')`)
  await page.reload()
  await heading(page, '登录')
  assert.equal(await page.evaluate('document.documentElement.lang'), 'zh-CN')
  await field(page, '电子邮箱地址')
    .or(field(page, /邮箱|邮件/))
    .fill('nobody@example.com')
  await field(page, '主密码').fill('wrong')
  await page.keyboard.press('Enter')
  assert.equal(await alert(page), '电子邮箱地址或主密码错误。')
  assert.deepEqual(await axeFindings(page), [])
})
