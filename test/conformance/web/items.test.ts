/** Items go both ways between the web vault's pages, in Chromium, and the official CLI. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { after, before, describe, test } from 'node:test'
import type { Browser, Locator, Page } from 'playwright-core'
import { readSshKey } from '../../../web/src/crypto/ssh/ssh-key.ts'
import { CARD_MEMBERS, IDENTITY_MEMBERS } from '../../../web/src/model/item.ts'
import { type AccountOptions, FAST_KDF, type Json, PASSWORD } from '../../helpers/account.ts'
import { startTestServer, type TestServer } from '../../helpers/server.ts'
import { until } from '../../helpers/wait.ts'
import { ED25519, ED25519_PUBLIC } from '../../web/crypto/ssh-keys.ts'
import { launchChromium, skipWithoutChromium } from '../chromium.ts'
import type { ServedCli } from '../devices.ts'
import { readByCli } from '../read-by-cli.ts'
import { arrive, type Traveller } from '../vault-tour.ts'
import { type Visitor, visit } from './visitor.ts'

const KDFS: Record<string, NonNullable<AccountOptions['kdf']>> = {
  PBKDF2: FAST_KDF,
  Argon2id: { type: 1, iterations: 2, memory: 16, parallelism: 1 },
}

const NOTES = 'Ünïcode 🔔\nsecond line'
const URIS = [
  { uri: 'https://bank.example/login', match: 3 },
  { uri: 'androidapp://example.bank', match: null },
]
const CARD = {
  ...{ cardholderName: 'Mira Holm', brand: 'Amex', number: '378282246310005' },
  ...{ expMonth: '8', expYear: '2031', code: '1234' },
}
const IDENTITY = Object.fromEntries(IDENTITY_MEMBERS.map((name) => [name, `my ${name}`]))

/** By the names of fields in a form. */
const CARD_LABELS = ['Cardholder name', 'Brand', 'Number', 'Expiry month', 'Expiry year', 'Security code']
const IDENTITY_LABELS = [
  ...['Title', 'First name', 'Middle name', 'Last name', 'Address 1', 'Address 2', 'Address 3', 'City or town'],
  ...['State or province', 'Postal code', 'Country', 'Company', 'Email', 'Phone', 'Social security number'],
  ...['Username', 'Passport number', 'Licence number'],
]

/** What is typed into the forms, and what of it the CLI has to find. */
const FORMS: readonly [type: string, number: number, fill: (page: Page) => Promise<void>, expected: Json][] = [
  [
    'login',
    1,
    async (page) => {
      await page.getByLabel('Username', { exact: true }).fill('alice')
      await page.getByLabel('Password', { exact: true }).fill('s3cret "quoted"')
      await page.getByLabel('Authenticator key').fill('JBSWY3DPEHPK3PXP')
      for (const [index, { uri, match }] of URIS.entries()) {
        await page.getByRole('button', { name: 'Add website' }).click()
        await page.getByRole('textbox', { name: 'Website (URI)' }).nth(index).fill(uri)
        if (match !== null) await page.getByLabel('When to fill in').nth(index).selectOption('Exact')
      }
    },
    { username: 'alice', password: 's3cret "quoted"', totp: 'JBSWY3DPEHPK3PXP', uris: URIS },
  ],
  ['secureNote', 2, async () => {}, { type: 0 }],
  [
    'card',
    3,
    async (page) => {
      await page.getByLabel('Cardholder name').fill(CARD.cardholderName)
      // The number tells the brand.
      await page.getByLabel('Number', { exact: true }).fill(CARD.number)
      await page.getByLabel('Expiry month').selectOption('08 – August')
      await page.getByLabel('Expiry year').fill('31')
      await page.getByLabel('Security code').fill(CARD.code)
    },
    CARD,
  ],
  [
    'identity',
    4,
    async (page) => {
      for (const [index, label] of IDENTITY_LABELS.entries()) {
        const field = page.getByLabel(label, { exact: true })
        if (label === 'Title') await field.selectOption('Dr')
        else await field.fill(`my ${IDENTITY_MEMBERS[index]}`)
      }
    },
    { ...IDENTITY, title: 'Dr' },
  ],
  [
    'sshKey',
    5,
    async (page) => {
      await page.getByRole('button', { name: 'Paste a key' }).click()
      await page.getByRole('textbox', { name: 'Private key' }).fill(ED25519)
      await page.getByRole('button', { name: 'Use this key' }).click()
    },
    { privateKey: ED25519, ...ED25519_PUBLIC },
  ],
]

const FIELDS = [
  { name: 'colour', value: 'blue', type: 0, linkedId: null },
  { name: 'pin', value: '1234', type: 1, linkedId: null },
  { name: 'is mine', value: 'true', type: 2, linkedId: null },
]
const LINKED: Readonly<Record<string, { label: string; linkedId: number }>> = {
  login: { label: 'Password', linkedId: 101 },
  card: { label: 'Brand', linkedId: 304 },
  identity: { label: 'Full name', linkedId: 418 },
}

let browser: Browser
let server: TestServer
before(async () => {
  if (skipWithoutChromium) return
  server = await startTestServer({ vault: {}, web: { servesWebVault: true } })
  browser = await launchChromium()
})
after(async () => {
  await browser?.close()
  await server?.close()
})

for (const [kdfName, kdf] of Object.entries(KDFS)) {
  describe(`an account with ${kdfName}`, { skip: skipWithoutChromium }, () => {
    let alice: Traveller
    let cli: ServedCli
    let visitor: Visitor
    let page: Page

    before(async () => {
      alice = await arrive(server, { email: `${kdfName.toLowerCase()}@example.com`, kdf })
      cli = await alice.cli.serve()
      visitor = await visit(browser, { url: server.webUrl, acceptDownloads: true })
      page = visitor.page
      page.setDefaultTimeout(10_000)
      await visitor.logIn(alice.email)
    })
    after(async () => {
      await visitor?.[Symbol.asyncDispose]()
      await cli?.[Symbol.asyncDispose]()
      await alice?.[Symbol.asyncDispose]()
    })

    const open = (address: string) => page.goto(`${server.webUrl}/#/${address}`)
    const pane = (name: string): Locator => page.getByRole('region', { name, exact: true })

    const inCli = (id: string): Promise<Json> => readByCli(cli, alice.phone, id)

    /** Saves the form, and says under which id. */
    async function save(): Promise<string> {
      await page.getByRole('button', { name: 'Save', exact: true }).click()
      await page.waitForURL(/#\/item\/[0-9a-f-]{36}$/)
      return page.url().split('/').at(-1)!
    }

    async function addField(kind: string, name: string): Promise<Locator> {
      await page.getByRole('button', { name: 'Add field' }).click()
      await page.getByRole('menuitem', { name: kind, exact: true }).click()
      await page.getByLabel('Field name').last().fill(name)
      return page.getByLabel('Value', { exact: true }).last()
    }

    for (const [type, number, fill, expected] of FORMS) {
      test(`what the pages make the CLI reads: ${type}`, async () => {
        const name = `Made here: ${type}`
        await open(`item/new/${type}`)
        await page.getByLabel('Name', { exact: true }).fill(name)
        await page.getByRole('checkbox', { name: 'Favourite' }).check()
        await fill(page)
        await page.getByRole('textbox', { name: 'Notes' }).fill(NOTES)
        await (await addField('Text', 'colour')).fill('blue')
        await (await addField('Hidden', 'pin')).fill('1234')
        await addField('Yes or no', 'is mine')
        await page.getByLabel('is mine', { exact: true }).check()
        const linked = LINKED[type]
        if (linked) {
          await addField('Linked', 'linked')
          await page.getByLabel('Linked to').selectOption(linked.label)
        }
        await page.getByLabel('Ask for the master password').check()

        const read = await inCli(await save())
        assert.deepEqual(
          [read.type, read.name, read.notes, read.favorite, read.reprompt],
          [number, name, NOTES, true, 1],
        )
        const shown = Object.fromEntries(Object.keys(expected).map((member) => [member, read[type][member] ?? null]))
        if (type === 'login') shown.uris = shown.uris.map(({ uri, match }: Json) => ({ uri, match: match ?? null }))
        assert.deepEqual(shown, expected)
        const link = linked ? [{ name: 'linked', value: null, type: 3, linkedId: linked.linkedId }] : []
        assert.deepEqual(fieldsOf(read), [...FIELDS, ...link])
      })
    }

    test('a new SSH key is one, and the CLI reads it', async () => {
      await open('item/new/sshKey')
      await page.getByLabel('Name', { exact: true }).fill('Generated')
      await page.getByRole('button', { name: 'Generate a new key' }).click()
      await pane('New SSH key').getByText('SHA256:').waitFor()
      const { sshKey } = await inCli(await save())
      assert.deepEqual(await readSshKey(sshKey.privateKey), {
        ...{ privateKey: sshKey.privateKey, publicKey: sshKey.publicKey, keyFingerprint: sshKey.keyFingerprint },
      })
    })

    const NO_PART = { login: null, secureNote: null, card: null, identity: null, sshKey: null }
    const COMMON = { organizationId: null, collectionIds: null, folderId: null, notes: NOTES, favorite: false }
    const template = (number: number, name: string, more: Json): Json => ({
      ...{ ...COMMON, ...NO_PART, type: number, name, reprompt: 0, fields: [...FIELDS] },
      ...more,
    })

    /** What a row shows, revealed if need be. */
    async function shownOf(item: Locator, label: string): Promise<string> {
      const row = item.locator('dl > .row').filter({ has: page.locator('dt', { hasText: new RegExp(`^${label}$`) }) })
      const reveal = row.getByRole('button', { name: `Show ${label}` })
      if (await reveal.count()) await reveal.click()
      return (await row.locator('dd').first().innerText()).trim()
    }

    async function expectValues(name: string, values: Readonly<Record<string, string>>) {
      await open('vault')
      await page.getByRole('link', { name }).click()
      const item = pane(name)
      await item.getByText(/^Last changed/).waitFor()
      for (const [label, value] of Object.entries({ ...values, Notes: NOTES, colour: 'blue', pin: '1234' })) {
        assert.equal(await shownOf(item, label.replaceAll(/[()]/g, '\\$&')), value, `${name}: ${label}`)
      }
      assert.equal(await shownOf(item, 'is mine'), 'Yes')
      return item
    }

    test('what the CLI makes the pages show, without a reload: login', async () => {
      const login = { username: 'alice', password: 's3cret', totp: 'JBSWY3DPEHPK3PXP', uris: URIS }
      const fields = [...FIELDS, { name: 'linked', value: null, type: 3, linkedId: 100 }]
      await cli.call('POST', '/object/item', template(1, 'By the CLI: login', { login, fields }))
      const item = await expectValues('By the CLI: login', {
        ...{ Username: 'alice', Password: 's3cret', 'Website (URI) 1': URIS[0]!.uri, 'Website (URI) 2': URIS[1]!.uri },
      })
      assert.match(await shownOf(item, 'linked'), /^alice\s+Linked to Username$/)
      assert.match((await shownOf(item, 'Verification code')).replaceAll(/\D/g, ''), /^\d{6}$/)
      // Nothing but a page of the web is a link.
      assert.equal(await item.getByRole('link', { name: URIS[0]!.uri }).getAttribute('href'), URIS[0]!.uri)
      assert.equal(await item.getByRole('link', { name: URIS[1]!.uri }).count(), 0)
    })

    test('what the CLI makes the pages show: secure note', async () => {
      await cli.call('POST', '/object/item', template(2, 'By the CLI: note', { secureNote: { type: 0 } }))
      await expectValues('By the CLI: note', {})
    })

    test('what the CLI makes the pages show: card', async () => {
      await cli.call('POST', '/object/item', template(3, 'By the CLI: card', { card: CARD }))
      await expectValues('By the CLI: card', {
        ...{ 'Cardholder name': CARD.cardholderName, Number: '3782 822463 10005', Brand: 'American Express' },
        ...{ Expires: '08 / 2031', 'Security code': CARD.code },
      })
      await page.getByRole('link', { name: 'Edit' }).click()
      for (const [index, label] of CARD_LABELS.entries()) {
        const value = await page.getByLabel(label, { exact: true }).inputValue()
        assert.ok(value.endsWith(CARD[CARD_MEMBERS[index]!]) || label === 'Brand' || label === 'Expiry month', label)
      }
    })

    test('what the CLI makes the pages show: identity', async () => {
      await cli.call('POST', '/object/item', template(4, 'By the CLI: identity', { identity: IDENTITY }))
      await expectValues('By the CLI: identity', {
        ...{ 'Full name': 'my title my firstName my middleName my lastName', Username: 'my username' },
        ...{ Company: 'my company', 'Social security number': 'my ssn', 'Passport number': 'my passportNumber' },
        ...{ 'Licence number': 'my licenseNumber', Email: 'my email', Phone: 'my phone' },
        Address: 'my address1\nmy address2\nmy address3\nmy city, my state my postalCode\nmy country',
      })
    })

    test('what the pages change in an item of the CLI is changed, and nothing else', async () => {
      const login = { username: 'alice', password: 'first', totp: null, uris: URIS }
      const made = await cli.call('POST', '/object/item', template(1, 'Changed in both', { login }))
      await open(`item/${made.id}/edit`)
      await page.getByLabel('Password', { exact: true }).fill('second')
      await save()
      const read = await inCli(made.id)
      assert.deepEqual(
        [read.name, read.notes, read.login.username, read.login.password],
        [...['Changed in both', NOTES, 'alice', 'second']],
      )
      assert.deepEqual(fieldsOf(read), FIELDS)
      assert.deepEqual(
        read.passwordHistory.map(({ password }: Json) => password),
        ['first'],
      )
      await cli.call('PUT', `/object/item/${made.id}`, { ...read, name: 'Changed by the CLI' })
      await page.getByRole('link', { name: 'Changed by the CLI' }).waitFor()
    })

    test('files go both ways, whole', async () => {
      const made = await cli.call('POST', '/object/item', template(2, 'With files', { secureNote: { type: 0 } }))
      const [ours, theirs] = [randomBytes(300_000), randomBytes(10_001)]
      await open(`item/${made.id}`)
      const item = pane('With files')
      const chosen = page.waitForEvent('filechooser')
      await item.getByRole('button', { name: 'Add file' }).click()
      await (await chosen).setFiles({ name: 'öurs.bin', mimeType: 'application/octet-stream', buffer: ours })
      await item.getByText('öurs.bin').waitFor()
      const { attachments } = await until(async () => {
        const read = await inCli(made.id)
        return read.attachments?.length === 1 ? read : undefined
      }, 'the file at the CLI')
      assert.equal(attachments[0].fileName, 'öurs.bin')
      const fetched = await cli.call('GET', `/object/attachment/${attachments[0].id}?itemid=${made.id}`)
      assert.deepEqual(fetched, ours)

      const form = new FormData()
      form.append('file', new Blob([theirs]), 'theirs.bin')
      await cli.call('POST', `/attachment?itemid=${made.id}`, form)
      const download = page.waitForEvent('download')
      await item.getByRole('button', { name: 'Download theirs.bin' }).click()
      const file = await download
      assert.equal(file.suggestedFilename(), 'theirs.bin')
      assert.deepEqual(await readFile(await file.path()), theirs)

      await item.getByRole('button', { name: 'Delete öurs.bin' }).click()
      await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click()
      await item.getByText('öurs.bin').waitFor({ state: 'detached' })
      assert.deepEqual(
        (await inCli(made.id)).attachments.map(({ fileName }: Json) => fileName),
        ['theirs.bin'],
      )
    })

    test('folders, the trash and the archive are the same for both', async () => {
      await open('vault')
      await page.getByRole('button', { name: 'New folder' }).click()
      await page.getByLabel('Folder name').fill('Work/Mail')
      await page.getByRole('button', { name: 'Save', exact: true }).click()
      await page.waitForURL(/#\/vault\/folder\//)
      const folderId = page.url().split('/').at(-1)
      const made = await cli.call('POST', '/object/item', template(2, 'Moved about', { secureNote: { type: 0 } }))
      await open(`item/${made.id}`)
      const act = async (action: string) => {
        await pane('Moved about').getByRole('button', { name: 'Actions for Moved about' }).click()
        await page.getByRole('menuitem', { name: action, exact: true }).click()
      }
      await act('Move to folder')
      await page.getByRole('dialog').getByLabel('Folder').selectOption('Work/Mail')
      await page.getByRole('button', { name: 'Move', exact: true }).click()
      await pane('Moved about').getByRole('link', { name: 'Work/Mail' }).waitFor()
      const read = await inCli(made.id)
      assert.equal(read.folderId, folderId)
      assert.equal((await cli.call('GET', `/object/folder/${folderId}`)).name, 'Work/Mail')

      await act('Archive')
      await pane('Moved about').getByText('This item is in the archive.').waitFor()
      assert.ok((await inCli(made.id)).archivedDate)
      await act('Unarchive')
      await act('Delete')
      await page.waitForURL(/#\/vault/)
      assert.ok((await inCli(made.id)).deletedDate)
      await cli.call('POST', `/restore/item/${made.id}`)
      await page.getByRole('link', { name: 'Moved about' }).waitFor()
    })

    test('several items are found by what is typed, selected, deleted together, and brought back', async () => {
      const names = ['Several: 1', 'Several: 2', 'Several: 3']
      const ids: string[] = []
      for (const name of names) {
        const made = await cli.call('POST', '/object/item', template(2, name, { secureNote: { type: 0 } }))
        ids.push(made.id)
      }
      await open('vault')
      await page.getByRole('link', { name: names[2]! }).waitFor()
      await page.keyboard.press('/')
      await page.keyboard.type('several')
      const list = page.getByRole('list', { name: 'All items' })
      await until(async () => (await list.getByRole('listitem').count()) === 3 || undefined, 'what was searched for')
      await page.getByRole('button', { name: 'Select items' }).click()
      await list.getByRole('checkbox', { name: `Select ${names[0]}` }).click()
      await list.getByRole('checkbox', { name: `Select ${names[2]}` }).click({ modifiers: ['Shift'] })
      const toolbar = page.getByRole('toolbar', { name: 'Selected items' })
      await toolbar.getByText('3 selected').waitFor()
      await toolbar.getByRole('button', { name: 'Delete', exact: true }).click()
      await page.getByText('Nothing found').waitFor()
      for (const id of ids) assert.ok((await inCli(id)).deletedDate)
      // What was done before may still be said beside it.
      const said = page.getByText('3 items moved to the trash').locator('..')
      await said.getByRole('button', { name: 'Undo' }).click()
      await list.getByRole('listitem').nth(2).waitFor()
      for (const id of ids) assert.equal((await inCli(id)).deletedDate ?? null, null)
    })

    test('an item that asks for the password is not shown before', async () => {
      const login = { username: 'alice', password: 'hidden away', totp: null, uris: [] }
      const made = await cli.call('POST', '/object/item', template(1, 'Protected', { login, reprompt: 1 }))
      await open(`item/${made.id}/edit`)
      await page.getByText('This item is protected').waitFor()
      assert.equal(await page.getByLabel('Username', { exact: true }).count(), 0)
      await page.getByRole('button', { name: 'Confirm password' }).click()
      const dialog = page.getByRole('dialog')
      await dialog.getByLabel('Master password', { exact: true }).fill('wrong')
      await dialog.getByRole('button', { name: 'Confirm password' }).click()
      await dialog.getByText(/wrong|not right|incorrect/i).waitFor()
      await dialog.getByLabel('Master password', { exact: true }).fill(PASSWORD)
      await dialog.getByRole('button', { name: 'Confirm password' }).click()
      assert.equal(await page.getByLabel('Password', { exact: true }).inputValue(), 'hidden away')
    })

    test('what another device has changed meanwhile is not overwritten unasked', async () => {
      const login = { username: 'alice', password: 'first', totp: null, uris: [] }
      const made = await cli.call('POST', '/object/item', template(1, 'Edited twice', { login }))
      // It knows its own item a moment later.
      await inCli(made.id)
      await open(`item/${made.id}/edit`)
      await page.getByLabel('Username', { exact: true }).fill('mine')
      await cli.call('PUT', `/object/item/${made.id}`, { ...made, login: { ...made.login, password: 'theirs' } })
      await page.getByText('Another device has changed this item').waitFor()
      await page.getByRole('button', { name: 'Keep mine' }).click()
      await page.waitForURL(/#\/item\/[0-9a-f-]{36}$/)
      const read = await inCli(made.id)
      assert.deepEqual([read.login.username, read.login.password], ['mine', 'first'])
      assert.deepEqual(
        read.passwordHistory.map(({ password }: Json) => password),
        ['theirs', 'first'],
      )
    })

    test('a form that was changed is not left unasked', async () => {
      await open('item/new/secureNote')
      await page.getByLabel('Name', { exact: true }).fill('Never saved')
      await page.getByRole('link', { name: 'Generator' }).click()
      await page.getByRole('button', { name: 'Keep editing' }).click()
      assert.equal(await page.getByLabel('Name', { exact: true }).inputValue(), 'Never saved')
      await page.getByRole('link', { name: 'Generator' }).click()
      await page.getByRole('button', { name: 'Discard' }).click()
      await page.getByRole('heading', { name: 'Generator' }).waitFor()
      await cli.call('POST', '/sync?force=true')
      assert.deepEqual(await cli.call('GET', '/list/object/items?search=Never%20saved'), [])
    })

    test('an item of which a part cannot be read says which, and cannot be edited', async () => {
      // Well formed, and encrypted with a key that nobody has.
      const part = (bytes: number) => randomBytes(bytes).toString('base64')
      const item = { ...alice.phone.loginItem('Damaged'), notes: `2.${part(16)}|${part(32)}|${part(32)}` }
      const { json } = await alice.phone.post('/api/ciphers', item)
      await open(`item/${json.id}`)
      await pane('Damaged').getByText('Not readable: Notes').waitFor()
      assert.equal(await pane('Damaged').getByRole('link', { name: 'Edit' }).count(), 0)
      await open(`item/${json.id}/edit`)
      await pane('Damaged').getByText('Not readable: Notes').waitFor()
      assert.equal(await page.getByRole('button', { name: 'Save', exact: true }).count(), 0)
    })

    test('a generated password is used in the form, and found again in the history', async () => {
      await open('item/new/login')
      await page.getByRole('button', { name: 'Generate password' }).click()
      const dialog = page.getByRole('dialog', { name: 'Generate password' })
      await dialog.getByRole('radio', { name: 'Passphrase' }).check()
      await dialog.getByText(/^[a-z]+(-[a-z]+){5,}$/).waitFor()
      await dialog.getByRole('button', { name: 'Use this password' }).click()
      const password = await page.getByLabel('Password', { exact: true }).inputValue()
      assert.match(password, /^[a-z]+(-[a-z]+){5,}$/)
      await page.getByLabel('Name', { exact: true }).fill('Generated here')
      assert.equal((await inCli(await save())).login.password, password)
      await open('generator')
      await page.getByRole('listitem').filter({ hasText: password }).waitFor()
    })

    test('nothing was refused, asked of strangers, or an error', () => {
      assert.deepEqual(visitor.offences, [])
    })
  })
}

const fieldsOf = ({ fields }: Json): Json[] =>
  fields.map(({ name, value, type, linkedId }: Json) => ({
    name,
    value: value ?? null,
    type,
    linkedId: linkedId ?? null,
  }))
