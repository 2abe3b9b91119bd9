import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { after, before, test } from 'node:test'
import type { Json } from '../helpers/account.ts'
import type { TestServer } from '../helpers/server.ts'
import { arrive, type Traveller } from './vault-tour.ts'

const login = (name: string, folderId: string | null): Json => ({
  folderId,
  organizationId: null,
  type: 1,
  name,
  notes: `about ${name}`,
  favorite: name === 'Item 1',
  reprompt: 0,
  fields: [{ name: 'field', value: 'hidden', type: 1 }],
  login: { uris: [{ match: null, uri: `https://${name.length}.example` }], username: 'u', password: name, totp: null },
  collectionIds: null,
})

/** As another vault would have exported them. */
const FOREIGN = {
  encrypted: false,
  folders: [
    { id: '00000000-0000-4000-8000-000000000001', name: 'First' },
    { id: '00000000-0000-4000-8000-000000000002', name: 'Second' },
  ],
  items: Array.from({ length: 60 }, (_, index) =>
    login(`Item ${index}`, index % 3 === 0 ? null : `00000000-0000-4000-8000-00000000000${index % 3}`),
  ),
}

const CSV = `folder,favorite,type,name,notes,fields,reprompt,login_uri,login_username,login_password,login_totp
From CSV,,login,Row 1,,,0,https://row.example,row,"pass,word",
,1,note,Row 2,"two
lines",,0,,,,
`

/** Into the vault and out of it again. */
export function tourOfExports(server: () => TestServer): void {
  let frank: Traveller
  before(async () => {
    frank = await arrive(server(), { email: 'frank@example.com' })
  })
  after(() => frank?.[Symbol.asyncDispose]())

  const exported = async (traveller: Traveller, name: string, ...more: string[]): Promise<Json> => {
    const file = traveller.cli.file(name)
    await traveller.cli.run('export', '--output', file, ...more)
    return JSON.parse(await readFile(file, 'utf8'))
  }

  /** What an export says of items, without what is of one server: ids and dates. */
  const content = ({ folders, items }: Json) => {
    const nameOf = (id: string | null) => folders.find((folder: Json) => folder.id === id)?.name ?? null
    return items
      .map(({ name, notes, favorite, type, login, fields, folderId }: Json) => {
        const { username, password, uris } = login ?? {}
        const shown = (fields ?? []).map((field: Json) => [field.name, field.value, field.type])
        const where = (uris ?? []).map(({ uri }: Json) => uri)
        return {
          name,
          notes: notes ?? null,
          favorite,
          type,
          username,
          password,
          where,
          shown,
          folder: nameOf(folderId),
        }
      })
      .sort((a: Json, b: Json) => (a.name < b.name ? -1 : 1))
  }

  test('what comes from another vault goes out as it came', async () => {
    const file = frank.cli.file('foreign.json')
    await writeFile(file, JSON.stringify(FOREIGN))
    await frank.cli.run('import', 'bitwardenjson', file)
    const copy = await exported(frank, 'copy.json', '--format', 'json')
    assert.equal(copy.items.length, 60)
    assert.deepEqual(content(copy), content(FOREIGN))
  })

  test('a CSV file is added to it', async () => {
    const file = frank.cli.file('rows.csv')
    await writeFile(file, CSV)
    await frank.cli.run('import', 'bitwardencsv', file)
    const rows = content(await exported(frank, 'both.json', '--format', 'json')).filter(({ name }: Json) =>
      name.startsWith('Row'),
    )
    assert.deepEqual(
      rows.map(({ name, notes, favorite, type, password, folder }: Json) => [
        name,
        notes,
        favorite,
        type,
        password,
        folder,
      ]),
      [
        ['Row 1', null, false, 1, 'pass,word', 'From CSV'],
        ['Row 2', 'two\nlines', true, 2, undefined, null],
      ],
    )
  })

  test('an export under a password opens in another account', async () => {
    const sealed = await exported(frank, 'sealed.json', '--format', 'encrypted_json', '--password', 'for the road')
    assert.ok(sealed.encrypted && sealed.passwordProtected)
    assert.ok(!JSON.stringify(sealed).includes('Item 1'))
    const bound = await exported(frank, 'bound.json', '--format', 'encrypted_json')
    assert.match(bound.items[0].name, /^2\./)

    await using grace = await arrive(server(), { email: 'grace@example.com' })
    const passwordFile = grace.cli.file('password')
    await writeFile(passwordFile, 'for the road')
    const sealedFile = frank.cli.file('sealed.json')
    await grace.cli.run('import', 'bitwardenpasswordprotected', sealedFile, '--passwordfile', passwordFile)
    const here = await exported(frank, 'here.json', '--format', 'json')
    const there = await exported(grace, 'there.json', '--format', 'json')
    assert.deepEqual(content(there), content(here))
  })
}
