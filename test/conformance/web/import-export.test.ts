/** Files that the official CLI exports are imported by the web vault, and the other way round. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { after, before, test } from 'node:test'
import { Api } from '../../../web/src/api/client.ts'
import { SymmetricKey } from '../../../web/src/crypto/symmetric-key.ts'
import { readKdf } from '../../../web/src/model/kdf-wire.ts'
import { type ExportChoice, exportVault } from '../../../web/src/vault/export/export.ts'
import type { Import } from '../../../web/src/vault/import/import.ts'
import { readImport } from '../../../web/src/vault/import/read-import.ts'
import { sendImport } from '../../../web/src/vault/import/send-import.ts'
import type { Json } from '../../helpers/account.ts'
import { startTestServer, type TestServer } from '../../helpers/server.ts'
import { arrive, type Traveller } from '../vault-tour.ts'

const ARGON2ID = { type: 1, iterations: 2, memory: 16, parallelism: 2 } as const
const DATE = '2026-01-02T03:04:05.678Z'
const FILE_PASSWORD = 'für unterwegs'
const FOLDER = '00000000-0000-4000-8000-000000000001'

const PASSKEY = {
  ...{ credentialId: randomUUID(), keyType: 'public-key', keyAlgorithm: 'ECDSA', keyCurve: 'P-256', keyValue: 'a2V5' },
  ...{ rpId: 'site.example', userHandle: 'dXNlcg', userName: 'alice', counter: '0', rpName: 'Site' },
  ...{ userDisplayName: 'Alice', discoverable: 'true', creationDate: DATE },
}
const LOGIN = {
  ...{ username: 'alice', password: 'p,"w"', totp: 'JBSWY3DPEHPK3PXP', fido2Credentials: [PASSKEY] },
  uris: [
    { match: 3, uri: 'https://site.example/?a=1,2' },
    { match: null, uri: 'https://www.site.example' },
  ],
}
const CARD = {
  cardholderName: 'A',
  brand: 'Visa',
  number: '4111111111111111',
  expMonth: '1',
  expYear: '2030',
  code: '1',
}
const IDENTITY = { title: 'Mx', firstName: 'A', lastName: 'B', ssn: '1', passportNumber: 'P', country: 'DE' }
const SSH = { privateKey: 'private', publicKey: 'ssh-ed25519 AAAA', keyFingerprint: 'SHA256:abc' }
const FIELDS = [
  { name: 'colour', value: 'blue', type: 0, linkedId: null },
  { name: 'pin', value: '1234', type: 1, linkedId: null },
  { name: 'is mine', value: 'true', type: 2, linkedId: null },
  { name: 'linked', value: null, type: 3, linkedId: 100 },
]

const item = (type: number, name: string, more: Json): Json => ({
  ...{ type, name, notes: null, favorite: false, reprompt: 0, folderId: null, organizationId: null },
  ...{ fields: [], collectionIds: null, passwordHistory: null, ...more },
})

/** One of every type, as an export has it. */
const EVERYTHING = {
  encrypted: false,
  folders: [{ id: FOLDER, name: 'Work/Mail' }],
  items: [
    item(1, 'Login', {
      ...{ notes: 'line 1\nline 2 ☂', favorite: true, reprompt: 1, folderId: FOLDER, fields: FIELDS, login: LOGIN },
      passwordHistory: [{ lastUsedDate: DATE, password: 'older' }],
    }),
    item(2, 'Note', { notes: 'text', secureNote: { type: 0 } }),
    item(3, 'Card', { card: CARD }),
    item(4, 'Identity', { identity: IDENTITY }),
    item(5, 'SSH', { sshKey: SSH }),
    item(1, 'Archived', { archivedDate: DATE, login: { uris: [], username: 'u' } }),
  ],
}

let server: TestServer
/** The account that everything was put into, by the CLI. */
let alice: Traveller
const travellers: Traveller[] = []

before(async () => {
  server = await startTestServer({ vault: {} })
  alice = await arriveWith(EVERYTHING, 'alice@example.com')
})

after(async () => {
  for (const traveller of travellers) await traveller[Symbol.asyncDispose]()
  await server?.close()
})

async function arriveWith(vault: Json | undefined, email: string, options: Json = {}): Promise<Traveller> {
  const traveller = await arrive(server, { email, ...options })
  travellers.push(traveller)
  if (vault) await importByCli(traveller, 'bitwardenjson', JSON.stringify(vault))
  return traveller
}

async function importByCli({ cli }: Traveller, format: string, text: string, ...more: string[]): Promise<void> {
  const file = cli.file(`${randomUUID()}.txt`)
  await writeFile(file, text)
  await cli.run('import', format, file, ...more)
}

async function exportByCli({ cli }: Traveller, ...args: string[]): Promise<string> {
  const file = cli.file(randomUUID())
  await cli.run('sync')
  await cli.run('export', '--output', file, ...args)
  return readFile(file, 'utf8')
}

function keyOf({ phone }: Traveller): SymmetricKey {
  const { enc, mac } = phone.userKey
  return new SymmetricKey(Uint8Array.from(Buffer.concat([enc, mac])))
}

const read = (text: string, traveller: Traveller, password?: string): Promise<Import> =>
  readImport(text, { userKey: keyOf(traveller), now: new Date(), password })

async function exportByUs(traveller: Traveller, choice: ExportChoice) {
  const { json } = await traveller.phone.get('/api/sync')
  return exportVault(json, choice, { userKey: keyOf(traveller), now: new Date() })
}

async function importByUs(traveller: Traveller, found: Import): Promise<void> {
  const { phone } = traveller
  const api = new Api({ base: server.webUrl, device: { identifier: phone.deviceId, type: 9, name: 'Chrome' } })
  api.tokens.value = { accessToken: phone.accessToken, refreshToken: null, expiresAtMs: Date.now() + 3_600_000 }
  const { json } = await phone.get('/api/folders')
  const folders = await Promise.all(
    json.data.map(async ({ id, name }: Json) => ({ id, name: phone.decrypt(name), isDamaged: false })),
  )
  await sendImport(api, found, { userKey: keyOf(traveller), userId: phone.userId, folders })
}

/** What an export says, without what is of one account and one moment; nothing and null are the same. */
function contentOf(text: string) {
  const { folders, items }: { folders: Json[]; items: Json[] } = JSON.parse(text)
  const folderNames = new Map(folders.map(({ id, name }) => [id, name]))
  const plain = items.map(({ id: _, folderId, creationDate: _c, revisionDate: _r, ...rest }) => ({
    ...rest,
    folder: folderNames.get(folderId) ?? null,
  }))
  const filled = (_name: string, value: unknown) =>
    value === null || value === '' || (Array.isArray(value) && value.length === 0) ? undefined : value
  const sorted: Json[] = JSON.parse(JSON.stringify(plain, filled))
  return { folders: [...folderNames.values()].sort(), items: sorted.sort((a, b) => (a.name < b.name ? -1 : 1)) }
}

test('the CLI has taken everything, so that what follows compares something', async () => {
  const content = contentOf(await exportByCli(alice, '--format', 'json'))
  assert.deepEqual(content, contentOf(JSON.stringify(EVERYTHING)))
})

const FORMATS: [string, string[], string | undefined][] = [
  ['json', ['--format', 'json'], undefined],
  ['encrypted_json', ['--format', 'encrypted_json'], undefined],
  ['encrypted_json with a password', ['--format', 'encrypted_json', '--password', FILE_PASSWORD], FILE_PASSWORD],
]
for (const [name, args, password] of FORMATS) {
  test(`what the CLI exports as ${name} is imported whole`, async () => {
    const isBound = name === 'encrypted_json'
    // What is bound to an account can be imported there alone: beside the items that are there already.
    const target = isBound ? alice : await arriveWith(undefined, `${randomUUID()}@example.com`)
    const found = await read(await exportByCli(alice, ...args), target, password)
    assert.deepEqual(found.remarks, [])
    await importByUs(target, found)
    const { folders, items } = contentOf(await exportByCli(target, '--format', 'json'))
    const expected = contentOf(JSON.stringify(EVERYTHING))
    assert.deepEqual(folders, expected.folders)
    assert.deepEqual(
      items,
      expected.items.flatMap((entry) => (isBound ? [entry, entry] : [entry])),
    )
    if (isBound) await removeCopies(alice)
  })
}

/** The newer half of the items. */
async function removeCopies({ phone }: Traveller): Promise<void> {
  const { json } = await phone.get('/api/ciphers')
  const byAge = (json.data as Json[]).sort((a, b) => (a.creationDate < b.creationDate ? -1 : 1))
  const ids = byAge.slice(byAge.length / 2).map(({ id }) => id)
  assert.equal((await phone.post('/api/ciphers/delete', { ids })).status, 200)
}

test('what the CLI exports as csv is imported, as far as a table goes', async () => {
  const found = await read(await exportByCli(alice, '--format', 'csv'), alice)
  assert.deepEqual(
    [found.format, found.remarks, found.folders],
    ['bitwarden-csv', [], [{ id: null, name: 'Work/Mail' }]],
  )
  const byName = new Map(found.items.map(({ item: { name } }, index) => [name, found.items[index]!]))
  assert.deepEqual([...byName.keys()].sort(), ['Archived', 'Login', 'Note'])
  const { item: login, folder } = byName.get('Login')!
  assert.ok(login.type === 'login')
  assert.deepEqual(
    [
      login.notes,
      login.isFavorite,
      login.asksPassword,
      folder,
      login.login.username,
      login.login.password,
      login.login.totp,
    ],
    ['line 1\nline 2 ☂', true, true, 0, 'alice', 'p,"w"', LOGIN.totp],
  )
  assert.deepEqual(
    login.fields.map(({ name, value }) => [name, value]),
    [
      ['colour', 'blue'],
      ['pin', '1234'],
      ['is mine', 'true'],
      // So the apps write what has no value.
      ['linked', 'undefined'],
    ],
  )
  assert.equal(byName.get('Archived')?.item.archivedDate, DATE)
})

const ACCOUNTS: [string, Json, ExportChoice['format'], string, string[]][] = [
  ['PBKDF2', {}, 'json', 'bitwardenjson', []],
  ['PBKDF2', {}, 'protected', 'bitwardenpasswordprotected', ['--passwordfile']],
  ['Argon2id', { kdf: ARGON2ID }, 'protected', 'bitwardenpasswordprotected', ['--passwordfile']],
]
for (const [kdfName, options, format, cliFormat, args] of ACCOUNTS) {
  test(`what we export as ${format} from an account with ${kdfName} is imported whole by the CLI`, async () => {
    const from = kdfName === 'PBKDF2' ? alice : await arriveWith(EVERYTHING, `${randomUUID()}@example.com`, options)
    const { kdf: derivation } = (await from.phone.get('/api/sync')).json.userDecryption.masterPasswordUnlock
    const kdf = readKdf(derivation)
    assert.equal(kdf.type, kdfName)
    const choice: ExportChoice = format === 'json' ? { format } : { format: 'protected', password: FILE_PASSWORD, kdf }
    const { text, omissions } = await exportByUs(from, choice)
    assert.equal(omissions.size, 0)
    if (kdfName === 'Argon2id') {
      const theirs = await exportByCli(from, '--format', 'encrypted_json', '--password', FILE_PASSWORD)
      assert.equal(JSON.parse(theirs).kdfType, 1)
      assert.equal((await read(theirs, alice, FILE_PASSWORD)).items.length, EVERYTHING.items.length)
    }
    const to = await arriveWith(undefined, `${randomUUID()}@example.com`)
    const passwordFile = to.cli.file('password')
    await writeFile(passwordFile, FILE_PASSWORD)
    await importByCli(to, cliFormat, text, ...args, ...(args.length > 0 ? [passwordFile] : []))
    assert.deepEqual(contentOf(await exportByCli(to, '--format', 'json')), contentOf(JSON.stringify(EVERYTHING)))
  })
}

test('what we export for an account is imported there by the CLI, and by no other account', async () => {
  const { text } = await exportByUs(alice, { format: 'account' })
  const other = await arriveWith(undefined, `${randomUUID()}@example.com`)
  await assert.rejects(importByCli(other, 'bitwardenjson', text))
  await importByCli(alice, 'bitwardenjson', text)
  const { folders, items } = contentOf(await exportByCli(alice, '--format', 'json'))
  const expected = contentOf(JSON.stringify(EVERYTHING))
  assert.deepEqual(folders, expected.folders)
  assert.deepEqual(
    items,
    expected.items.flatMap((entry) => [entry, entry]),
  )
  await removeCopies(alice)
})

test('what we export as csv is imported by the CLI, and says what it left out', async () => {
  const { text, omissions } = await exportByUs(alice, { format: 'csv' })
  assert.deepEqual(omissions.get('no-columns')?.toSorted(), ['Card', 'Identity', 'SSH'])
  assert.deepEqual(omissions.get('not-in-table'), ['Login'])
  const to = await arriveWith(undefined, `${randomUUID()}@example.com`)
  await importByCli(to, 'bitwardencsv', text)
  const { folders, items } = contentOf(await exportByCli(to, '--format', 'json'))
  // The CLI makes a folder of each part of a path.
  assert.deepEqual(folders, ['Work', 'Work/Mail'])
  assert.deepEqual(
    items.map(({ name }) => name),
    ['Archived', 'Login', 'Note'],
  )
  const { login, notes, favorite, reprompt, folder, fields } = items[1]!
  assert.deepEqual([notes, favorite, reprompt, folder], ['line 1\nline 2 ☂', true, 1, 'Work/Mail'])
  assert.deepEqual([login.username, login.password, login.totp], ['alice', 'p,"w"', LOGIN.totp])
  assert.deepEqual(
    login.uris.map(({ uri }: Json) => uri),
    LOGIN.uris.map(({ uri }) => uri),
  )
  assert.deepEqual(
    fields.map(({ name, value }: Json) => [name, value]),
    [
      ['colour', 'blue'],
      ['pin', '1234'],
      ['is mine', 'true'],
      ['linked', undefined],
    ],
  )
})
