/** The admin pages in a browser, before a server and behind a proxy that forgets the upgrade. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { createLogger } from '../../../src/ops/index.ts'
import { startTestServer, type TestServer } from '../../helpers/server.ts'
import { until } from '../../helpers/wait.ts'
import { nginx, startNginx } from '../../services/proxies.ts'
import { launchChromium, skipWithoutChromium } from '../chromium.ts'
import { axeFindings } from './axe.ts'
import { visit } from './visitor.ts'

const TOKEN = 'a token for the pages'

async function logIn(page: Page, token = TOKEN): Promise<void> {
  await page.getByLabel('Admin token').fill(token)
  await page.getByRole('button', { name: 'Log in' }).click()
}

async function look(page: Page): Promise<void> {
  await page.getByLabel('Silent connections').selectOption('not tried')
  await page.getByRole('button', { name: 'Look' }).click()
  await page.getByRole('button', { name: 'Look' }).waitFor({ timeout: 60_000 })
}

describe('the admin pages', { skip: skipWithoutChromium }, () => {
  let browser: Browser
  let server: TestServer
  before(async () => {
    browser = await launchChromium()
    server = await startTestServer(
      { admin: { token: TOKEN, ratelimitMaxBurst: 100 }, hub: { keepAliveMs: 1_000, clientTimeoutMs: 10_000 } },
      createLogger({ destination: { write() {} } }),
    )
  })
  after(async () => {
    await server.close()
    await browser.close()
  })

  test('are for whoever has the token', async () => {
    await using visitor = await visit(browser, { url: server.webUrl })
    const { page } = visitor
    await page.goto(`${server.webUrl}/admin`)
    assert.equal(page.url(), `${server.webUrl}/admin/`)
    await logIn(page, 'another')
    await page.getByText('That is not the admin token').waitFor()
    assert.deepEqual(await axeFindings(page), [])
    await logIn(page)
    await page.getByRole('heading', { name: 'This server' }).waitFor()
    assert.deepEqual(await axeFindings(page), [])
    await page.reload()
    await page.getByRole('button', { name: 'Log out' }).click()
    await page.getByLabel('Admin token').waitFor()
    await page.reload()
    await page.getByLabel('Admin token').waitFor()
    // The browser tells of the answer to the wrong token.
    assert.deepEqual(
      visitor.offences.filter((offence) => !offence.includes('401')),
      [],
    )
  })

  test('look at the way to the server, read the configuration, and set the log level', async () => {
    await using visitor = await visit(browser, { url: server.webUrl })
    const { page } = visitor
    await page.goto(`${server.webUrl}/admin/`)
    await logIn(page)
    await look(page)
    await page.getByText('Nothing stands in the way.').waitFor()
    assert.deepEqual(await axeFindings(page), [])
    await page.getByRole('button', { name: 'What would change?' }).click()
    await page.getByText('Nothing changes.').waitFor()
    const level = page.getByLabel('Least important events')
    assert.equal(await level.inputValue(), 'info')
    await level.selectOption('debug')
    await until(async () => (await levelOf(page)) === 'debug', 'the level that was set')
    assert.deepEqual(visitor.offences, [])
  })

  test('name what a proxy has forgotten, and the lines that mend it', { skip: nginx.skip }, async () => {
    await using proxy = await startNginx({
      rules: `location / { proxy_pass ${server.webUrl}; proxy_set_header Host $http_host;
        proxy_set_header X-Real-IP $remote_addr; proxy_http_version 1.1; }`,
    })
    const url = `http://127.0.0.1:${proxy.port}`
    await using visitor = await visit(browser, { url })
    const { page } = visitor
    await page.goto(`${url}/admin/`)
    await logIn(page)
    await look(page)
    await page.getByText('no upgrade (101) came').waitFor()
    await page.getByText('proxy_set_header Upgrade $http_upgrade;').first().waitFor()
  })
})

test('without ADMIN_TOKEN there are none', async () => {
  await using server = await startTestServer()
  const answer = await fetch(`${server.webUrl}/admin`)
  assert.equal(answer.status, 404)
  assert.match(await answer.text(), /ADMIN_TOKEN is not set/)
  assert.equal((await fetch(`${server.webUrl}/admin/session`)).status, 404)
  assert.notEqual((await fetch(`${server.webUrl}/admin.html`)).status, 200)
})

/** As the page would be told. */
async function levelOf(page: Page): Promise<string> {
  const answer = await page.request.get(new URL('status', page.url()).href)
  return (await answer.json()).status.level
}
