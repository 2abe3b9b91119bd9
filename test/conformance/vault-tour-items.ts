import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Json } from '../helpers/account.ts'
import type { TestServer } from '../helpers/server.ts'
import { until } from '../helpers/wait.ts'
import type { ServedCli } from './devices.ts'
import { arrive, type Traveller } from './vault-tour.ts'

const common = {
  organizationId: null,
  collectionIds: null,
  folderId: null,
  favorite: false,
  reprompt: 0,
  login: null,
  secureNote: null,
  card: null,
  identity: null,
  sshKey: null,
}

const LOGIN: Json = {
  ...common,
  type: 1,
  name: 'Bank',
  notes: 'ask for Bob\nor for Carol',
  favorite: true,
  fields: [
    { name: 'colour', value: 'blue', type: 0, linkedId: null },
    { name: 'pin', value: '1234', type: 1, linkedId: null },
    { name: 'is mine', value: 'true', type: 2, linkedId: null },
    { name: 'linked', value: null, type: 3, linkedId: 100 },
  ],
  login: {
    uris: [
      { uri: 'https://bank.example', match: null },
      { uri: 'https://www.bank.example/login', match: 3 },
    ],
    username: 'alice',
    password: 'first',
    totp: 'JBSWY3DPEHPK3PXP',
  },
}

const NOTE: Json = { ...common, type: 2, name: 'Note', notes: 'ünï¢ödé 😀', secureNote: { type: 0 } }

const CARD: Json = {
  ...common,
  type: 3,
  name: 'Card',
  notes: null,
  card: {
    cardholderName: 'Alice Example',
    brand: 'Visa',
    number: '4111111111111111',
    expMonth: '7',
    expYear: '2031',
    code: '123',
  },
}

const IDENTITY: Json = {
  ...common,
  type: 4,
  name: 'Identity',
  notes: null,
  reprompt: 1,
  identity: {
    title: 'Dr',
    firstName: 'Alice',
    middleName: 'B',
    lastName: 'Example',
    address1: 'Street 1',
    address2: null,
    address3: null,
    city: 'Bern',
    state: null,
    postalCode: '3000',
    country: 'CH',
    company: 'Example Ltd',
    email: 'alice@example.com',
    phone: '+41 00 000 00 00',
    ssn: '756.0000.0000.00',
    username: 'alice',
    passportNumber: 'X0000000',
    licenseNumber: null,
  },
}

/** Those members of an item that `wanted` names; what the CLI leaves out is nothing. */
function like(item: Json, wanted: Json): Json {
  return Object.fromEntries(Object.keys(wanted).map((name) => [name, pick(item[name], wanted[name])]))
}

function pick(value: unknown, wanted: unknown): unknown {
  if (Array.isArray(wanted) && Array.isArray(value)) return value.map((item, index) => pick(item, wanted[index]))
  return isJson(wanted) && isJson(value) ? like(value, wanted) : (value ?? null)
}

const isJson = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)

/** Items and folders through all that becomes of them. */
export function tourOfItems(server: () => TestServer): void {
  let carol: Traveller
  let cli: ServedCli
  before(async () => {
    carol = await arrive(server(), { email: 'carol@example.com' })
    cli = await carol.cli.serve()
  })
  after(async () => {
    await cli?.[Symbol.asyncDispose]()
    await carol?.[Symbol.asyncDispose]()
  })

  // After a sync `bw serve` does not know its items for a moment.
  const read = (id: string): Promise<Json> =>
    until(() => cli.call('GET', `/object/item/${id}`), 'the item after a sync')
  const list = async (query = ''): Promise<string[]> => {
    const items: Json[] = await cli.call('GET', `/list/object/items${query}`)
    return items.map(({ name }) => name).sort()
  }
  let bank: Json
  let isGone = false
  const sync = async () => {
    await cli.call('POST', '/sync?force=true')
    if (bank !== undefined && !isGone) await read(bank.id)
  }

  for (const item of [LOGIN, NOTE, CARD, IDENTITY]) {
    test(`an item of type ${item.type} comes back as it was made, also after a sync`, async () => {
      const { id } = await cli.call('POST', '/object/item', item)
      await sync()
      const made = await read(id)
      const { collectionIds: _, ...wanted } = item
      assert.deepEqual(like(made, wanted), wanted)
      if (item === LOGIN) bank = made
    })
  }

  test('an SSH key of another device is read', async () => {
    const { phone } = carol
    const sshKey = {
      privateKey: phone.encrypt('-----BEGIN OPENSSH PRIVATE KEY-----'),
      publicKey: phone.encrypt('ssh-ed25519 AAAA'),
      keyFingerprint: phone.encrypt('SHA256:abc'),
    }
    const { json, status } = await phone.post('/api/ciphers', phone.loginItem('Key', { type: 5, login: null, sshKey }))
    assert.equal(status, 200)
    await sync()
    const key = await read(json.id)
    assert.deepEqual([key.type, key.sshKey.publicKey], [5, 'ssh-ed25519 AAAA'])
  })

  test('a password that is replaced goes into the history, and a code is computed', async () => {
    const changed = { ...bank, login: { ...bank.login, password: 'second' }, favorite: false }
    await cli.call('PUT', `/object/item/${bank.id}`, changed)
    await sync()
    bank = await read(bank.id)
    assert.deepEqual([bank.favorite, bank.login.password], [false, 'second'])
    assert.deepEqual(
      bank.passwordHistory.map(({ password }: Json) => password),
      ['first'],
    )
    assert.match((await cli.call('GET', `/object/totp/${bank.id}`)).data, /^\d{6}$/)
  })

  test('items go into a folder, and stay when it goes', async () => {
    const folder = await cli.call('POST', '/object/folder', { name: 'Money' })
    await cli.call('PUT', `/object/folder/${folder.id}`, { name: 'Money, renamed' })
    await cli.call('PUT', `/object/item/${bank.id}`, { ...bank, folderId: folder.id })
    await sync()
    assert.deepEqual(await list(`?folderid=${folder.id}`), ['Bank'])
    assert.equal((await cli.call('GET', `/object/folder/${folder.id}`)).name, 'Money, renamed')
    await cli.call('DELETE', `/object/folder/${folder.id}`)
    await sync()
    assert.equal((await read(bank.id)).folderId ?? null, null)
  })

  test('what another device has changed meanwhile is not overwritten', async () => {
    const { phone } = carol
    const path = `/api/ciphers/${bank.id}`
    const { json: stored } = await phone.get(path)
    assert.equal((await phone.put(path, { ...stored, notes: null })).status, 200)
    // Older by more than a client's clock may be wrong.
    const outdated = {
      ...stored,
      lastKnownRevisionDate: new Date(Date.parse(stored.revisionDate) - 10_000).toISOString(),
    }
    assert.equal((await phone.put(path, outdated)).status, 400)
    await sync()
    assert.equal((await read(bank.id)).notes ?? null, null)
  })

  test('an item goes into the archive and out of it', async () => {
    const archivedDate = async () => (await carol.phone.get(`/api/ciphers/${bank.id}`)).json.archivedDate
    await carol.cli.run('archive', 'item', bank.id)
    assert.notEqual(await archivedDate(), null)
    await carol.cli.run('restore', 'item', bank.id)
    assert.equal(await archivedDate(), null)
    await sync()
  })

  test('an item goes into the trash, out of it, and for good', async () => {
    await cli.call('DELETE', `/object/item/${bank.id}`)
    assert.deepEqual(await list('?trash=true'), ['Bank'])
    assert.deepEqual(await list(), ['Card', 'Identity', 'Key', 'Note'])
    await cli.call('POST', `/restore/item/${bank.id}`)
    assert.deepEqual(await list('?trash=true'), [])
    await carol.cli.run('delete', 'item', bank.id, '--permanent')
    isGone = true
    assert.equal((await carol.phone.get(`/api/ciphers/${bank.id}`)).status, 400)
    await sync()
    await until(async () => (await list()).join() === 'Card,Identity,Key,Note', 'the four that are left')
  })
}
