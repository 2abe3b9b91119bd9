/** What a browser fetches of the web vault before somebody sees their items, in bytes as they come over the wire. */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { after, before, test } from 'node:test'
import type { Browser, Request } from 'playwright-core'
import { registerAndLogin } from '../../helpers/account.ts'
import { startTestServer, type TestServer } from '../../helpers/server.ts'
import { launchChromium, skipWithoutChromium } from '../chromium.ts'
import { type Visitor, visit } from './visitor.ts'

const DEADLINE_MS = 30_000

/** Of all JavaScript until the items of a vault are shown, compressed. */
const MOST_BYTES = 150_000

/** Something that stands in a part and in no other: what that part is for. */
const PARTS = {
  /** WebAssembly in base64. */
  Argon2id: 'AGFzbQ',
  'the Chinese texts': '主密码',
  /** The first word. */
  'the words of passphrases': 'abdomen',
} as const

let browser: Browser | undefined
let server: TestServer
before(async () => {
  if (skipWithoutChromium) return
  browser = await launchChromium()
  server = await startTestServer({ vault: {} })
})
after(async () => {
  await server?.close()
  await browser?.close()
})

interface Fetched {
  readonly url: string
  readonly bytes: number
  readonly coding: string | undefined
  readonly text: string
}

/** A browser that was never here, with the scripts that it fetches. */
async function newcomer(locale: string) {
  const scripts: Promise<Fetched>[] = []
  const visitor = await visit(browser!, {
    url: server.webUrl,
    locale,
    watch(page) {
      page.on('requestfinished', (request) => {
        if (request.resourceType() === 'script') scripts.push(readFetched(request))
      })
    },
  })
  return { ...visitor, scripts: () => Promise.all(scripts) }
}

async function readFetched(request: Request): Promise<Fetched> {
  const [answer, { responseBodySize }] = [(await request.response())!, await request.sizes()]
  const coding = (await answer.headerValue('Content-Encoding')) ?? undefined
  return { url: request.url(), bytes: responseBodySize, coding, text: await answer.text() }
}

/** Until nothing more is fetched by itself. */
async function logIn({ page, logIn }: Visitor, email: string): Promise<void> {
  await logIn(email)
  await page.getByText('My bank').first().waitFor({ timeout: DEADLINE_MS })
  await page.getByText('Live', { exact: true }).waitFor({ timeout: DEADLINE_MS })
  await page.waitForLoadState('networkidle')
}

test('an account that nothing special is needed for sees its items after 150 KB of JavaScript', {
  skip: skipWithoutChromium,
}, async (t) => {
  const alice = await registerAndLogin({ server: server.webUrl })
  await alice.post('/api/ciphers', alice.loginItem('My bank'))
  await using visitor = await newcomer('en-GB')
  await visitor.page.waitForLoadState('networkidle')
  const signedOut = sum(await visitor.scripts())
  await logIn(visitor, alice.email)
  const scripts = await visitor.scripts()
  t.diagnostic(`${signedOut} bytes until one can log in, ${sum(scripts)} with the items, in ${scripts.length} files`)
  assert.ok(signedOut > 10_000, 'it is JavaScript that shows the page')
  assert.ok(sum(scripts) <= MOST_BYTES, `${sum(scripts)} bytes`)
  for (const { url, text, coding, bytes } of scripts) {
    for (const [part, mark] of Object.entries(PARTS)) assert.ok(!text.includes(mark), `${part} in ${url}`)
    if (bytes > 1024) assert.equal(coding, 'br', url)
  }
  assert.deepEqual(visitor.offences, [])
})

test('an account with Argon2id, and a browser in Chinese, fetch what they need besides', {
  skip: skipWithoutChromium,
}, async () => {
  const kdf = { type: 1, iterations: 2, memory: 16, parallelism: 1 } as const
  const alice = await registerAndLogin({ server: server.webUrl, kdf })
  await alice.post('/api/ciphers', alice.loginItem('My bank'))
  await using visitor = await newcomer('en-GB')
  await logIn(visitor, alice.email)
  assert.ok((await visitor.scripts()).some(({ text }) => text.includes(PARTS.Argon2id)))

  await using chinese = await newcomer('zh-CN')
  await chinese.page.getByLabel('主密码').first().waitFor({ timeout: DEADLINE_MS })
  assert.ok((await chinese.scripts()).some(({ text }) => text.includes(PARTS['the Chinese texts'])))
  for (const { offences } of [visitor, chinese]) assert.deepEqual(offences, [])
})

test('each part that is loaded by itself is there, under the mark that it is known by here', () => {
  const built = path.join(import.meta.dirname, '../../../web/dist')
  const texts = globSync('assets/*.js', { cwd: built }).map((name) => readFileSync(path.join(built, name), 'utf8'))
  for (const [part, mark] of Object.entries(PARTS)) {
    assert.equal(texts.filter((text) => text.includes(mark)).length, 1, part)
  }
})

const sum = (scripts: readonly Fetched[]): number => scripts.reduce((bytes, script) => bytes + script.bytes, 0)
