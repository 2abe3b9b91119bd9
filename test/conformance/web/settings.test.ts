/** Every page of settings in Chromium; what is done there is seen by another device of the same user. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import { Secret, TOTP } from 'otpauth'
import type { Browser, Page } from 'playwright-core'
import { getApiKey, getDomains, getProfile } from '../../../web/src/api/account.ts'
import { askToLogIn, getAuthResponse } from '../../../web/src/api/auth-requests.ts'
import { getDevices } from '../../../web/src/api/devices.ts'
import { Refused, Unauthorized } from '../../../web/src/api/errors.ts'
import { objectsOf } from '../../../web/src/api/json.ts'
import { getProviders, getRecoveryCode, getYubiKeys } from '../../../web/src/api/two-factor.ts'
import { createItem, getSync } from '../../../web/src/api/vault.ts'
import { makeOneTimePair } from '../../../web/src/crypto/rsa.ts'
import { fingerprintPhrase } from '../../../web/src/generator/fingerprint-phrase.ts'
import { PASSWORD } from '../../helpers/account.ts'
import { freePort } from '../../helpers/processes.ts'
import { startSecureValidationServer } from '../../helpers/secure-validation-server.ts'
import { startTestServer, type TestServer } from '../../helpers/server.ts'
import { CLIENT } from '../../helpers/validation-server.ts'
import { until } from '../../helpers/wait.ts'
import { startMailServer } from '../../vault/mail/mail-server.ts'
import { logInto, registerAndLogIn, type SignedIn } from '../../web/api/signed-in.ts'
import { launchChromium, skipWithoutChromium } from '../chromium.ts'
import { axeFindings } from './axe.ts'
import { type Visitor, visit } from './visitor.ts'

const options = { skip: skipWithoutChromium }

let browser: Browser
let server: TestServer
let mail: Awaited<ReturnType<typeof startMailServer>>
let yubico: Awaited<ReturnType<typeof startSecureValidationServer>>
/** Security keys are bound to a name, and no address is one. */
let url: string
before(async () => {
  if (skipWithoutChromium) return
  const port = await freePort()
  url = `http://localhost:${port}`
  mail = await startMailServer()
  yubico = await startSecureValidationServer()
  const otps = { yubicoClientId: CLIENT.clientId, yubicoSecretKey: CLIENT.secretKey, yubicoServer: yubico.url }
  const letters = {
    smtpHost: '127.0.0.1',
    smtpPort: mail.port,
    smtpSecurity: 'off',
    smtpFrom: 'a@example.com',
  } as const
  const web = { host: '127.0.0.1', port }
  ;[browser, server] = await Promise.all([
    launchChromium(),
    startTestServer({ vault: { domain: url, ...letters, ...otps }, web }),
  ])
})
after(async () => {
  await browser?.close()
  await server?.close()
  await yubico?.[Symbol.asyncDispose]()
  await mail?.[Symbol.asyncDispose]()
})

/** A browser that shows a page of the settings, and another device of its user. */
async function at(settingsPage: string): Promise<{ user: SignedIn; visitor: Visitor; page: Page }> {
  const user = await registerAndLogIn({ base: url })
  const visitor = await visit(browser, { url })
  await visitor.logIn(user.email)
  await show(visitor.page, settingsPage)
  return { user, visitor, page: visitor.page }
}

async function show(page: Page, settingsPage: string) {
  await page.goto(`${url}/#/settings/${settingsPage}`)
  await page.getByRole('navigation', { name: 'Settings' }).waitFor()
}

const field = (page: Page, name: string) => page.getByRole('textbox', { name, exact: true })
const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true })
const said = (page: Page, text: string) => page.getByRole('status').getByText(text, { exact: false }).first().waitFor()
async function signedOut(page: Page) {
  await field(page, 'Email address').waitFor()
}
/** Who did it themselves is not told that somebody else did. */
async function signedOutByOneself(page: Page) {
  await signedOut(page)
  assert.equal(await page.getByRole('alert').count(), 0)
}

/** Gives the master password to the dialog that asks for it. */
async function confirmWith(page: Page, action: string, password = PASSWORD) {
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Master password', { exact: true }).fill(password)
  await dialog.getByRole('button', { name: action, exact: true }).click()
}

/** The code in the last letter to an address. */
function mailedCode(to: string): Promise<string> {
  return until(() => {
    const letters = mail.delivered.filter((letter) => letter.to.includes(to))
    return /\b\d{6}\b/.exec(letters.at(-1)?.message.text ?? '')?.[0]
  }, `a code for ${to}`)
}

/** What was refused by the server is an error on the console, and none of the page. */
const offences = (visitor: Visitor) => visitor.offences.filter((offence) => !/status of 4\d\d/.test(offence))

test('all pages are there, without findings of axe', options, async () => {
  const { visitor, page } = await at('account')
  await using _closed = visitor
  for (const name of ['account', 'security', 'two-step', 'devices', 'preferences', 'domains']) {
    await show(page, name)
    await page.getByRole('main').getByRole('button').or(page.getByRole('combobox')).first().waitFor()
    assert.deepEqual(await axeFindings(page), [], name)
  }
  assert.deepEqual(visitor.offences, [])
})

test('name, colour and API key', options, async () => {
  const { user, visitor, page } = await at('account')
  await using _closed = visitor
  await field(page, 'Name').fill('Bob')
  await page.getByRole('radio', { name: 'Colour 2' }).check({ force: true })
  await button(page, 'Save').click()
  await said(page, 'Saved')
  const { name, avatarColor } = await getProfile(user.api)
  assert.deepEqual([name, avatarColor], ['Bob', '#1f5fbf'])

  await button(page, 'View API key').click()
  await confirmWith(page, 'Continue', 'wrong')
  await page.getByText('The master password is wrong.').waitFor()
  await confirmWith(page, 'Continue')
  const key = await getApiKey(user.api, user.secret)
  await page.getByText(key, { exact: true }).waitFor()
  assert.deepEqual(await axeFindings(page), [])
  await button(page, 'Done').click()
  await button(page, 'Replace API key').click()
  await confirmWith(page, 'Replace')
  await page.getByText('client_secret').waitFor()
  assert.notEqual(await getApiKey(user.api, user.secret), key)
  assert.deepEqual(offences(visitor), [])
})

test('the address is changed with the code that is mailed to it', options, async () => {
  const { visitor, page } = await at('account')
  await using _closed = visitor
  const newEmail = `${randomUUID()}@example.com`
  await button(page, 'Send letter').click()
  await said(page, 'on its way')
  await field(page, 'New email address').fill(newEmail)
  await button(page, 'Change address').click()
  await confirmWith(page, 'Continue')
  await field(page, 'Verification code').fill(await mailedCode(newEmail))
  await button(page, 'Change address').click()
  await signedOutByOneself(page)
  assert.ok((await logInto(newEmail, { base: url })).userKey)
  assert.deepEqual(offences(visitor), [])
})

test('the master password is changed: the old one opens nothing, and nobody stays logged in', options, async () => {
  const { user, visitor, page } = await at('security')
  await using _closed = visitor
  const next = 'an entirely different sentence'
  await field(page, 'Current master password').fill('wrong')
  await field(page, 'New master password').fill(next)
  await field(page, 'New master password, once more').fill(next)
  await button(page, 'Change master password').click()
  await page.getByText('The master password is wrong.').waitFor()
  await field(page, 'Current master password').fill(PASSWORD)
  await button(page, 'Change master password').click()
  await signedOutByOneself(page)
  await assert.rejects(getProfile(user.api), Unauthorized)
  await assert.rejects(logInto(user.email, { base: url }), Refused)
  await field(page, 'Email address').fill(user.email)
  await field(page, 'Master password').fill(next)
  await page.keyboard.press('Enter')
  await page.getByRole('navigation', { name: 'Main' }).waitFor()
  assert.deepEqual(offences(visitor), [])
})

test('the key derivation is changed to Argon2id', options, async () => {
  const { user, visitor, page } = await at('security')
  await using _closed = visitor
  await page.getByRole('radio', { name: 'Argon2id' }).check({ force: true })
  await page.getByRole('spinbutton', { name: 'Memory (MiB)' }).fill('16')
  await page.getByRole('spinbutton', { name: 'Iterations' }).fill('2')
  await button(page, 'Change key derivation').click()
  await confirmWith(page, 'Change key derivation')
  await signedOutByOneself(page)
  const { userKey, current } = await logInto(user.email, { base: url })
  assert.deepEqual(current.kdf, { type: 'Argon2id', iterations: 2, memory: 16, parallelism: 4 })
  assert.deepEqual(userKey.bytes, user.userKey.bytes)
  assert.deepEqual(offences(visitor), [])
})

const setUp = async ({ api }: SignedIn) => (await getProviders(api)).setUp

test('an authenticator app is set up by its QR code, and turned off; the recovery code is shown', options, async () => {
  const { user, visitor, page } = await at('two-step')
  await using _closed = visitor
  await button(page, 'Set up: Authenticator app').click()
  await confirmWith(page, 'Continue')
  await page.getByRole('img', { name: /QR code/ }).waitFor()
  assert.deepEqual(await axeFindings(page), [])
  const key = (await page.getByTitle('Key', { exact: true }).textContent())?.replaceAll(' ', '') ?? ''
  await field(page, 'Code').fill('000000')
  await page.getByRole('dialog').getByRole('button', { name: 'Set up' }).click()
  await page.getByRole('alert').waitFor()
  await field(page, 'Code').fill(new TOTP({ secret: Secret.fromBase32(key) }).generate())
  await page.getByRole('dialog').getByRole('button', { name: 'Set up' }).click()
  await button(page, 'Manage: Authenticator app').waitFor()
  assert.deepEqual(await setUp(user), [0])

  await button(page, 'View recovery code').click()
  await confirmWith(page, 'Continue')
  const code = await getRecoveryCode(user.api, user.secret)
  const shown = await page.getByRole('dialog').getByRole('code').textContent()
  assert.equal(shown?.replaceAll(' ', ''), code)
  await button(page, 'Done').click()

  await button(page, 'Manage: Authenticator app').click()
  await confirmWith(page, 'Continue')
  await button(page, 'Turn off').click()
  await button(page, 'Set up: Authenticator app').waitFor()
  assert.deepEqual(await setUp(user), [])
  assert.deepEqual(offences(visitor), [])
})

test('codes by mail are set up and turned off', options, async () => {
  const { user, visitor, page } = await at('two-step')
  await using _closed = visitor
  await button(page, 'Set up: Email').click()
  await confirmWith(page, 'Continue')
  await button(page, 'Send code').click()
  await field(page, 'Code').fill(await mailedCode(user.email))
  await page.getByRole('dialog').getByRole('button', { name: 'Set up' }).click()
  await button(page, 'Manage: Email').click()
  assert.deepEqual(await setUp(user), [1])
  await confirmWith(page, 'Continue')
  await button(page, 'Turn off').click()
  await button(page, 'Set up: Email').waitFor()
  assert.deepEqual(await setUp(user), [])
  assert.deepEqual(offences(visitor), [])
})

test('a security key is added and removed', options, async () => {
  const { user, visitor, page } = await at('two-step')
  await using _closed = visitor
  const devtools = await page.context().newCDPSession(page)
  await devtools.send('WebAuthn.enable')
  const key = { protocol: 'ctap2', transport: 'usb', isUserVerified: true, automaticPresenceSimulation: true } as const
  await devtools.send('WebAuthn.addVirtualAuthenticator', { options: key })
  await button(page, 'Set up: Security keys').click()
  await confirmWith(page, 'Continue')
  await field(page, 'Name of the key').fill('Blue')
  await button(page, 'Add key').click()
  await button(page, 'Remove: Blue').waitFor()
  assert.deepEqual(await setUp(user), [7])
  // It is the same key.
  await button(page, 'Add key').click()
  await page.getByRole('alert').getByText('it is set up already').waitFor()
  await button(page, 'Remove: Blue').click()
  await button(page, 'Remove').click()
  await until(async () => (await setUp(user)).length === 0, 'the key to be gone')
  assert.deepEqual(offences(visitor), [])
})

test('YubiKeys are set up by touching them, one is taken off, and all are turned off', options, async () => {
  const { user, visitor, page } = await at('two-step')
  await using _closed = visitor
  /** A key types its password, and then Enter. */
  const touch = async (place: number, id: string) => {
    await field(page, `YubiKey ${place}`).focus()
    await page.keyboard.type(`${id}${'b'.repeat(32)}`)
    await page.keyboard.press('Enter')
  }
  await button(page, 'Set up: YubiKey OTP').click()
  await confirmWith(page, 'Continue')
  await touch(1, 'cccccccccccb')
  await touch(2, 'cccccccccccd')
  assert.deepEqual(await axeFindings(page), [])
  await button(page, 'Save').click()
  await button(page, 'Manage: YubiKey OTP').click()
  await confirmWith(page, 'Continue')
  assert.match(await field(page, 'YubiKey 2').inputValue(), /^cccccccccccd/)
  await button(page, 'Remove YubiKey 1').click()
  await button(page, 'Save').click()
  await until(async () => {
    const { keys } = await getYubiKeys(user.api, user.secret)
    return keys.join() === 'cccccccccccd,,,,'
  }, 'one key to be left')
  await button(page, 'Manage: YubiKey OTP').click()
  await confirmWith(page, 'Continue')
  await button(page, 'Turn off').click()
  await button(page, 'Set up: YubiKey OTP').waitFor()
  assert.deepEqual(await setUp(user), [])
  assert.deepEqual(offences(visitor), [])
})

test('devices are listed, and one that is logged out is out at once', options, async () => {
  const { user, visitor, page } = await at('devices')
  await using _closed = visitor
  await using other = await visit(browser, { url })
  await other.logIn(user.email)
  await button(page, 'Look again').click()
  await page.getByText('This device').waitFor()
  const logOut = page.getByRole('button', { name: 'Log out Chrome', exact: true })
  await until(async () => (await logOut.count()) === 3, 'three devices')
  // This one stands first; of the others the newest.
  await logOut.nth(1).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Log out', exact: true }).click()
  await signedOut(other.page)
  assert.equal((await getDevices(user.api)).length, 2)
  assert.deepEqual(offences(visitor), [])
})

test('another device is let in by comparing the fingerprint phrase, or is not', options, async () => {
  const { user, visitor, page } = await at('preferences')
  await using _closed = visitor
  const phone = await logInto(user.email, { base: url })
  const pair = await makeOneTimePair()
  const accessCode = 'a'.repeat(25)
  const ask = () => askToLogIn(phone.api, { email: user.email, publicKey: pair.publicKey, accessCode })
  const request = await ask()
  const phrase = await fingerprintPhrase(user.email, pair.publicKey)
  await page.getByRole('dialog').getByText(phrase, { exact: true }).waitFor()
  assert.deepEqual(await axeFindings(page), [])
  await button(page, 'Approve login').click()
  await said(page, 'The login was approved.')
  const { key } = await getAuthResponse(phone.api, request.id, accessCode)
  assert.deepEqual((await pair.unwrap(key!)).bytes, user.userKey.bytes)

  // One that is put off waits on the page of devices.
  const second = await ask()
  await page.getByRole('dialog').getByRole('button', { name: 'Close' }).click()
  await show(page, 'devices')
  await button(page, 'Review').click()
  await button(page, 'Deny login').click()
  await page.getByText('No device is asking to log in.').waitFor()
  await assert.rejects(getAuthResponse(phone.api, second.id, accessCode), Refused)
  assert.deepEqual(offences(visitor), [])
})

test('preferences are in force at once, and after a reload', options, async () => {
  const { visitor, page } = await at('preferences')
  await using _closed = visitor
  await page.getByRole('radio', { name: 'Dark' }).check({ force: true })
  await page.getByRole('combobox', { name: 'Lock after' }).selectOption({ label: '1 hour' })
  await page.getByRole('combobox', { name: 'What happens then' }).selectOption({ label: 'Log out' })
  await page.getByRole('combobox', { name: 'Language' }).selectOption({ label: '中文（简体）' })
  await page.getByRole('heading', { level: 1, name: '偏好设置' }).waitFor()
  assert.deepEqual(await axeFindings(page), [])
  await page.reload()
  await until(() => page.evaluate<boolean>("document.documentElement.lang === 'zh-CN'"), 'Chinese after a reload')
  assert.equal(await page.evaluate('document.documentElement.dataset.theme'), 'dark')
  await page.getByLabel('主密码', { exact: true }).fill(PASSWORD)
  await page.keyboard.press('Enter')
  await page.getByRole('combobox', { name: '到时的动作' }).waitFor()
  assert.equal(await page.getByRole('combobox', { name: '锁定时间' }).locator('option:checked').textContent(), '1 小时')
  assert.equal(await page.getByRole('combobox', { name: '到时的动作' }).locator('option:checked').textContent(), '注销')
  assert.deepEqual(offences(visitor), [])
})

test('groups of domains are made, and those of everybody switched off', options, async () => {
  const { user, visitor, page } = await at('domains')
  await using _closed = visitor
  await button(page, 'Add group').click()
  await field(page, 'Domains').fill('a.example')
  await button(page, 'Save').click()
  await page.getByText('Two domains at least.').waitFor()
  await field(page, 'Domains').fill('https://A.example/login, b.example')
  await button(page, 'Save').click()
  await page.getByText('a.example, b.example').waitFor()
  await field(page, 'Find a domain').fill('google')
  await page.getByRole('switch').first().click()
  await until(async () => {
    const { equivalentDomains, globalEquivalentDomains } = await getDomains(user.api)
    const isMade = JSON.stringify(equivalentDomains) === '[["a.example","b.example"]]'
    return isMade && objectsOf(globalEquivalentDomains).filter(({ excluded }) => excluded).length === 1
  }, 'the domains to be stored')
  assert.deepEqual(offences(visitor), [])
})

test('the vault is emptied, everybody is logged out, the account is deleted', options, async () => {
  const { user, visitor, page } = await at('account')
  await using _closed = visitor
  const item = { type: 2, name: await user.userKey.encrypt('a note'), secureNote: { type: 0 }, reprompt: 0 }
  await createItem(user.api, item)
  await button(page, 'Empty the vault').click()
  await confirmWith(page, 'Empty the vault')
  await said(page, 'The vault was emptied.')
  assert.deepEqual((await getSync(user.api)).ciphers, [])

  await button(page, 'Log out everywhere').click()
  await confirmWith(page, 'Log out everywhere')
  await signedOutByOneself(page)
  await assert.rejects(getProfile(user.api), Unauthorized)

  await visitor.logIn(user.email)
  await show(page, 'account')
  await button(page, 'Delete account').click()
  await confirmWith(page, 'Delete account')
  await signedOutByOneself(page)
  await assert.rejects(logInto(user.email, { base: url }), Refused)
  assert.deepEqual(offences(visitor), [])
})
