import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  CARD_MEMBERS,
  FIELD_TYPE,
  IDENTITY_MEMBERS,
  type Item,
  newItem,
  SSH_KEY_MEMBERS,
} from '../../../web/src/model/item.ts'
import {
  addField,
  addUri,
  cloneOf,
  type Draft,
  draftOf,
  emptyItem,
  isChanged,
  isStored,
  itemOf,
  move,
  problemsOf,
  rebase,
} from '../../../web/src/pages/item/draft.ts'
import { EDITABLE_TYPES } from '../../../web/src/pages/item/types.ts'

const REST = { ofNewerClients: 'kept' }
const textsOf = <Name extends string>(names: readonly Name[]) =>
  Object.fromEntries(names.map((name) => [name, `my ${name}`])) as Record<Name, string>

const LOGIN: Item & { type: 'login' } = {
  ...newItem('Bank', { type: 'secureNote', secureNote: { rest: {} } }),
  type: 'login',
  login: {
    ...{
      username: 'alice',
      password: 'secret',
      passwordRevisionDate: '2026-01-01T00:00:00Z',
      totp: 'JBSWY3DPEHPK3PXP',
    },
    uris: [{ uri: 'https://bank.example', match: 3, rest: REST }],
    passkeys: [{ credentialId: 'x' }],
    rest: { autofillOnPageLoad: true },
  },
}
const SAMPLES: Item[] = [
  LOGIN,
  newItem('Note', { type: 'secureNote', secureNote: { rest: REST } }),
  newItem('Card', { type: 'card', card: { ...textsOf(CARD_MEMBERS), rest: REST } }),
  newItem('Me', { type: 'identity', identity: { ...textsOf(IDENTITY_MEMBERS), rest: REST } }),
  newItem('Key', { type: 'sshKey', sshKey: { ...textsOf(SSH_KEY_MEMBERS), rest: REST } }),
].map((item) => ({
  ...item,
  ...{ id: 'id', folderId: 'folder', isFavorite: true, asksPassword: true, notes: 'a\nb', key: '2.key', rest: REST },
  ...{
    creationDate: '2026-01-01T00:00:00Z',
    revisionDate: '2026-01-02T00:00:00Z',
    archivedDate: '2026-01-03T00:00:00Z',
  },
  fields: [
    { name: 'text', value: 'x', type: FIELD_TYPE.text, linkedId: null, rest: REST },
    { name: null, value: null, type: FIELD_TYPE.hidden, linkedId: null, rest: {} },
    { name: 'linked', value: null, type: FIELD_TYPE.linked, linkedId: 100, rest: {} },
    { name: 'of a newer client', value: 'y', type: 9, linkedId: 7, rest: {} },
  ],
  passwordHistory: [{ password: 'old', lastUsedDate: '2025-01-01T00:00:00Z', rest: REST }],
  attachments: [{ id: 'a', fileName: '2.name', key: '2.key', size: '7' }],
}))

for (const item of SAMPLES) {
  test(`a form that nobody has touched says what the item says: ${item.type}`, () => {
    const draft = draftOf(item)!
    assert.equal(isChanged(draft, item), false)
    assert.deepEqual(itemOf(draft, item), item)
  })
}

test('there is a form for an empty item of each type, and none for a type that nobody knows', () => {
  for (const type of EDITABLE_TYPES) {
    const item = emptyItem(type)
    assert.deepEqual(itemOf(draftOf(item)!, item), item)
  }
  assert.equal(draftOf(newItem('New', { type: 'unknown' })), undefined)
})

function edited<T extends Item>(item: T, edit: (draft: Draft & { type: T['type'] }) => void): Item {
  const draft = draftOf(item) as Draft & { type: T['type'] }
  edit(draft)
  assert.equal(isChanged(draft, item), true)
  return itemOf(draft, item)
}

test('what the form changes is changed, and nothing else', () => {
  const changed = edited(LOGIN, (draft) => {
    draft.name = 'Other'
    draft.login.password = 'new'
    draft.login.totp = ''
  })
  assert.deepEqual(changed, { ...LOGIN, name: 'Other', login: { ...LOGIN.login, password: 'new', totp: null } })
})

test('URIs: added ones are at the end, empty ones go, each keeps how it is compared', () => {
  const changed = edited(LOGIN, ({ login }) => {
    addUri(login).uri = ' https://second.example '
    addUri(login)
    login.uris[1]!.match = 5
  })
  assert.ok(changed.type === 'login')
  assert.deepEqual(changed.login.uris, [
    { uri: 'https://bank.example', match: 3, rest: REST },
    { uri: 'https://second.example', match: 5, rest: {} },
  ])
})

test('fields: added by type, moved, and what a linked one stands for goes with its kind', () => {
  const changed = edited(LOGIN, (draft) => {
    const [text, linked, yes] = [FIELD_TYPE.text, FIELD_TYPE.linked, FIELD_TYPE.boolean].map((type) =>
      addField(draft, type),
    )
    assert.equal(linked!.linkedId, 100)
    assert.equal(new Set(draft.fields.map(({ key }) => key)).size, 3)
    Object.assign(text!, { name: 'pin', value: '1', type: FIELD_TYPE.hidden })
    Object.assign(linked!, { name: 'user', linkedId: 101 })
    yes!.name = 'on'
    move(draft.fields, 2, 0)
  })
  assert.deepEqual(
    changed.fields.map(({ name, value, type, linkedId }) => [name, value, type, linkedId]),
    [
      ['on', 'false', FIELD_TYPE.boolean, null],
      ['pin', '1', FIELD_TYPE.hidden, null],
      ['user', null, FIELD_TYPE.linked, 101],
    ],
  )
})

test('a save whose answer was lost is found in what is stored; what another device has done is not', () => {
  const card = SAMPLES.find((item) => item.type === 'card')!
  const draft = draftOf(card)!
  assert.ok(draft.type === 'card')
  draft.card.expYear = '31'
  const stored = { ...card, revisionDate: '2026-01-05T00:00:00Z', card: { ...card.card, expYear: '2031' } }
  assert.equal(isStored(draft, card, stored), true)
  assert.equal(isStored(draft, card, { ...stored, notes: 'theirs' }), false)
  assert.equal(isStored(draft, card, { ...stored, deletedDate: '2026-01-05T00:00:00Z' }), false)
  assert.equal(isStored(draft, card, LOGIN), false)
})

test('the order of fields is a change', () => {
  const item = SAMPLES[0]!
  const draft = draftOf(item)!
  move(draft.fields, 0, 1)
  assert.equal(isChanged(draft, item), true)
})

test('a year of two digits is one of this century', () => {
  const card = SAMPLES.find(({ type }) => type === 'card')!
  const years = ['29', ' 2031 ', 'x', ''].map((year) => {
    const draft = draftOf(card)!
    assert.ok(draft.type === 'card')
    draft.card.expYear = year
    const item = itemOf(draft, card)
    return item.type === 'card' && item.card.expYear
  })
  assert.deepEqual(years, ['2029', '2031', 'x', null])
})

test('an item needs a name, an SSH key its key', () => {
  assert.deepEqual(problemsOf(draftOf(emptyItem('sshKey'))!), ['name', 'privateKey'])
  assert.deepEqual(problemsOf({ ...draftOf(emptyItem('login'))!, name: ' ' }), ['name'])
  assert.deepEqual(problemsOf(draftOf(LOGIN)!), [])
})

test('a clone is a new item without files, passkeys, history and archive', () => {
  const { type, ...clone } = cloneOf(SAMPLES[0]!, 'Bank - Clone')
  assert.ok(type === 'login' && 'login' in clone)
  assert.deepEqual([clone.id, clone.revisionDate, clone.creationDate, clone.archivedDate], [null, null, null, null])
  assert.deepEqual([clone.attachments, clone.passwordHistory, clone.login.passkeys], [[], [], []])
  assert.deepEqual([clone.name, clone.key, clone.rest, clone.login.password], ['Bank - Clone', '2.key', REST, 'secret'])
})

test('stored over what another device has stored, passkeys are those of now but for what was removed here', () => {
  const passkeys = (...ids: string[]) => ids.map((credentialId) => ({ credentialId }))
  const withPasskeys = (...ids: string[]) => ({ ...LOGIN, login: { ...LOGIN.login, passkeys: passkeys(...ids) } })
  const before = withPasskeys('stays', 'removed')
  const draft = draftOf(before)!
  assert.ok(draft.type === 'login')
  draft.login.passkeys = passkeys('stays')
  draft.login.password = 'mine'
  const current = { ...withPasskeys('stays', 'removed', 'added'), revisionDate: 'later', notes: 'theirs' }
  rebase(draft, before, current)
  const stored = itemOf(draft, current)
  assert.ok(stored.type === 'login')
  assert.deepEqual(stored.login.passkeys, passkeys('stays', 'added'))
  assert.deepEqual([stored.login.password, stored.notes, stored.revisionDate], ['mine', null, 'later'])
})
