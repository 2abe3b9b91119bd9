import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Filter, findItems } from '../../../web/src/vault/search.ts'
import type { ListedItem } from '../../../web/src/vault/surroundings.ts'

let count = 0

function item(name: string, fields: Partial<ListedItem> = {}): ListedItem {
  const state = { folderId: null, isFavorite: false, asksPassword: false, deletedDate: null, archivedDate: null }
  const dates = { creationDate: null, revisionDate: null }
  return {
    id: String(++count),
    type: 'login',
    name,
    subtitle: '',
    hasAttachments: false,
    isDamaged: false,
    ...state,
    ...dates,
    ...fields,
  }
}

const DATE = '2026-01-02T03:04:05.678Z'
const ITEMS = [
  item('Bank', { isFavorite: true, folderId: 'f1', subtitle: 'alice@example.com' }),
  item('archived', { archivedDate: DATE, isFavorite: true, folderId: 'f1' }),
  item('Visa', { type: 'card', subtitle: 'Visa, *4242' }),
  item('trashed', { deletedDate: DATE, folderId: 'f1' }),
  item('both', { deletedDate: DATE, archivedDate: DATE }),
  item('Café', { folderId: 'f2' }),
]

const collator = new Intl.Collator('en')
const namesOf = (filter: Filter, more: object = {}) =>
  findItems(ITEMS, { filter, collator, ...more }).map(({ name }) => name)

const filters: [Filter, string[]][] = [
  [{ kind: 'all' }, ['Bank', 'Café', 'Visa']],
  [{ kind: 'favorites' }, ['Bank']],
  [{ kind: 'type', type: 'card' }, ['Visa']],
  [{ kind: 'type', type: 'identity' }, []],
  [{ kind: 'folder', folderId: 'f1' }, ['Bank']],
  [{ kind: 'no-folder' }, ['Visa']],
  [{ kind: 'archive' }, ['archived']],
  [{ kind: 'trash' }, ['both', 'trashed']],
]
for (const [filter, names] of filters) {
  test(`the filter ${Object.values(filter).join(' ')} shows ${names.join(', ') || 'nothing'}`, () => {
    assert.deepEqual(namesOf(filter), names)
  })
}

const texts: [string, string[]][] = [
  ['', ['Bank', 'Café', 'Visa']],
  ['  ', ['Bank', 'Café', 'Visa']],
  ['cafe', ['Café']],
  ['CAFÉ', ['Café']],
  ['4242', ['Visa']],
  ['example bank', ['Bank']],
  ['bank visa', []],
  ['shop', ['Visa']],
  ['trashed', []],
]
for (const [text, names] of texts) {
  test(`"${text}" finds ${names.join(', ') || 'nothing'}`, () => {
    const others = new Map([[ITEMS[2]!.id, 'https://shop.example\nnotes']])
    assert.deepEqual(namesOf({ kind: 'all' }, { text, texts: others }), names)
  })
}

test('names have the order that is asked for', () => {
  const names = ['Zebra', 'ähnlich', 'Item 10', 'item 9', 'Apfel']
  const found = findItems(
    names.map((name) => item(name)),
    { filter: { kind: 'all' }, collator: new Intl.Collator('de', { numeric: true }) },
  )
  assert.deepEqual(
    found.map(({ name }) => name),
    ['ähnlich', 'Apfel', 'item 9', 'Item 10', 'Zebra'],
  )
  const chinese = ['中', '安', '北'].map((name) => item(name))
  const inPinyin = findItems(chinese, { filter: { kind: 'all' }, collator: new Intl.Collator('zh-CN') }).map(
    ({ name }) => name,
  )
  assert.deepEqual(inPinyin, ['安', '北', '中'])
})
