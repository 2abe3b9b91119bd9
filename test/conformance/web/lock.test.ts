/** What a lock leaves on the page, and in the memory of the browser: nothing of what was decrypted. In Chromium. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { registerAndLogin } from '../../helpers/account.ts'
import { startTestServer, type TestServer } from '../../helpers/server.ts'
import { until } from '../../helpers/wait.ts'
import { launchChromium, servePage, skipWithoutChromium } from '../chromium.ts'
import { visit } from './visitor.ts'

const options = { skip: skipWithoutChromium }
const DEADLINE_MS = 30_000

let browser: Browser | undefined
let server: TestServer
before(async () => {
  if (skipWithoutChromium) return
  browser = await launchChromium({ keepsPages: true })
  server = await startTestServer({ vault: {}, web: { servesWebVault: true } })
})
after(async () => {
  await browser?.close()
  await server?.close()
})

async function open() {
  const url = server.webUrl
  const email = `${randomUUID()}@example.com`
  const device = await registerAndLogin({ server: url, email })
  const folder = (await device.post('/api/folders', { name: device.encrypt('Folder-7Qz') })).json
  const { login } = device.loginItem('')
  const secrets = { username: 'User-7Qz', password: 'Password-7Qz', totp: 'JBSWY3DPEHPK3PXP' }
  const item = device.loginItem('Name-7Qz', {
    folderId: folder.id,
    notes: device.encrypt('Notes-7Qz'),
    login: {
      ...login,
      ...Object.fromEntries(Object.entries(secrets).map(([name, text]) => [name, device.encrypt(text)])),
    },
  })
  const { id } = (await device.post('/api/ciphers', item)).json
  const visitor = await visit(browser!, { url })
  visitor.page.setDefaultTimeout(DEADLINE_MS)
  await visitor.logIn(email)
  return {
    ...visitor,
    url,
    id,
    device,
    folderId: folder.id,
    [Symbol.asyncDispose]: () => visitor[Symbol.asyncDispose](),
  }
}

const isLocked = (page: Page) => page.getByRole('button', { name: 'Unlock' }).waitFor()

/** As another tab does. */
const lock = (page: Page) =>
  page.evaluate(`{
    const channel = new BroadcastChannel('belfry:/')
    channel.postMessage({ kind: 'locked' })
    setTimeout(() => channel.close(), 1_000)
  }`)

test('a question and a message about what is in the vault go when it is locked', options, async () => {
  await using vault = await open()
  const { page, device } = vault
  await page.goto(`${vault.url}/#/vault/folder/${vault.folderId}`)
  await page.getByRole('button', { name: /Folder-7Qz/ }).click()
  await page.getByRole('menuitem', { name: 'Delete' }).click()
  await page.getByRole('dialog').waitFor()
  await lock(page)
  await isLocked(page)
  assert.equal(await page.getByRole('dialog').count(), 0, 'a yes would delete it')
  assert.ok(!(await page.content()).includes('7Qz'))
  assert.equal((await device.get(`/api/folders/${vault.folderId}`)).status, 200)
  assert.deepEqual(vault.offences, [])
})

test('of a vault that was locked nothing that was decrypted is in memory', options, async () => {
  await using vault = await open()
  const { page } = vault
  await page.goto(`${vault.url}/#/item/${vault.id}`)
  await page.getByRole('button', { name: 'Show Password' }).click()
  await page.getByText('User-7Qz').first().waitFor()
  await page.getByRole('searchbox').fill('zzz')
  await page.getByRole('searchbox').fill('')
  await page.goto(`${vault.url}/#/item/${vault.id}/edit`)
  await page.getByLabel('Username', { exact: true }).waitFor()
  await page.goto(`${vault.url}/#/vault`)
  await page.getByLabel('Username', { exact: true }).waitFor({ state: 'detached' })
  assert.notDeepEqual(await decryptedIn(page), [])
  await lock(page)
  await isLocked(page)
  await until(async () => (await decryptedIn(page)).length === 0, 'the garbage to be collected', DEADLINE_MS)
})

/** What of the item's texts the heap holds after the garbage is collected. */
async function decryptedIn(page: Page): Promise<string[]> {
  const devTools = await page.context().newCDPSession(page)
  const chunks: string[] = []
  devTools.on('HeapProfiler.addHeapSnapshotChunk', ({ chunk }) => chunks.push(chunk))
  await devTools.send('HeapProfiler.enable')
  await devTools.send('HeapProfiler.collectGarbage')
  await devTools.send('HeapProfiler.takeHeapSnapshot')
  await devTools.detach()
  const { strings }: { strings: string[] } = JSON.parse(chunks.join(''))
  return strings.filter((text) => /7qz|JBSWY3DP/i.test(text))
}

test('whoever goes back to a page that was left finds the vault locked', options, async () => {
  await using vault = await open()
  const { page } = vault
  await page.getByRole('link', { name: /Name-7Qz/ }).waitFor()
  await page.evaluate(`addEventListener('pageshow', ({ persisted }) => { globalThis.wasKept = persisted })`)
  await using elsewhere = await servePage('<title>Elsewhere</title>', new URL(import.meta.url))
  await page.goto(elsewhere.origin)
  await page.goBack({ waitUntil: 'commit' })
  await isLocked(page)
  assert.equal(await page.evaluate('globalThis.wasKept'), true, 'the browser has shown the page as it was')
  assert.ok(!(await page.content()).includes('7Qz'))
})
