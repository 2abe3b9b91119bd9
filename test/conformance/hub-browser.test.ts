/** The hub in a web page of another origin: Chromium with SignalR's own client, over each transport. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { ALICE, type HubServer, startHub } from '../doors/hub/hub-server.ts'
import { launchChromium, type PageServer, servePage, skipWithoutChromium } from './chromium.ts'

const AT = new Date('2024-01-02T03:04:05.678Z')
const LIBRARY = new URL('node_modules/@microsoft/signalr/dist/browser/signalr.js', import.meta.url)

/** Says that it listens by its title; `heard` has the first event. */
const PAGE = `<!doctype html>
<link rel="icon" href="data:,">
<script src="/library.js"></script>
<script>
  globalThis.listen = async (url, transport, token) => {
    const connection = new signalR.HubConnectionBuilder()
      .withUrl(url, { transport: signalR.HttpTransportType[transport], accessTokenFactory: () => token })
      .configureLogging(signalR.LogLevel.None)
      .build()
    globalThis.heard = new Promise((resolve) => connection.on('ReceiveMessage', resolve))
    globalThis.leave = () => connection.stop()
    await connection.start()
  }
</script>`

describe('a page in Chromium', { skip: skipWithoutChromium }, () => {
  let browser: Browser
  let pages: PageServer
  let strangers: PageServer
  let hub: HubServer

  before(async () => {
    pages = await servePage(PAGE, LIBRARY)
    strangers = await servePage(PAGE, LIBRARY)
    hub = await startHub({ origins: { sameOrigin: false, allowedOrigins: [pages.origin] } })
    browser = await launchChromium()
  })

  after(async () => {
    await browser?.close()
    await hub?.[Symbol.asyncDispose]()
    await pages?.[Symbol.asyncDispose]()
    await strangers?.[Symbol.asyncDispose]()
  })

  const listen = async (page: Page, origin: string, transport: string) => {
    await page.goto(origin)
    const args = [`http://127.0.0.1:${hub.port}/notifications/hub`, transport, ALICE]
    await page.evaluate(`listen(...${JSON.stringify(args)})`)
  }

  for (const transport of ['WebSockets', 'ServerSentEvents', 'LongPolling']) {
    test(`of another origin that is allowed hears over ${transport}`, async () => {
      const page = await browser.newPage()
      await listen(page, pages.origin, transport)
      hub.notifier.account('SyncSettings', ALICE, AT, null)
      assert.deepEqual(await page.evaluate('heard'), {
        contextId: null,
        type: 10,
        payload: { userId: ALICE, date: '2024-01-02T03:04:05.678Z' },
      })
      await page.evaluate('leave()')
      await page.close()
    })
  }

  test('of any other origin does not', async () => {
    const page = await browser.newPage()
    await assert.rejects(listen(page, strangers.origin, 'LongPolling'), /Failed to complete negotiation/)
    assert.ok(hub.log.some((line) => line.includes('refused for its origin')))
    await page.close()
  })
})
