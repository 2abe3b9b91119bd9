/**
 * Takes the pictures of docs/images, of the web vault as it is built now: `node scripts/screenshots.ts`, half a minute.
 * Needs the web vault built (`npm start`), what test/conformance/package.json names, and Chromium.
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { launchChromium } from '../test/conformance/chromium.ts'
import { fillSampleVault } from '../test/conformance/web/sample-vault.ts'
import { type Visitor, type VisitorOptions, visit } from '../test/conformance/web/visitor.ts'
import { register } from '../test/helpers/account.ts'
import { startTestServer } from '../test/helpers/server.ts'
import { Client } from '../test/web/vault/client.ts'

const FOLDER = join(import.meta.dirname, '../docs/images')
const EMAIL = 'mira.holm@example.org'
const MOST_BYTES = 150 * 1024
/** Of WebP; the first that makes a picture small enough is taken. */
const QUALITIES = [92, 85, 75, 60]

const DESK = { viewport: { width: 1280, height: 760 }, deviceScaleFactor: 1.5 } as const
const PHONE = { viewport: { width: 390, height: 760 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true } as const

await using server = await startTestServer({ vault: {}, web: { servesWebVault: true } })
const url = server.webUrl
await register({ server: url, email: EMAIL, name: 'Mira Holm' })
const { ids } = await fillSampleVault({ url, email: EMAIL })
await mkdir(FOLDER, { recursive: true })
const browser = await launchChromium()
try {
  await picture('vault', { ...DESK, colorScheme: 'light' }, `item/${ids.get('Code forge')}`)
  await picture('vault-dark', { ...DESK, colorScheme: 'dark' }, `item/${ids.get('Mail')}`)
  await picture('editor', { ...DESK, colorScheme: 'light' }, `item/${ids.get('Cloud console')}/edit`)
  await picture('generator-dark', { ...DESK, colorScheme: 'dark' }, 'generator')
  await picture('phone', { ...PHONE, colorScheme: 'light' }, 'vault')
  await picture('phone-item-dark', { ...PHONE, colorScheme: 'dark' }, `item/${ids.get('Mail')}`)
  await changesOfAnother()
} finally {
  await browser.close()
}

async function picture(name: string, options: Omit<VisitorOptions, 'url'>, address: string): Promise<void> {
  await using visitor = await visit(browser, { url, reducedMotion: 'reduce', ...options })
  await visitor.logIn(EMAIL)
  await visitor.page.goto(`${url}/#/${address}`)
  await visitor.page.getByText('Live', { exact: true }).waitFor()
  await visitor.page.waitForLoadState('networkidle')
  await take(visitor.page, name)
}

/** What is seen of what another device has just done. */
async function changesOfAnother(): Promise<void> {
  await using visitor = await visit(browser, { url, reducedMotion: 'reduce', ...DESK, colorScheme: 'light' })
  await visitor.logIn(EMAIL)
  await visitor.page.getByText('Live', { exact: true }).waitFor()
  await visitor.page.getByText('Bookshop').waitFor()
  using other = await Client.open({ url, email: EMAIL, isLive: false })
  await other.rename(ids.get('Bookshop')!, 'Bookshop at the harbour')
  await other.create('Airport parking')
  await visitor.page.getByText('Airport parking').first().waitFor()
  await visitor.page.getByText('Bookshop at the harbour').first().waitFor()
  await take(visitor.page, 'changed-elsewhere')
}

async function take(page: Visitor['page'], name: string): Promise<void> {
  // What the pointer rests on looks different.
  await page.mouse.move(0, 0)
  const session = await page.context().newCDPSession(page)
  for (const quality of QUALITIES) {
    const { data } = await session.send('Page.captureScreenshot', { format: 'webp', quality })
    const bytes = Buffer.from(data, 'base64')
    if (bytes.length > MOST_BYTES) continue
    await writeFile(join(FOLDER, `${name}.webp`), bytes)
    console.log(`${name}.webp: ${Math.round(bytes.length / 1024)} KiB`)
    return
  }
  throw new Error(`${name} has more than ${MOST_BYTES} bytes`)
}
