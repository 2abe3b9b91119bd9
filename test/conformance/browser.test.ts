/** NATS in a web page: Chromium with NATS' own client library, over compressed WebSockets, from origins good and bad. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import type { NatsConnection } from '@nats-io/nats-core'
import { connect } from '@nats-io/transport-node'
import type { Browser, Page } from 'playwright-core'
import { startTestServer, type TestServer } from '../helpers/server.ts'
import { within } from '../helpers/wait.ts'
import { launchChromium, type PageServer, servePage, skipWithoutChromium } from './chromium.ts'

const MESSAGES = 200
/** Around the bounds of a frame's length, of what is compressed, and of the 4096 bytes of a frame for browsers. */
const SIZES = [0, 1, 64, 65, 125, 126, 1000, 4095, 4096, 4097, 8192, 20_000, 65_535, 65_536, 100_000, 500_000]

const LIBRARY = new URL('node_modules/nats.ws/esm/nats.js', import.meta.url)

/** Tells `extensions` of the socket that the library opened, and says every message back as it came. */
const PAGE = `<!doctype html>
<link rel="icon" href="data:,">
<script type="module">
  import { connect } from '/library.js'

  globalThis.join = async (servers) => {
    let socket
    globalThis.WebSocket = class extends WebSocket {
      constructor(...args) {
        super(...args)
        socket = this
      }
    }
    const connection = await connect({ servers, reconnect: false })
    const subscription = connection.subscribe('to.page')
    const answerAll = async () => {
      for await (const { data } of subscription) connection.publish('from.page', data)
    }
    answerAll()
    await connection.flush()
    return { extensions: socket.extensions, origin: location.origin }
  }
</script>`

/** Of messages one after another, their lengths included. */
function digest(messages: readonly Uint8Array[]): string {
  const hash = createHash('sha256')
  for (const message of messages) hash.update(`${message.length}:`).update(message)
  return hash.digest('hex')
}

/** Every other one is of a kind that is worth compressing. */
function payloads(): Buffer[] {
  return Array.from({ length: MESSAGES }, (_, i) => {
    const size = SIZES[i % SIZES.length]!
    const line = `${i} {"event":"order","id":${i * 7919}}\r\n`
    return i % 2 === 0 ? Buffer.alloc(size, line) : noise(size, i)
  })
}

/** Bytes that do not become smaller, the same for the same `seed`. */
function noise(length: number, seed: number): Buffer {
  return createHash('shake256', { outputLength: Math.max(length, 1) })
    .update(String(seed))
    .digest()
    .subarray(0, length)
}

describe('a page in Chromium', { skip: skipWithoutChromium }, () => {
  let browser: Browser
  let pages: PageServer
  let strangers: PageServer
  let server: TestServer
  let service: NatsConnection

  before(async () => {
    pages = await servePage(PAGE, LIBRARY)
    strangers = await servePage(PAGE, LIBRARY)
    server = await startTestServer({ websocket: { compression: true, allowedOrigins: [pages.origin] } })
    service = await connect({ servers: server.natsUrl })
    browser = await launchChromium()
  })

  after(async () => {
    await browser?.close()
    await service?.close()
    await server?.close()
    await pages?.[Symbol.asyncDispose]()
    await strangers?.[Symbol.asyncDispose]()
  })

  const open = async (origin: string): Promise<Page> => {
    const page = await browser.newPage()
    await page.goto(origin)
    await page.waitForFunction('globalThis.join !== undefined')
    return page
  }
  const join = (page: Page) =>
    page.evaluate<{ extensions: string; origin: string }>(`join(${JSON.stringify(server.webSocketUrl)})`)

  test('has every message intact and in order, compressed, and its own arrive', async () => {
    const page = await open(pages.origin)
    const { extensions, origin } = await join(page)
    assert.match(extensions, /^permessage-deflate\b/)
    assert.equal(origin, pages.origin)

    const answers: Uint8Array[] = []
    const subscription = service.subscribe('from.page', { max: MESSAGES })
    const sent = payloads()
    const heardAll = (async () => {
      for await (const { data } of subscription) answers.push(data)
    })()
    for (const payload of sent) service.publish('to.page', payload)
    await within(heardAll, `${MESSAGES} messages there and back`, 30_000)
    assert.equal(digest(answers), digest(sent))
    await page.close()
  })

  test('of another origin is refused', async () => {
    const page = await open(strangers.origin)
    const refusal = page.waitForEvent('console', (line) => line.text().includes('WebSocket'))
    await assert.rejects(join(page), /NatsError/)
    assert.match((await refusal).text(), /Unexpected response code: 403/)
    await page.close()
  })
})
