import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encrypt } from '../../../src/vault/client/enc-string.ts'
import type { JsonObject } from '../../../web/src/api/json.ts'
import type { Kdf } from '../../../web/src/crypto/kdf.ts'
import { type ExportChoice, exportVault } from '../../../web/src/vault/export/export.ts'
import { ImportError } from '../../../web/src/vault/import/import.ts'
import { readImport } from '../../../web/src/vault/import/read-import.ts'
import { DATE, keyPair, wireItem, wireLogin, wireLoginWithOwnKey } from '../model/wire-items.ts'

const user = keyPair()
const NOW = new Date('2026-01-02T03:04:05.000Z')
const e = (text: string) => encrypt(text, user.node)
const base = { userKey: user.web, now: NOW }

const passkeyOf = (key: typeof user) => ({
  ...Object.fromEntries(['credentialId', 'keyType', 'counter'].map((name) => [name, encrypt(`my ${name}`, key.node)])),
  creationDate: DATE,
})

/** A login with a key of its own, and one item in each place that an export treats in its own way. */
function sync(): JsonObject {
  const { wire, own } = wireLoginWithOwnKey(user)
  const login = { ...(wire.login as JsonObject), fido2Credentials: [passkeyOf(own)] }
  const alive = { deletedDate: null, attachments: null }
  return {
    folders: [{ id: 'folder', name: e('Work'), revisionDate: DATE }],
    ciphers: [
      { ...wire, ...alive, login },
      wireItem(user, { type: 2, name: e('Note'), notes: e('text'), secureNote: { type: 0 } }),
      wireItem(user, { type: 3, name: e('Card'), card: { number: e('4111') } }),
      wireLogin(user, { name: e('Gone') }),
      wireItem(user, { organizationId: 'o', name: '2.not|ours|x' }),
      wireItem(user, { type: 7, name: e('Passport') }),
      wireLogin(user, { ...alive, name: e('Damaged'), notes: 'clear', login: { uris: [], password: e('kept') } }),
      wireItem(user, { type: 2, name: e('Files'), secureNote: { type: 0 }, attachments: [{ id: 'a', size: '1' }] }),
    ],
  }
}

const KDFS: Kdf[] = [
  { type: 'PBKDF2', iterations: 600_000 },
  { type: 'Argon2id', iterations: 2, memory: 16, parallelism: 2 },
]
const omissionsOf = async (choice: ExportChoice) =>
  Object.fromEntries((await exportVault(sync(), choice, base)).omissions)

test('a plain export has what is in the vault, and says what it does not have', async () => {
  const { text, fileName, omissions } = await exportVault(sync(), { format: 'json' }, base)
  assert.match(fileName, /^bitwarden_export_2026\d{10}\.json$/)
  const { encrypted, folders, items } = JSON.parse(text)
  assert.deepEqual([encrypted, folders], [false, [{ id: 'folder', name: 'Work' }]])
  assert.deepEqual(
    items.map(({ name }: JsonObject) => name),
    ['A name', 'Note', 'Card', 'Damaged', 'Files'],
  )
  const { login, ...first } = items[0]
  assert.deepEqual(first, {
    ...{ id: '11111111-2222-3333-4444-555555555555', organizationId: null, folderId: 'folder', type: 1, reprompt: 1 },
    ...{ name: 'A name', notes: 'line 1\nline 2', favorite: true, collectionIds: null },
    ...{ creationDate: DATE, revisionDate: DATE, deletedDate: null, archivedDate: DATE },
    passwordHistory: [{ lastUsedDate: DATE, password: 'older' }],
    fields: [
      { name: 'colour', value: 'blue', type: 0, linkedId: null },
      { name: 'linked', value: null, type: 3, linkedId: 100 },
    ],
  })
  assert.deepEqual(login, {
    ...{ username: 'alice', password: 'secret', totp: 'JBSWY3DPEHPK3PXP' },
    uris: [
      { match: 3, uri: 'https://bank.example/login' },
      { match: null, uri: 'https://bank.example/login' },
    ],
    fido2Credentials: [
      { credentialId: 'my credentialId', keyType: 'my keyType', counter: 'my counter', creationDate: DATE },
    ],
  })
  assert.deepEqual(Object.fromEntries(omissions), {
    ...{ organization: [''], trash: ['Gone'], type: ['Passport'], damaged: ['Damaged'], attachments: ['Files'] },
  })
})

test('members of newer apps that are encrypted are told of', async () => {
  const wire = wireItem(user, { type: 2, name: e('Newer'), secureNote: { type: 0, ink: e('blue') } })
  const { omissions } = await exportVault({ ciphers: [wire] }, { format: 'json' }, base)
  assert.deepEqual(Object.fromEntries(omissions), { newer: ['Newer'] })
})

test('a table has logins and notes, and says what it leaves out', async () => {
  const { text, fileName, omissions } = await exportVault(sync(), { format: 'csv' }, base)
  assert.match(fileName, /\.csv$/)
  const [header, ...rows] = text.split('\r\n')
  assert.equal(
    header,
    'folder,favorite,type,name,notes,fields,reprompt,archivedDate,login_uri,login_username,login_password,login_totp',
  )
  const uri = 'https://bank.example/login'
  assert.equal(
    rows[0],
    `Work,1,login,A name,"line 1\nline 2","colour: blue\nlinked: ",1,${DATE},"${uri},${uri}",alice,secret,JBSWY3DPEHPK3PXP`,
  )
  assert.deepEqual(rows.slice(1), [
    ',,note,Note,text,,0,,,,,',
    `Work,1,login,Damaged,,"colour: blue\nlinked: ",1,${DATE},,,kept,`,
    ',,note,Files,,,0,,,,,',
    '',
  ])
  assert.deepEqual([omissions.get('no-columns'), omissions.get('not-in-table')], [['Card'], ['A name', 'Damaged']])
})

test('what a table holds comes back from it', async () => {
  const wire = wireItem(user, {
    ...{ name: e('=1+1 "x"'), notes: e('a\nb,c') },
    fields: [{ type: 0, name: e('colour'), value: e('blue') }],
    login: { uris: [{ uri: e('https://a.example/?a,b') }, { uri: e('https://"b".example') }], password: e(' p ') },
  })
  const { text, omissions } = await exportVault({ ciphers: [wire] }, { format: 'csv' }, base)
  assert.equal(omissions.size, 0)
  const { item } = (await readImport(text, base)).items[0]!
  assert.ok(item.type === 'login')
  assert.deepEqual(
    [item.name, item.notes, item.fields[0]?.value, item.login.password, item.login.uris.map(({ uri }) => uri)],
    ['=1+1 "x"', 'a\nb,c', 'blue', ' p ', ['https://a.example/?a,b', 'https://"b".example']],
  )
})

for (const kdf of KDFS) {
  test(`an export is read with its password alone: ${kdf.type}`, async () => {
    const { text, fileName } = await exportVault(sync(), { format: 'protected', password: 'für dich', kdf }, base)
    assert.match(fileName, /^bitwarden_encrypted_export_\d{14}\.json$/)
    assert.doesNotMatch(text, /A name|secret|Work/)
    const other = { ...base, userKey: keyPair().web }
    const { items, folders, remarks } = await readImport(text, { ...other, password: 'für dich' })
    assert.deepEqual(remarks, [])
    assert.deepEqual(folders, [{ id: 'folder', name: 'Work' }])
    assert.deepEqual(items.map(({ item, folder }) => [item.name, folder]).slice(0, 2), [
      ['A name', 0],
      ['Note', null],
    ])
    const rejects = (file: string, password: string | undefined, kind: string) =>
      assert.rejects(
        readImport(file, { ...other, password }),
        (error) => error instanceof ImportError && error.kind === kind,
      )
    await rejects(text, undefined, 'password-needed')
    await rejects(text, 'wrong', 'wrong-password')
    const document = JSON.parse(text)
    await rejects(JSON.stringify({ ...document, data: document.encKeyValidation_DO_NOT_EDIT }), 'für dich', 'damaged')
    await rejects(JSON.stringify({ ...document, kdfIterations: 1 }), 'für dich', 'key-derivation')
  })
}

test('an export for this account is what the server has, and comes back with all its keys', async () => {
  const { text } = await exportVault(sync(), { format: 'account' }, base)
  assert.doesNotMatch(text, /A name|secret|Work|viewPassword|permissions/)
  const { items, remarks } = await readImport(text, base)
  assert.deepEqual(
    items.map(({ item }) => item.name),
    ['A name', 'Note', 'Card', 'Files'],
  )
  assert.deepEqual(
    remarks.map(({ what }) => what),
    ['type', 'damaged'],
  )
  assert.deepEqual(await omissionsOf({ format: 'account' }), { organization: [''], trash: [''], attachments: [''] })
})
