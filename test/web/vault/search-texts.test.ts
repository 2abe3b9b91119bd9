import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { SymmetricKey } from '../../../web/src/crypto/symmetric-key.ts'
import { newItem } from '../../../web/src/model/item.ts'
import { summaryOf } from '../../../web/src/model/item-summary.ts'
import { Records } from '../../../web/src/vault/records.ts'
import { findItems } from '../../../web/src/vault/search.ts'
import { SearchTexts } from '../../../web/src/vault/search-texts.ts'
import type { ListedItem } from '../../../web/src/vault/surroundings.ts'
import { startTestServer, type TestServer } from '../../helpers/server.ts'
import { Client, newEmail, untilCell } from './client.ts'

let server: TestServer
before(async () => {
  server = await startTestServer({ vault: {} })
})
after(() => server.close())

const login = (uri: string) => ({
  ...{ username: null, password: null, passwordRevisionDate: null, totp: null, passkeys: [], rest: {} },
  uris: [{ uri, match: null, rest: {} }],
})

const collator = new Intl.Collator('en')

test('items are found by their addresses and notes, but not by notes that the password is asked for', async () => {
  using here = await Client.open({ url: server.webUrl, email: await newEmail(server.webUrl), isLive: false })
  const { vault } = here
  const find = (text: string) =>
    findItems(vault.items.value, { filter: { kind: 'all' }, text, texts: vault.searchTexts.value, collator }).map(
      ({ name }) => name,
    )
  const part = { type: 'login', login: login('https://Bücher.example') } as const
  await vault.save({ ...newItem('Shop', part), notes: 'my first note' })
  await vault.save({ ...newItem('Bank', part), notes: 'my second note', asksPassword: true })
  assert.deepEqual(find('bucher'), [])
  await vault.prepareSearch()
  assert.deepEqual(find('bucher'), ['Bank', 'Shop'])
  assert.deepEqual(find('NOTE'), ['Shop'])

  // From now on what changes is read, too.
  const id = vault.items.value.find(({ name }) => name === 'Shop')!.id
  const changed = { ...(await vault.open(id)), notes: 'the third' }
  await vault.save(changed)
  await untilCell(vault.searchTexts, () => find('third').length === 1, 'the changed notes')
  assert.deepEqual(find('first'), [])
  await vault.remove([id])
  assert.deepEqual(find('bucher'), ['Bank'])
})

test('in a large vault lists are searched anew a few times while it is read, and not for every few items', async () => {
  const key = SymmetricKey.random()
  const items = new Records<ListedItem>(async (wire) => ({ ...(await summaryOf(wire, key)), id: String(wire.id) }))
  await items.open(key)
  const notes = await key.encrypt('found by this')
  await items.replace(
    Array.from({ length: 5_000 }, (_, id) => ({ id: String(id), type: 2, secureNote: {}, notes })),
    items.mark(),
  )
  const searchTexts = new SearchTexts(items)
  const sizes: number[] = []
  searchTexts.texts.listen((texts) => sizes.push(texts.size))
  await searchTexts.prepare(key)
  assert.ok(sizes[0]! < 100, 'the first are there at once')
  assert.equal(sizes.at(-1), 5_000)
  assert.ok(sizes.length < 10, `${sizes}`)
})
