import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decrypt, encrypt } from '../../../src/vault/client/enc-string.ts'
import type { JsonObject } from '../../../web/src/api/json.ts'
import {
  CARD_MEMBERS,
  IDENTITY_MEMBERS,
  type Item,
  type ItemPart,
  newItem,
  SSH_KEY_MEMBERS,
} from '../../../web/src/model/item.ts'
import { decodeItem, encodeItem } from '../../../web/src/model/item-codec.ts'
import { DamagedError } from '../../../web/src/model/reader.ts'
import { DATE, type KeyPair, keyPair, wireItem, wireLogin, wireLoginWithOwnKey } from './wire-items.ts'

const user = keyPair()

/** Every EncString of `user`'s key in its place in clear, as Node reads it. */
// biome-ignore lint/suspicious/noExplicitAny: whatever it is made of.
function clear(value: unknown, key: KeyPair = user): any {
  if (typeof value === 'string') return value.startsWith('2.') ? decrypt(value, key.node).toString() : value
  if (Array.isArray(value)) return value.map((member) => clear(member, key))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, clear(member, key)]))
}

const textsOf = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, `my ${name}`]))

test('a login is read whole', async () => {
  const item = await decodeItem(wireLogin(user), user.web)
  assert.deepEqual(item.damaged, [])
  assert.ok(item.type === 'login')
  const { passkeys, uris, ...login } = item.login
  assert.deepEqual(login, {
    username: 'alice',
    password: 'secret',
    passwordRevisionDate: DATE,
    totp: 'JBSWY3DPEHPK3PXP',
    rest: { autofillOnPageLoad: true },
  })
  assert.deepEqual(uris, [
    { uri: 'https://bank.example/login', match: 3, rest: { hint: 'new' } },
    { uri: 'https://bank.example/login', match: null, rest: {} },
  ])
  assert.equal(passkeys.length, 1)
  assert.deepEqual(
    [item.name, item.notes, item.isFavorite, item.asksPassword, item.folderId, item.deletedDate, item.archivedDate],
    ['A name', 'line 1\nline 2', true, true, 'folder', DATE, DATE],
  )
  assert.deepEqual(item.fields, [
    { name: 'colour', value: 'blue', type: 0, linkedId: null, rest: {} },
    { name: 'linked', value: null, type: 3, linkedId: 100, rest: { shade: 'dark' } },
  ])
  assert.deepEqual(item.passwordHistory, [{ password: 'older', lastUsedDate: DATE, rest: { by: 'rotation' } }])
  assert.deepEqual([item.attachments[0]?.id, item.attachments[0]?.size], ['a1', '65'])
})

test('what is read goes back as it was, also what this client does not know', async () => {
  const wire = wireLogin(user)
  const request = await encodeItem(await decodeItem(wire, user.web), user.web, { userId: 'me' })
  const { login, ...rest } = clear(wire)
  delete login.uri
  delete login.response
  delete login.uris[0].response
  assert.deepEqual(clear(request), {
    ...{ type: 1, key: null, organizationId: null, folderId: 'folder', favorite: true, reprompt: 1 },
    ...{ name: 'A name', notes: rest.notes, fields: rest.fields, passwordHistory: rest.passwordHistory },
    ...{ newMember: { of: 'tomorrow' }, lastKnownRevisionDate: DATE, archivedDate: DATE, encryptedFor: 'me' },
    login,
  })
  assert.deepEqual((request.login as JsonObject).fido2Credentials, (wire.login as JsonObject).fido2Credentials)
})

test('an item with a key of its own is read and written with it', async () => {
  const { wire, own } = wireLoginWithOwnKey(user)
  const item = await decodeItem(wire, user.web)
  assert.deepEqual([item.damaged, item.name], [[], 'A name'])
  const request = await encodeItem({ ...item, name: 'Another' }, user.web)
  assert.equal(request.key, wire.key)
  assert.equal(clear(request.name, own), 'Another')
})

test('with a key of its own, a URI counts only with its own checksum', async () => {
  const { wire, own } = wireLoginWithOwnKey(user)
  const login = wire.login as JsonObject
  const [first, second] = login.uris as [JsonObject, JsonObject]
  const uris = [
    { ...first, uri: encrypt('https://thief.example', own.node) },
    { ...second, uriChecksum: null },
  ]
  const item = await decodeItem({ ...wire, login: { ...login, uris } }, user.web)
  assert.deepEqual(item.damaged.toSorted(), ['login.uris[0].uri', 'login.uris[1].uri'])
  assert.ok(item.type === 'login')
  assert.deepEqual(
    item.login.uris.map(({ uri }) => uri),
    [null, null],
  )
})

const PARTS: Record<string, [number, JsonObject, JsonObject]> = {
  secureNote: [2, { type: 0, future: 1 }, { rest: { type: 0, future: 1 } }],
  card: [3, textsOf(CARD_MEMBERS), { ...textsOf(CARD_MEMBERS), rest: {} }],
  identity: [4, textsOf(IDENTITY_MEMBERS), { ...textsOf(IDENTITY_MEMBERS), rest: {} }],
  sshKey: [5, textsOf(SSH_KEY_MEMBERS), { ...textsOf(SSH_KEY_MEMBERS), rest: {} }],
}

for (const [type, [number, plain, part]] of Object.entries(PARTS)) {
  test(`an item of type ${type} is read and written`, async () => {
    const encrypted = Object.fromEntries(
      Object.entries(plain).map(([name, value]) => [
        name,
        typeof value === 'string' ? encrypt(value, user.node) : value,
      ]),
    )
    const item = await decodeItem(wireItem(user, { type: number, [type]: encrypted }), user.web)
    assert.deepEqual(item.damaged, [])
    assert.deepEqual((item as unknown as JsonObject)[type], part)
    const request = clear(await encodeItem(item, user.web))
    assert.deepEqual([request.type, request[type]], [number, plain])
  })
}

test('the names of an identity and a card are those of the wire', () => {
  assert.equal(IDENTITY_MEMBERS.length, 18)
  assert.equal(CARD_MEMBERS.length, 6)
})

test('a new item comes back as it was made', async () => {
  const part: ItemPart = { type: 'secureNote', secureNote: { rest: {} } }
  const request = clear(await encodeItem({ ...newItem('New', part), notes: '' }, user.web))
  assert.deepEqual(request, {
    ...{ type: 2, key: null, organizationId: null, folderId: null, favorite: false, reprompt: 0 },
    ...{ name: 'New', notes: null, fields: [], passwordHistory: [], secureNote: { type: 0 } },
  })
})

const other = keyPair()
const DAMAGE: Record<string, [JsonObject, string[]]> = {
  'a note of another key': [{ notes: encrypt('x', other.node) }, ['notes']],
  'a name that is no EncString': [{ name: 'clear' }, ['name']],
  'a name without MAC': [{ name: '0.AAAA|BBBB' }, ['name']],
  'a value that is no text': [{ fields: [{ type: 0, name: 7, value: null }] }, ['fields[0].name']],
  'no part of its type': [{ login: null }, ['login']],
}

for (const [what, [more, places]] of Object.entries(DAMAGE)) {
  test(`an item with ${what} is read as far as it goes, and never written`, async () => {
    const item = await decodeItem(wireLogin(user, more), user.web)
    assert.deepEqual(item.damaged, places)
    assert.equal(item.passwordHistory[0]?.password, 'older')
    await assert.rejects(encodeItem(item, user.web), DamagedError)
  })
}

test('an item whose key is of somebody else says so, and is never written', async () => {
  const { wire } = wireLoginWithOwnKey(other)
  const item = await decodeItem(wire, user.web)
  assert.equal(item.damaged[0], 'key')
  assert.deepEqual([item.name, item.notes], ['', null])
  await assert.rejects(encodeItem(item, user.web), DamagedError)
})

test('an item of a newer type shows its name, and is never written', async () => {
  const item: Item = await decodeItem(wireItem(user, { type: 8, passport: { surname: 'x' } }), user.web)
  assert.deepEqual([item.type, item.name, item.damaged], ['unknown', 'A name', []])
  await assert.rejects(encodeItem(item, user.web), DamagedError)
})

test('the one URI of a very old login is not lost', async () => {
  const login = { uri: encrypt('https://old.example', user.node), uris: null }
  const item = await decodeItem(wireLogin(user, { login }), user.web)
  assert.ok(item.type === 'login')
  assert.equal(item.login.uris[0]?.uri, 'https://old.example')
})
