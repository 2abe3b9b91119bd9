/** Bitwarden's JSON: what an import makes of it, and what it says it does not. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encrypt } from '../../../src/vault/client/enc-string.ts'
import type { JsonObject } from '../../../web/src/api/json.ts'
import { decodeItem, encodeItem } from '../../../web/src/model/item-codec.ts'
import { decryptPasskey } from '../../../web/src/vault/export/passkeys.ts'
import { ImportError } from '../../../web/src/vault/import/import.ts'
import { readImport } from '../../../web/src/vault/import/read-import.ts'
import { encryptImport, requestOf } from '../../../web/src/vault/import/requests.ts'
import { keyPair, wireLoginWithOwnKey } from '../model/wire-items.ts'

const user = keyPair()
const DATE = '2026-01-02T03:04:05.678Z'
const options = { userKey: user.web, now: new Date(DATE) }
const read = (document: unknown, password?: string) => readImport(JSON.stringify(document), { ...options, password })
const rejectsWith = (kind: string) => (error: unknown) => error instanceof ImportError && error.kind === kind

const PASSKEY = { credentialId: 'id', keyType: 'public-key', counter: '0', discoverable: 'true', creationDate: DATE }
const LOGIN: JsonObject = {
  ...{ id: 'i', organizationId: null, folderId: 'f', type: 1, reprompt: 1, name: 'Site', notes: 'n', favorite: true },
  ...{ creationDate: DATE, revisionDate: DATE, deletedDate: null, archivedDate: DATE, collectionIds: null },
  fields: [{ name: 'linked', value: null, type: 3, linkedId: 100 }],
  passwordHistory: [{ password: 'old', lastUsedDate: DATE }],
  login: {
    ...{ username: 'alice', password: 'secret', totp: 'JBSW', fido2Credentials: [PASSKEY] },
    uris: [{ uri: 'https://a.example', match: 3 }],
  },
}
const FOLDER = { id: 'f', name: 'Work/Mail' }

test('an item is taken with all that it has, and nothing of it goes to the server in the clear', async () => {
  const found = await read({ encrypted: false, folders: [FOLDER], items: [LOGIN] })
  assert.deepEqual([found.format, found.folders, found.remarks], ['bitwarden-json', [FOLDER], []])
  const { lots, folders } = await encryptImport(found, { userKey: user.web, userId: 'u', folders: [] })
  const request = requestOf(folders, lots[0]!)
  assert.doesNotMatch(
    JSON.stringify(request),
    /"(Work\/Mail|Site|n|alice|secret|JBSW|https:\/\/a\.example|linked|old|public-key)"/,
  )
  const [cipher] = request.ciphers as JsonObject[]
  const item = await decodeItem({ ...cipher, favorite: true }, user.web)
  assert.ok(item.type === 'login')
  assert.deepEqual(
    [item.name, item.notes, item.isFavorite, item.asksPassword, item.archivedDate, item.damaged],
    ['Site', 'n', true, true, DATE, []],
  )
  assert.deepEqual(item.fields, [{ name: 'linked', value: null, type: 3, linkedId: 100, rest: {} }])
  assert.deepEqual(item.passwordHistory, [{ password: 'old', lastUsedDate: DATE, rest: {} }])
  const { username, password, totp, uris } = item.login
  assert.deepEqual([username, password, totp], ['alice', 'secret', 'JBSW'])
  assert.deepEqual(uris, [{ uri: 'https://a.example', match: 3, rest: {} }])
  assert.deepEqual(await decryptPasskey(item.login.passkeys[0]!, user.web), PASSKEY)
  assert.deepEqual(request.folderRelationships, [{ key: 0, value: 0 }])
})

const TYPES: [number, string, JsonObject][] = [
  [2, 'secureNote', { type: 0 }],
  [3, 'card', { cardholderName: 'A', brand: 'Visa', number: '4111', expMonth: '1', expYear: '2030', code: '123' }],
  [4, 'identity', { firstName: 'A', ssn: '1', passportNumber: 'P' }],
  [5, 'sshKey', { privateKey: 'k', publicKey: 'p', keyFingerprint: 'f' }],
]
for (const [type, name, part] of TYPES) {
  test(`an item of type ${name} is read`, async () => {
    const { items, remarks } = await read({ items: [{ type, name: 'x', [name]: part }] })
    assert.deepEqual(remarks, [])
    const item = items[0]!.item as unknown as Record<string, JsonObject>
    const { rest, ...texts } = item[name] as { rest: JsonObject }
    const found = type === 2 ? rest : Object.fromEntries(Object.entries(texts).filter(([, text]) => text !== null))
    assert.deepEqual(found, part)
  })
}

test('what is not understood is told, with its place', async () => {
  const found = await read({
    folders: [FOLDER],
    items: [
      { ...LOGIN, name: 'Odd', colour: 'blue', empty: null, login: { uris: [{ uri: 'a', shade: 1 }], password: [1] } },
      { type: 6, name: 'Bank', bankAccount: { number: '1' } },
      'text',
      { ...LOGIN, name: 'Trash', deletedDate: DATE, folderId: null },
      { ...LOGIN, name: 'Lost', folderId: 'elsewhere' },
      { type: 1, name: ' ', login: { uri: 'https://old.example' } },
    ],
  })
  assert.deepEqual(
    found.remarks.map(({ where, what, names }) => [where, what, ...names]),
    [
      [{ place: 3, name: '' }, 'no-object'],
      [{ place: 1, name: 'Odd' }, 'members', 'login.uris[0].shade', 'login.password', 'colour'],
      [{ place: 2, name: 'Bank' }, 'type'],
      [{ place: 4, name: 'Trash' }, 'trash'],
      [{ place: 5, name: 'Lost' }, 'folder'],
    ],
  )
  assert.deepEqual(
    found.items.map(({ item, folder }) => [item.name, folder, item.deletedDate]),
    [
      ['Odd', 0, null],
      ['Trash', null, null],
      ['Lost', null, null],
      ['--', null, null],
    ],
  )
  const { item } = found.items[3]!
  assert.deepEqual(item.type === 'login' && item.login.uris, [{ uri: 'https://old.example', match: null, rest: {} }])
})

test('collections of an organization become folders', async () => {
  const collections = [
    { id: 'a', name: 'A' },
    { id: 'b', name: 'B' },
  ]
  const { folders, items, remarks } = await read({
    collections,
    items: [{ ...LOGIN, folderId: null, collectionIds: ['b', 'a'] }],
  })
  assert.deepEqual([folders, items[0]?.folder], [collections, 1])
  assert.deepEqual(
    remarks.map(({ what }) => what),
    ['collections'],
  )
})

const validation = (key: typeof user) => encrypt('x', key.node)

test('what this account has exported for itself is read with its keys', async () => {
  const { wire } = wireLoginWithOwnKey(user)
  const document = {
    ...{ encrypted: true, encKeyValidation_DO_NOT_EDIT: validation(user) },
    folders: [{ id: 'folder', name: encrypt('Work', user.node) }],
    items: [wire, { ...wire, login: { ...(wire.login as JsonObject), password: encrypt('x', keyPair().node) } }],
  }
  const { items, folders, remarks } = await read(document)
  assert.deepEqual(folders, [{ id: 'folder', name: 'Work' }])
  assert.equal(items.length, 1)
  const { item, folder } = items[0]!
  assert.ok(item.type === 'login')
  assert.deepEqual([item.login.password, item.key, item.id, folder], ['secret', wire.key, null, 0])
  assert.deepEqual(
    remarks.map(({ what, names }) => [what, ...names]),
    [['members', 'attachments'], ['trash'], ['damaged', 'login.password']],
  )
  // Its passkeys and newer members stay encrypted with the item's own key.
  const request = await encodeItem(item, user.web)
  assert.equal(request.key, wire.key)
  await assert.rejects(
    read({ ...document, encKeyValidation_DO_NOT_EDIT: validation(keyPair()) }),
    rejectsWith('other-account'),
  )
  await assert.rejects(read({ ...document, encKeyValidation_DO_NOT_EDIT: undefined }), rejectsWith('other-account'))
})

for (const [text, kind] of [
  ['', 'empty'],
  [' \n', 'empty'],
  ['{"items": [', 'not-json'],
  ['[1]', 'unknown-format'],
  ['{"data": 1}', 'unknown-format'],
] as const) {
  test(`${JSON.stringify(text)} is refused: ${kind}`, () =>
    assert.rejects(readImport(text, options), rejectsWith(kind)))
}

test('folders that are there already are not made again, and many items go in lots', async () => {
  const found = await read({
    folders: [FOLDER, { id: 'g', name: 'Known' }, { id: 'h', name: 'New' }],
    items: Array.from({ length: 20_001 }, () => ({ type: 2, name: '' })),
  })
  const progress: number[] = []
  const { folders, lots } = await encryptImport(found, {
    ...{ userKey: user.web, userId: 'u', onProgress: (done) => progress.push(done) },
    folders: [
      { id: 'f', name: 'Renamed', isDamaged: false },
      { id: 'k', name: 'Known', isDamaged: false },
      { id: 'd', name: 'New', isDamaged: true },
    ],
  })
  assert.deepEqual(
    folders.map(({ id }) => id),
    ['f', 'k', undefined],
  )
  assert.deepEqual(
    lots.map(({ start, ciphers }) => [start, ciphers.length]),
    [
      [0, 20_000],
      [20_000, 1],
    ],
  )
  assert.equal(progress.at(-1), 20_001)
})
