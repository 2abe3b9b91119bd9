/** Import and export by the web vault's pages in Chromium; what stands in files is for import-export.test.ts. */
import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { after, before, describe, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { SymmetricKey } from '../../../web/src/crypto/symmetric-key.ts'
import { readImport } from '../../../web/src/vault/import/read-import.ts'
import { PASSWORD, registerAndLogin, type TestDevice } from '../../helpers/account.ts'
import { startTestServer, type TestServer } from '../../helpers/server.ts'
import { type TemporaryFolder, temporaryFolder } from '../../helpers/temp.ts'
import { launchChromium, skipWithoutChromium } from '../chromium.ts'
import { type Visitor, visit } from './visitor.ts'

const DEADLINE_MS = 30_000

const CSV = `name,url,username,password,note
Bank,https://bank.example,alice,secret,
Two, cells,too,many,for,this
Shop,https://shop.example,alice,"p,w",remember
`

describe('import and export in the web vault', { skip: skipWithoutChromium }, () => {
  let server: TestServer
  let folder: TemporaryFolder
  let browser: Browser
  let alice: TestDevice
  let visitor: Visitor
  let page: Page

  before(async () => {
    folder = await temporaryFolder()
    browser = await launchChromium()
    server = await startTestServer({ vault: {}, web: { servesWebVault: true } })
    alice = await registerAndLogin({ server: server.webUrl })
    await alice.post('/api/folders', { name: alice.encrypt('Work') })
    visitor = await visit(browser, { url: server.webUrl, acceptDownloads: true })
    page = visitor.page
    page.setDefaultTimeout(DEADLINE_MS)
    await visitor.logIn(alice.email)
    await page.getByRole('link', { name: 'Tools' }).click()
  })
  after(async () => {
    await visitor?.[Symbol.asyncDispose]()
    await browser?.close()
    await server?.close()
    await folder?.[Symbol.asyncDispose]()
  })

  async function choose(name: string, text: string): Promise<void> {
    await writeFile(folder.join(name), text)
    await page.locator('input[type=file]').setInputFiles(folder.join(name))
  }

  /** What there is in the vault, by name; each with its folder's name. */
  async function items(): Promise<Record<string, string | null>> {
    const { json } = await alice.get('/api/sync')
    const folders = new Map<string, string>(
      json.folders.map(({ id, name }: Record<string, string>) => [id, alice.decrypt(name!)]),
    )
    return Object.fromEntries(
      json.ciphers.map(({ name, folderId }: Record<string, string>) => [
        alice.decrypt(name!),
        folders.get(folderId!) ?? null,
      ]),
    )
  }

  /** Exports in that format, and reads the file. */
  async function exported(format: string, fillRest: () => Promise<void> = async () => {}): Promise<[string, string]> {
    await page.getByRole('radio', { name: format }).check()
    await fillRest()
    await page.getByRole('button', { name: 'Export', exact: true }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('textbox', { name: 'Master password' }).fill('not the password')
    await dialog.getByRole('button', { name: 'Export' }).click()
    await dialog.getByText('wrong').waitFor()
    const coming = page.waitForEvent('download')
    await dialog.getByRole('textbox', { name: 'Master password' }).fill(PASSWORD)
    await dialog.getByRole('button', { name: 'Export' }).click()
    const download = await coming
    const file = folder.join('exported')
    await download.saveAs(file)
    await dialog.waitFor({ state: 'hidden' })
    return [download.suggestedFilename(), await readFile(file, 'utf8')]
  }

  test('what is no export is refused in words', async () => {
    await choose('odd.txt', 'shape,colour\nround,blue')
    await page.getByText('neither an export of Bitwarden nor a table').waitFor()
    await choose('cut.json', '{"items": [')
    await page.getByText('begins like JSON').waitFor()
    await choose('cut.csv', 'name,url,username,password\na,b,c,d\ne,"f')
    await page.getByText('line 3').waitFor()
  })

  test('a table is shown before it is imported, with the line that is not understood', async () => {
    await choose('chrome.csv', CSV)
    await page.getByText('Chrome, Edge').waitFor()
    await page.getByText('Rows with more cells').waitFor()
    await page.getByText('Line 3', { exact: true }).waitFor()
    assert.deepEqual(await items(), {})
    await page.getByRole('button', { name: 'Import 2 items' }).click()
    await page.getByText('2 items were imported.').waitFor()
    assert.deepEqual(await items(), { Bank: null, Shop: null })
    await page.getByRole('link', { name: 'Go to the vault' }).click()
    await page.getByText('Shop').first().waitFor()
  })

  test('what is pasted is imported, into the folder that is there', async () => {
    await page.getByRole('link', { name: 'Tools' }).click()
    await page.getByText('Paste the text').click()
    const document = { folders: [{ id: 'x', name: 'Work' }], items: [{ type: 2, name: 'Pasted', folderId: 'x' }] }
    await page.getByRole('textbox', { name: 'Text of the file' }).fill(JSON.stringify(document))
    await page.getByRole('button', { name: 'Read' }).click()
    await page.getByText('Everything in the file is understood.').waitFor()
    await page.getByRole('button', { name: 'Import 1 item' }).click()
    await page.getByText('1 item was imported.').waitFor()
    assert.deepEqual(await items(), { Bank: null, Shop: null, Pasted: 'Work' })
    assert.equal((await alice.get('/api/folders')).json.data.length, 1)
  })

  test('what the server declines is told by the item, and nothing is imported', async () => {
    await page.getByRole('button', { name: 'Import another file' }).click()
    const long = { type: 2, name: 'Long', notes: 'x'.repeat(20_000) }
    await choose('long.json', JSON.stringify({ items: [{ type: 2, name: 'Short' }, long] }))
    await page.getByRole('button', { name: 'Import 2 items' }).click()
    await page.getByText('Long: ').waitFor()
    await page.getByText('Nothing was imported.').waitFor()
    assert.equal(Object.keys(await items()).length, 3)
    await page.getByRole('button', { name: 'Cancel' }).click()
  })

  test('an export with a password needs the master password, and comes back by its own', async () => {
    await page.getByRole('radio', { name: 'Export', exact: true }).check()
    const [name, text] = await exported('Encrypted, with a password', async () => {
      await page.getByRole('textbox', { name: 'Password of the file', exact: true }).fill('for the road')
      await page.getByRole('textbox', { name: 'once more' }).fill('for the roda')
      await page.getByRole('button', { name: 'Export', exact: true }).click()
      await page.getByText('The two are different.').waitFor()
      await page.getByRole('textbox', { name: 'once more' }).fill('for the road')
    })
    assert.match(name, /^bitwarden_encrypted_export_\d{14}\.json$/)
    const nobody = { userKey: SymmetricKey.random(), now: new Date() }
    const found = await readImport(text, { ...nobody, password: 'for the road' })
    assert.deepEqual(found.items.map(({ item }) => item.name).sort(), ['Bank', 'Pasted', 'Shop'])

    await page.getByRole('radio', { name: 'Import', exact: true }).check()
    await choose('sealed.json', text)
    const password = page.getByRole('textbox', { name: 'Password of the file' })
    await password.fill('wrong')
    await page.getByRole('button', { name: 'Open' }).click()
    await page.getByText('The password is wrong.').waitFor()
    await password.fill('for the road')
    await page.getByRole('button', { name: 'Open' }).click()
    await page.getByRole('button', { name: 'Import 3 items' }).waitFor()
  })

  test('an export that is not encrypted warns, and nothing went wrong on the way', async () => {
    await page.getByRole('radio', { name: 'Export', exact: true }).check()
    await page.getByRole('radio', { name: 'CSV' }).check()
    await page.getByText('Whoever gets the file can read every password').waitFor()
    const [name, text] = await exported('CSV')
    assert.match(name, /^bitwarden_export_\d{14}\.csv$/)
    assert.match(text, /Shop,remember,.*,alice,"p,w",/)
    // Of what it declines the browser itself says so.
    assert.deepEqual(
      visitor.offences.filter((offence) => !offence.includes('/api/ciphers/import')),
      [],
    )
  })
})
