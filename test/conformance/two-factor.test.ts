/** Second factors with the clients that people have: security keys in Chromium, codes by mail in the official CLI. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import type { Browser, CDPSession, Page } from 'playwright-core'
import { type Json, PASSWORD, registerAndLogin, type TestDevice } from '../helpers/account.ts'
import { startTestServer } from '../helpers/server.ts'
import { startVault, type TestVault } from '../vault/harness.ts'
import { startMailServer } from '../vault/mail/mail-server.ts'
import { logInAgain, withCode } from '../vault/two-factor/second-factor.ts'
import { launchChromium, type PageServer, servePage, skipWithoutChromium } from './chromium.ts'
import { BitwardenCli } from './devices.ts'

/** Answers as the browser's own functions write it. */
const PAGE = `<!doctype html>
<link rel="icon" href="data:,">
<script>
  globalThis.create = async (options) => {
    const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options)
    return (await navigator.credentials.create({ publicKey })).toJSON()
  }
  globalThis.get = async (options) => {
    const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options)
    return (await navigator.credentials.get({ publicKey })).toJSON()
  }
</script>`
const NO_LIBRARY = new URL('chromium.ts', import.meta.url)

describe('security keys in Chromium', { skip: skipWithoutChromium }, () => {
  let browser: Browser
  let pages: PageServer
  let vault: TestVault
  let origin: string

  before(async () => {
    pages = await servePage(PAGE, NO_LIBRARY)
    // Keys are bound to a name; to an address none can be.
    origin = pages.origin.replace('127.0.0.1', 'localhost')
    vault = await startVault({ domain: origin, origin })
    browser = await launchChromium()
  })
  after(async () => {
    await browser?.close()
    await vault?.[Symbol.asyncDispose]()
    await pages?.[Symbol.asyncDispose]()
  })

  const secretOf = ({ passwordHash }: TestDevice) => ({ masterPasswordHash: passwordHash })
  const ask = (page: Page, what: 'create' | 'get', options: Json): Promise<Json> =>
    page.evaluate(`${what}(${JSON.stringify(options)})`)
  const plugIn = async (page: Page, options: Json): Promise<CDPSession> => {
    const session = await page.context().newCDPSession(page)
    await session.send('WebAuthn.enable')
    const usual = { transport: 'usb', automaticPresenceSimulation: true }
    await session.send('WebAuthn.addVirtualAuthenticator', { options: { ...usual, ...options } as never })
    return session
  }

  for (const [what, options] of [
    ['a security key', { protocol: 'ctap2' }],
    ['an old U2F key', { protocol: 'u2f' }],
    [
      'a passkey with a PIN',
      {
        protocol: 'ctap2',
        transport: 'internal',
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
      },
    ],
    ['a passkey that is synchronised', { protocol: 'ctap2', defaultBackupEligibility: true, defaultBackupState: true }],
  ] as const) {
    test(`${what} is set up, opens the account twice, and is not set up again`, async () => {
      const device = await registerAndLogin({ fetch: vault.fetch })
      const page = await browser.newPage()
      await page.goto(origin)
      await plugIn(page, options)
      const challenge = async () =>
        (await device.post('/api/two-factor/get-webauthn-challenge', secretOf(device))).json as Json

      const deviceResponse = await ask(page, 'create', await challenge())
      const body = { ...secretOf(device), id: 1, name: what, deviceResponse }
      const { status, json } = await device.put('/api/two-factor/webauthn', body)
      assert.equal(status, 200, JSON.stringify(json))

      for (let round = 0; round < 2; round++) {
        const asked = await logInAgain(vault, device, { deviceId: randomUUID() })
        const answer = await ask(page, 'get', asked.json.TwoFactorProviders2['7'])
        const login = await logInAgain(vault, device, withCode(7, JSON.stringify(answer)))
        assert.equal(login.status, 200, JSON.stringify(login.json))
      }
      await assert.rejects(ask(page, 'create', await challenge()), /InvalidStateError|already/)
      await page.close()
    })
  }
})

test('the official CLI asks for a code by mail, and logs in with it', async () => {
  await using mail = await startMailServer()
  const smtp = {
    smtpHost: '127.0.0.1',
    smtpPort: mail.port,
    smtpFrom: 'vault@example.com',
    smtpSecurity: 'off',
  } as const
  await using server = await startTestServer({ vault: smtp })
  await using cli = await BitwardenCli.install(server.certificateAuthorityFile)
  const email = 'careful@example.com'
  const device = await registerAndLogin({ server: server.webUrl, email })
  const letters = () => mail.delivered.filter(({ message }) => /\b\d{6}\b/.test(message.text ?? ''))
  const lastCode = () => /\b\d{6}\b/.exec(letters().at(-1)?.message.text ?? '')?.[0] ?? ''

  const body = { masterPasswordHash: device.passwordHash, email }
  assert.equal((await device.post('/api/two-factor/send-email', body)).status, 200)
  assert.equal((await device.put('/api/two-factor/email', { ...body, token: lastCode() })).status, 200)

  // Without a terminal it can only ask for the code, and give up.
  await assert.rejects(cli.login(server.secureUrl, email, PASSWORD, '--method', '1'))
  assert.equal(letters().length, 2)
  await assert.rejects(cli.login(server.secureUrl, email, PASSWORD, '--method', '1', '--code', '000000'))
  await cli.login(server.secureUrl, email, PASSWORD, '--method', '1', '--code', lastCode())
  assert.equal((await cli.json('status')).status, 'unlocked')
})
