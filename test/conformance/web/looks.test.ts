/** Every page of the web vault in Chromium: what screen readers meet, what the keyboard reaches, light, dark, phones. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import axe from 'axe-core'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { PASSWORD, register } from '../../helpers/account.ts'
import { startTestServer, type TestServer } from '../../helpers/server.ts'
import { launchChromium, skipWithoutChromium } from '../chromium.ts'
import { fillSampleVault, type SampleVault } from './sample-vault.ts'
import { type Visitor, visit } from './visitor.ts'

const DEADLINE_MS = 30_000
const EMAIL = 'mira.holm@example.org'

let browser: Browser
let server: TestServer
let sample: SampleVault
before(async () => {
  if (skipWithoutChromium) return
  server = await startTestServer({ vault: {}, web: { servesWebVault: true } })
  await register({ server: server.webUrl, email: EMAIL })
  sample = await fillSampleVault({ url: server.webUrl, email: EMAIL })
  browser = await launchChromium()
})
after(async () => {
  await browser?.close()
  await server?.close()
})

const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true } as const

const LOOKS: Readonly<Record<string, BrowserContextOptions>> = {
  'in light colours': { colorScheme: 'light' },
  'in dark colours': { colorScheme: 'dark' },
  'on a phone': { ...PHONE, colorScheme: 'light' },
  'in a window of 320 px': { colorScheme: 'light', viewport: { width: 320, height: 480 } },
  'on a phone, in Chinese and dark colours': { ...PHONE, colorScheme: 'dark', locale: 'zh-CN' },
}

/** Addresses of pages for somebody who is not signed in. */
const OUTSIDE = ['login', 'register', 'hint', 'recover-2fa', 'recover-delete', 'verify-recover-delete', 'nowhere']

/** Addresses of pages of an open vault. */
function inside(): readonly string[] {
  const item = (name: string) => `item/${sample.ids.get(name)}`
  return [
    ...['vault', 'vault/favorites', 'vault/trash', 'vault/archive'],
    ...[item('Mail'), item('Code forge'), item('Everyday card'), item('Mira Holm'), item('Deploy key')],
    ...[item('Wi-Fi at home'), item('Old forum'), `${item('Code forge')}/edit`, `${item('Mira Holm')}/edit`],
    ...['login', 'card', 'identity', 'secureNote', 'sshKey'].map((type) => `item/new/${type}`),
    ...['sends', 'generator', 'tools/import', 'tools/export', 'settings', 'nowhere'],
    ...['account', 'security', 'two-step', 'devices', 'preferences', 'domains'].map((page) => `settings/${page}`),
  ]
}

const guest = (options: BrowserContextOptions = {}) =>
  visit(browser, { url: server.webUrl, reducedMotion: 'reduce', ...options })

async function go(page: Page, address: string): Promise<void> {
  await page.goto(`${server.webUrl}/#/${address}`)
  await page.getByRole('heading', { level: 1 }).first().waitFor({ timeout: DEADLINE_MS })
  await page.waitForLoadState('networkidle')
}

/** What axe finds on a page, by rule and place. */
async function findings(page: Page): Promise<string[]> {
  await page.evaluate(axe.source)
  const { violations } = await page.evaluate<axe.AxeResults>("axe.run(document, { resultTypes: ['violations'] })")
  return violations.flatMap(({ id, impact, nodes }) =>
    nodes.slice(0, 3).map(({ target, failureSummary = '' }) => {
      const why = failureSummary.split('\n').slice(1).join(';')
      return `${impact} ${id} at ${target}: ${why}${nodes.length > 3 ? ` (${nodes.length} times)` : ''}`
    }),
  )
}

/** Whatever is wider than its window: a page is scrolled in one direction. */
const TOO_WIDE = `[document.scrollingElement, document.querySelector('main')]
  .filter((element) => element && element.scrollWidth > element.clientWidth)
  .map((element) => element.localName + ': ' + element.scrollWidth + ' px in ' + element.clientWidth)`

async function lookAt({ page }: Visitor, addresses: readonly string[]): Promise<string[]> {
  const wrong: string[] = []
  for (const address of addresses) {
    await go(page, address)
    const [headings, tooWide] = [await page.getByRole('heading', { level: 1 }).count(), await page.evaluate(TOO_WIDE)]
    wrong.push(...(await findings(page)).map((finding) => `#/${address}: ${finding}`))
    wrong.push(...(tooWide as string[]).map((width) => `#/${address} is too wide: ${width}`))
    if (headings === 0) wrong.push(`#/${address} has no heading of the first level`)
  }
  return wrong
}

describe('the pages of the web vault', { skip: skipWithoutChromium }, () => {
  for (const [look, options] of Object.entries(LOOKS)) {
    test(`${look} can be read by everybody, fit into the window, and ask nobody else`, async () => {
      await using visitor = await guest(options)
      const outside = await lookAt(visitor, OUTSIDE)
      await go(visitor.page, 'login')
      await visitor.logIn(EMAIL)
      const wrong = [...outside, ...(await lookAt(visitor, inside()))]
      await visitor.page.reload()
      await visitor.page.locator('input[type=password]').waitFor()
      wrong.push(...(await findings(visitor.page)).map((finding) => `locked: ${finding}`))
      assert.deepEqual(wrong, [])
      assert.deepEqual(visitor.offences, [])
    })
  }
})

describe('a message', { skip: skipWithoutChromium }, () => {
  for (const [place, options] of Object.entries({ 'at a desk': {}, 'on a phone': PHONE })) {
    test(`about what could not be saved leaves the button free that saves, ${place}`, async () => {
      await using visitor = await guest(options)
      const { page } = visitor
      await visitor.logIn(EMAIL)
      await go(page, `item/${sample.ids.get('Bank')}/edit`)
      await page.context().setOffline(true)
      const save = page.getByRole('button', { name: 'Save', exact: true })
      await page.getByLabel('Name', { exact: true }).fill(`Bank ${place}`)
      await save.click()
      const message = page.getByText('The server cannot be reached.').filter({ visible: true }).last()
      await message.waitFor()
      const [above, below] = [await message.boundingBox(), await save.boundingBox()]
      assert.ok(above!.y + above!.height < below!.y, `${JSON.stringify(above)} is upon ${JSON.stringify(below)}`)

      await page.context().setOffline(false)
      await save.click()
      await page.getByRole('heading', { name: `Bank ${place}` }).waitFor()
    })
  }
})

describe('where the colours are the system’s', { skip: skipWithoutChromium }, () => {
  /** What each is drawn with beside its letters. */
  const drawn = (page: Page, selector: string, pseudo = ''): Promise<string[]> =>
    page.evaluate(`[...document.querySelectorAll('${selector}')].map((element) => {
      const { backgroundColor, borderInlineStart } = getComputedStyle(element, '${pseudo}')
      return backgroundColor + ' ' + borderInlineStart
    })`)

  test('it is seen which page, which items and which item are chosen, and what colours there are for an account', async () => {
    await using visitor = await guest({ forcedColors: 'active', colorScheme: 'dark' })
    const { page } = visitor
    await visitor.logIn(EMAIL)
    await go(page, `item/${sample.ids.get('Code forge')}`)
    const [canvas] = await drawn(page, 'body')
    const tab = await drawn(page, 'header nav a[aria-current]', '::after')
    const item = await drawn(page, '.open', '::before')
    assert.deepEqual([tab.length, item.length], [1, 1])
    for (const mark of [...tab, ...item]) assert.notEqual(mark.split(' 0px')[0], canvas!.split(' 0px')[0])
    assert.equal(new Set(await drawn(page, 'ul.filters a')).size, 2)

    await go(page, 'settings/account')
    assert.equal(new Set(await drawn(page, '.pages a')).size, 2)
    const colours = await drawn(page, '.colors span')
    assert.ok(colours.length > 1)
    assert.equal(new Set(colours).size, colours.length)
  })
})

/** The element that has the focus, and whether that is seen: by an outline of its own, or of the box that it is in. */
const FOCUS = `(() => {
  const element = document.activeElement
  const isOutlined = (box) => box && getComputedStyle(box).outlineStyle !== 'none'
  const name = element.getAttribute('aria-label') ?? element.labels?.[0]?.textContent ?? element.textContent
  return {
    name: name.trim().replace(/\\s+/g, ' '),
    isSeen: element !== document.body && (isOutlined(element) || isOutlined(element.parentElement) ||
      isOutlined(element.nextElementSibling)),
  }
})()`

interface Focus {
  readonly name: string
  readonly isSeen: boolean
}

describe('with the keyboard alone', { skip: skipWithoutChromium }, () => {
  test('one logs in, finds an item, reads it, locks the vault and opens it again', async () => {
    await using visitor = await guest({ permissions: ['clipboard-read', 'clipboard-write'] })
    const { page } = visitor
    const { keyboard } = page
    const focus = () => page.evaluate<Focus>(FOCUS)
    /** Goes on with Tab until something is reached; everything on the way shows that it has the focus. */
    const tabTo = async (name: string, most = 40) => {
      const passed: string[] = []
      for (let i = 0; i < most; i++) {
        await keyboard.press('Tab')
        const { name: here, isSeen } = await focus()
        if (await page.evaluate('document.activeElement === document.body')) break
        assert.ok(isSeen, `the focus is seen at "${here}"`)
        if (here === name) return
        passed.push(here)
      }
      assert.fail(`Tab does not lead to "${name}" but to ${passed.join(', ')}`)
    }

    await page.getByRole('textbox', { name: 'Email' }).waitFor()
    await page.getByRole('textbox', { name: 'Email' }).focus()
    await keyboard.type(EMAIL)
    await tabTo('Master password')
    await keyboard.type(PASSWORD)
    await keyboard.press('Enter')
    await page.getByRole('listitem').filter({ hasText: 'Code forge' }).waitFor({ timeout: DEADLINE_MS })

    await keyboard.press('/')
    await keyboard.type('forge')
    await page.getByRole('listitem').filter({ hasText: 'Bookshop' }).waitFor({ state: 'detached' })
    await page.getByRole('listitem').filter({ hasText: 'Code forge' }).getByRole('link').first().focus()
    await keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Code forge' }).waitFor()
    await tabTo('Copy Password')
    await keyboard.press('Enter')
    await page.getByText('Copied').first().waitFor()
    assert.equal(await page.evaluate('navigator.clipboard.readText()'), 'sample-Zinnia-41-Harbour')

    await page.getByRole('button', { name: 'Account' }).focus()
    await keyboard.press('Enter')
    await keyboard.press('ArrowDown')
    assert.equal((await focus()).name, 'Lock now')
    await keyboard.press('Enter')
    await page.getByRole('button', { name: 'Unlock' }).waitFor()
    assert.equal((await focus()).name, 'Master password')
    await keyboard.type(PASSWORD)
    await keyboard.press('Enter')
    await page.getByRole('navigation', { name: 'Main' }).waitFor({ timeout: DEADLINE_MS })
    assert.deepEqual(visitor.offences, [])
  })

  test('one goes through a long list by arrows, and past the navigation to what is on the page', async () => {
    await using visitor = await guest()
    const { page } = visitor
    const { keyboard } = page
    await visitor.logIn(EMAIL)
    const rows = page.getByRole('list', { name: /./ }).locator('[aria-posinset]')
    await rows.first().waitFor({ timeout: DEADLINE_MS })
    const size = Number(await rows.first().getAttribute('aria-setsize'))
    assert.ok(size > 20)
    const place = () =>
      page.evaluate<string>("document.activeElement.closest('[aria-posinset]')?.getAttribute('aria-posinset')")
    await rows.first().getByRole('link').first().focus()
    for (const [key, expected] of [
      ['ArrowDown', 2],
      ['End', size],
      ['ArrowDown', size],
      ['ArrowUp', size - 1],
      ['Home', 1],
    ] as const) {
      await keyboard.press(key)
      await page.locator(`[aria-posinset="${expected}"]:focus-within`).waitFor()
      assert.equal(Number(await place()), expected)
    }
    const skip = page.getByRole('button', { name: 'Skip to content' })
    await skip.focus()
    assert.ok(await skip.isVisible())
    await keyboard.press('Enter')
    assert.equal(await page.evaluate('document.activeElement.localName'), 'main')
  })
})

describe('a menu', { skip: skipWithoutChromium }, () => {
  test('closes by its button, by Escape and by Tab', async () => {
    await using visitor = await guest()
    const { page } = visitor
    const button = page.getByRole('button', { name: 'Theme' })
    const menu = page.getByRole('menu', { name: 'Theme' })
    const close = [() => button.click(), () => page.keyboard.press('Escape'), () => page.keyboard.press('Shift+Tab')]
    const expanded = page.locator('[aria-expanded=true]')
    for (const act of close) {
      await button.click()
      await menu.waitFor()
      await expanded.waitFor()
      await act()
      await menu.waitFor({ state: 'hidden' })
      await expanded.waitFor({ state: 'detached' })
    }
    assert.deepEqual(visitor.offences, [])
  })
})

describe('what somebody likes', { skip: skipWithoutChromium }, () => {
  const background = (page: Page) => page.evaluate<string>('getComputedStyle(document.documentElement).backgroundColor')

  test('is Chinese at once where the browser is, and English for whoever chooses it, also the next time', async () => {
    await using visitor = await guest({ locale: 'zh-CN' })
    const { page } = visitor
    await page.getByText('主密码').first().waitFor()
    assert.equal(await page.getAttribute('html', 'lang'), 'zh-CN')
    await page.getByRole('button', { name: '语言' }).click()
    await page.getByRole('menuitemcheckbox', { name: 'English' }).click()
    await page.getByText('Master password').first().waitFor()
    assert.equal(await page.getAttribute('html', 'lang'), 'en')
    await page.reload()
    await page.getByText('Master password').first().waitFor()
    assert.equal(await page.getByText('主密码').count(), 0)
    assert.deepEqual(visitor.offences, [])
  })

  test('is dark as the system is, or light by choice, and that before anything is painted', async () => {
    await using visitor = await guest({ colorScheme: 'dark' })
    const { page } = visitor
    await page.getByRole('button', { name: 'Theme' }).waitFor()
    const dark = await background(page)
    await page.emulateMedia({ colorScheme: 'light' })
    const light = await background(page)
    assert.notEqual(dark, light)

    await page.emulateMedia({ colorScheme: 'dark' })
    await page.getByRole('button', { name: 'Theme' }).click()
    await page.getByRole('menuitemcheckbox', { name: 'Light' }).click()
    assert.equal(await background(page), light)
    // Without the program that shows the page, it is light already.
    await page.route('**/assets/*.js', (route) => route.abort())
    await page.reload({ waitUntil: 'domcontentloaded' })
    assert.equal(await page.locator('body > *').count(), 0)
    assert.equal(await background(page), light)
  })
})
