/** Sends through the web vault's pages in Chromium, and the official CLI at the other end of the link. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { after, before, describe, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { startTestServer, type TestServer } from '../../helpers/server.ts'
import { type TemporaryFolder, temporaryFolder } from '../../helpers/temp.ts'
import { launchChromium, skipWithoutChromium } from '../chromium.ts'
import { arrive, type Traveller } from '../vault-tour.ts'
import { type Visitor, visit } from './visitor.ts'

const DEADLINE_MS = 30_000

describe('Sends in the web vault', { skip: skipWithoutChromium }, () => {
  let server: TestServer
  let folder: TemporaryFolder
  let browser: Browser
  let alice: Traveller
  /** Alice, who has opened her vault. */
  let owner: Visitor
  let page: Page

  before(async () => {
    folder = await temporaryFolder()
    browser = await launchChromium()
    server = await startTestServer({ vault: {}, web: { servesWebVault: true } })
    alice = await arrive(server, { email: 'alice@example.com' })
    owner = await visit(browser, { url: server.webUrl })
    page = owner.page
    page.setDefaultTimeout(DEADLINE_MS)
    await owner.logIn(alice.email)
    await page.getByRole('link', { name: 'Sends' }).click()
  })
  after(async () => {
    await owner?.[Symbol.asyncDispose]()
    await alice?.[Symbol.asyncDispose]()
    await browser?.close()
    await server?.close()
    await folder?.[Symbol.asyncDispose]()
  })

  /** As the CLI takes it: by the address that it trusts. */
  const linkForCli = (link: string) => server.secureUrl + link.slice(link.indexOf('/#/'))
  const linkForBrowser = (link: string) => server.webUrl + link.slice(link.indexOf('/#/'))

  const row = (name: string) =>
    page.getByRole('list', { name: 'Your Sends' }).getByRole('listitem').filter({ hasText: name })

  /** Fills the form of a new Send, and takes the link that is shown. */
  async function create(name: string, fillRest: () => Promise<void>): Promise<string> {
    await page.getByRole('button', { name: 'New Send' }).click()
    await page.getByRole('textbox', { name: 'Name' }).fill(name)
    await fillRest()
    await page.getByRole('button', { name: 'Create Send' }).click()
    const link = await page.getByRole('textbox', { name: 'Link' }).inputValue()
    await page.getByRole('button', { name: 'Done' }).click()
    return link
  }

  /** Opens a link as somebody without an account. */
  async function receive(link: string): Promise<Visitor> {
    const visitor = await visit(browser, { url: server.webUrl, acceptDownloads: true })
    visitor.page.setDefaultTimeout(DEADLINE_MS)
    await visitor.page.goto(linkForBrowser(link))
    return visitor
  }

  async function downloadIn(visitor: Visitor): Promise<Buffer> {
    const coming = visitor.page.waitForEvent('download')
    await visitor.page.getByRole('button', { name: 'Download' }).click()
    const file = folder.join('downloaded')
    await (await coming).saveAs(file)
    return readFile(file)
  }

  test('a text that is made here is received by the CLI, and by anybody with a browser', async () => {
    const link = await create('For the plumber', async () => {
      await page.getByRole('textbox', { name: 'Text' }).fill('Door ☂ 8314\nSecond line')
      await page.getByRole('checkbox', { name: 'Hide the text' }).check()
      await page.getByText('More options').click()
      await page.getByRole('textbox', { name: 'Most times' }).fill('5')
      await page.getByRole('textbox', { name: 'Password' }).fill('open sesame')
      await page.getByRole('checkbox', { name: 'Hide my email' }).check()
    })
    await assert.rejects(alice.cli.run('send', 'receive', linkForCli(link)), /Password required/)
    const received = await alice.cli.run('send', 'receive', '--password', 'open sesame', linkForCli(link))
    assert.equal(received, 'Door ☂ 8314\nSecond line')

    await using visitor = await receive(link)
    const theirs = visitor.page
    const password = theirs.getByRole('textbox', { name: 'Password of the Send' })
    await password.fill('wrong')
    await theirs.getByRole('button', { name: 'Open' }).click()
    await theirs.getByText('The password is wrong.').waitFor()
    await password.fill('open sesame')
    await theirs.getByRole('button', { name: 'Open' }).click()
    await theirs.getByRole('heading', { name: 'For the plumber' }).waitFor()
    await theirs.getByText('has hidden their address').waitFor()
    assert.equal(await theirs.getByText('Door ☂ 8314').count(), 0)
    await theirs.getByRole('button', { name: 'Show text' }).click()
    await theirs.getByText('Door ☂ 8314').waitFor()

    // The hub tells the owner's page.
    await row('For the plumber').getByText('Opened 2 of 5 times').waitFor()
    // Of a wrong password the browser itself says that it was refused.
    assert.deepEqual(
      visitor.offences.filter((offence) => !offence.includes('/connect/token')),
      [],
    )
  })

  test('a file that is made here is received by the CLI, and by anybody with a browser', async () => {
    const bytes = randomBytes(3_000_000)
    await writeFile(folder.join('photo ☂.bin'), bytes)
    const link = await create('Photo', async () => {
      await page.getByRole('radio', { name: 'File' }).check()
      await page.locator('dialog input[type=file]').setInputFiles(folder.join('photo ☂.bin'))
    })
    const output = folder.join('by-cli')
    await alice.cli.run('send', 'receive', '--output', output, linkForCli(link))
    assert.ok((await readFile(output)).equals(bytes))

    await using visitor = await receive(link)
    await visitor.page.getByText('photo ☂.bin').waitFor()
    await visitor.page.getByText('alice@example.com has sent you this').waitFor()
    assert.ok((await downloadIn(visitor)).equals(bytes))
    await visitor.page.getByText('The file was decrypted and saved.').waitFor()
    assert.deepEqual(visitor.offences, [])
    await row('Photo').getByText('Opened 2 times').waitFor()
  })

  test('what the CLI has made is shown and opened here', async () => {
    const text = await alice.cli.json('send', '--name', 'By the CLI', '--fullObject', 'from the terminal')
    await row('By the CLI').waitFor()
    await using visitor = await receive(text.accessUrl)
    await visitor.page.getByText('from the terminal').waitFor()

    const bytes = randomBytes(100_000)
    await writeFile(folder.join('cli.bin'), bytes)
    const args = ['send', '--file', '--password', 'pictures', '--fullObject', folder.join('cli.bin')]
    const file = await alice.cli.json(...args)
    await row('cli.bin').getByText('Password', { exact: true }).waitFor()
    await using other = await receive(file.accessUrl)
    await other.page.getByRole('textbox', { name: 'Password of the Send' }).fill('pictures')
    await other.page.getByRole('button', { name: 'Open' }).click()
    assert.ok((await downloadIn(other)).equals(bytes))
  })

  test('a Send is changed, loses its password, and is deleted', async () => {
    const link = await create('Short-lived', async () => {
      await page.getByRole('textbox', { name: 'Text' }).fill('first')
      await page.getByText('More options').click()
      await page.getByRole('textbox', { name: 'Password' }).fill('p')
    })
    await row('Short-lived').getByRole('button', { name: 'Short-lived', exact: true }).click()
    await page.getByRole('textbox', { name: 'Text' }).fill('second')
    await page.getByRole('button', { name: 'Save' }).click()
    await page
      .getByRole('dialog')
      .waitFor({ state: 'detached' })
      .catch(() => {})
    assert.equal(await alice.cli.run('send', 'receive', '--password', 'p', linkForCli(link)), 'second')

    const choose = async (entry: string) => {
      await row('Short-lived').getByRole('button', { name: 'More actions' }).click()
      await page.getByRole('menuitem', { name: entry }).click()
    }
    await choose('Remove password')
    await page.getByRole('button', { name: 'Remove', exact: true }).click()
    await page.getByText('The password was removed.').waitFor()
    assert.equal(await alice.cli.run('send', 'receive', linkForCli(link)), 'second')

    await choose('Delete')
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click()
    await row('Short-lived').waitFor({ state: 'detached' })
    await using visitor = await receive(link)
    await visitor.page.getByText('This Send does not exist').waitFor()
  })

  test('a link that is not whole says so', async () => {
    const link = await create('Broken', () => page.getByRole('textbox', { name: 'Text' }).fill('x'))
    await using cut = await receive(link.slice(0, link.lastIndexOf('/')))
    await cut.page.getByText('The link is not complete').waitFor()
    await using altered = await receive(`${link.slice(0, link.lastIndexOf('/'))}/AAECAwQFBgcICQoLDA0ODw`)
    await altered.page.getByText('The Send cannot be decrypted').waitFor()
  })

  test('a form that is not filled in says what is missing, and nothing went wrong on the way', async () => {
    await page.getByRole('button', { name: 'New Send' }).click()
    await page.getByRole('button', { name: 'Create Send' }).click()
    assert.equal(await page.getByText('Fill this in.').count(), 2)
    await page.getByRole('textbox', { name: 'Text' }).fill('Something')
    await page.getByRole('button', { name: 'Cancel' }).click()
    await page.getByRole('button', { name: 'Discard' }).click()
    await page.getByRole('heading', { name: 'New Send' }).waitFor({ state: 'detached' })
    assert.deepEqual(owner.offences, [])
  })
})
