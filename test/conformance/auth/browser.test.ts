/** A page whose server has set a cookie: Chromium brings it with the upgrade, and NATS takes it for the user's JWT. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { type Browser, chromium, type Page } from 'playwright-core'
import { requireProgram } from '../../helpers/programs.ts'
import { Operator } from './operator.ts'
import { plainText, type RunningImplementation, table } from './sites.ts'

const BROWSER_START_MS = 60_000

/** Joins without credentials of its own, and tells what becomes of a message to itself. */
const PAGE = `<!doctype html>
<link rel="icon" href="data:,">
<script type="module">
  import { connect } from '/nats.js'

  globalThis.join = async (servers) => {
    const connection = await connect({ servers, reconnect: false })
    const subscription = connection.subscribe('page', { max: 1 })
    connection.publish('page', 'hello')
    for await (const message of subscription) {
      await connection.close()
      return message.string()
    }
  }
</script>`

/** Sets the cookie that the query asks for, out of reach of the page's scripts. */
class PageServer implements AsyncDisposable {
  readonly #http = createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://page')
    const isLibrary = pathname === '/nats.js'
    const cookie = searchParams.get('cookie')
    if (cookie !== null) response.setHeader('Set-Cookie', `${cookie}; HttpOnly; SameSite=Strict; Path=/`)
    response.setHeader('Content-Type', isLibrary ? 'text/javascript' : 'text/html')
    response.end(isLibrary ? await library : PAGE)
  })

  static async start(): Promise<PageServer> {
    const server = new PageServer()
    await new Promise<void>((resolve) => server.#http.listen(0, '127.0.0.1', resolve))
    return server
  }

  url(cookie: string): string {
    const { port } = this.#http.address() as AddressInfo
    return `http://127.0.0.1:${port}/?${new URLSearchParams({ cookie })}`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#http.closeAllConnections()
    await new Promise((resolve) => this.#http.close(resolve))
  }
}

const library = readFile(new URL('../node_modules/nats.ws/esm/nats.js', import.meta.url))
const { path: executablePath, skip } = requireProgram('chromium')

const operator = new Operator()
const account = operator.account('A')
const bearer = await account.user('bearer', { claims: { bearer_token: true } })
const signing = await account.user('signing')
const config = plainText({
  main: await operator.memoryConfig({ [account.key]: await account.jwt() }),
  webSocket: 'jwt_cookie: "session"',
})

describe('a page in Chromium', { skip }, () => {
  let browser: Browser
  let pages: PageServer
  before(async () => {
    pages = await PageServer.start()
    browser = await chromium.launch({
      executablePath,
      timeout: BROWSER_START_MS,
      args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-sync'],
    })
  })
  after(async () => {
    await browser?.close()
    await pages?.[Symbol.asyncDispose]()
  })

  table((implementation) => {
    let server: RunningImplementation
    before(async () => {
      server = await implementation.start(config)
    })
    after(() => server?.[Symbol.asyncDispose]())

    /** In a profile of its own, with this cookie. */
    const join = async (cookie: string): Promise<string> => {
      const context = await browser.newContext()
      try {
        const page: Page = await context.newPage()
        await page.goto(pages.url(cookie))
        await page.waitForFunction('globalThis.join !== undefined')
        return await page.evaluate<string>(`join("ws://127.0.0.1:${server.webSocket.port}")`)
      } finally {
        await context.close()
      }
    }

    test('is in with a bearer in the cookie', async () => {
      assert.equal(await join(`session=${bearer.jwt}`), 'hello')
    })

    test('is refused with a JWT that has to be signed for, with another cookie and with garbage', async () => {
      for (const cookie of [`session=${signing.jwt}`, `other=${bearer.jwt}`, 'session=garbage']) {
        await assert.rejects(join(cookie), /Authorization Violation/)
      }
    })
  })
})
