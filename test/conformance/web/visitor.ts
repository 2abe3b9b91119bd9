/** A browser of its own before the web vault, which writes down whatever should not happen in one. */
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { PASSWORD } from '../../helpers/account.ts'

const DEADLINE_MS = 30_000

export interface Visitor extends AsyncDisposable {
  readonly page: Page
  /** What was refused by the page's policy, asked of another server, or is an error on the console. */
  readonly offences: readonly string[]
  /** Until the vault is open. */
  logIn(email: string): Promise<void>
}

export interface VisitorOptions extends BrowserContextOptions {
  /** The web vault's address, without a slash at its end. */
  readonly url: string
  /** Is called before the page is asked for. */
  readonly watch?: (page: Page) => void
}

export async function visit(browser: Browser, { url, watch, ...options }: VisitorOptions): Promise<Visitor> {
  const context = await browser.newContext({ locale: 'en-GB', viewport: { width: 1280, height: 800 }, ...options })
  const page = await context.newPage()
  const offences: string[] = []
  await page.exposeFunction('noteRefused', (what: string) => offences.push(what))
  await page.addInitScript(`document.addEventListener('securitypolicyviolation', (event) =>
    noteRefused(['policy:', event.effectiveDirective, event.blockedURI, event.sourceFile].join(' ')))`)
  page.on('request', (request) => {
    const asked = request.url()
    if (!asked.startsWith(`${url}/`) && !/^(?:data|blob):/.test(asked)) offences.push(`stranger: ${asked}`)
  })
  page.on('pageerror', (error) => offences.push(`thrown: ${error.stack}`))
  page.on('console', (message) => {
    if (message.type() === 'error') offences.push(`console: ${message.text()} ${message.location().url}`)
  })
  watch?.(page)
  await page.goto(url)
  return {
    page,
    offences,
    async logIn(email) {
      // In any language.
      await page.locator('input[type=email]').fill(email)
      await page.locator('input[type=password]').fill(PASSWORD)
      await page.locator('button[type=submit]').click()
      await page.locator('header nav').waitFor({ timeout: DEADLINE_MS })
    },
    [Symbol.asyncDispose]: () => context.close(),
  }
}
