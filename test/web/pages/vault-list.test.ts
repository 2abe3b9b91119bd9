import assert from 'node:assert/strict'
import { test } from 'node:test'
import { itemTarget } from '../../../web/src/pages/item/target.ts'
import { parseRoute } from '../../../web/src/pages/route.ts'
import { filterHref, filterKey, filterOf } from '../../../web/src/pages/vault/filter.ts'
import { Selection } from '../../../web/src/pages/vault/selection.ts'
import type { Filter } from '../../../web/src/vault/search.ts'

const FILTERS: Filter[] = [
  { kind: 'all' },
  { kind: 'favorites' },
  { kind: 'type', type: 'sshKey' },
  { kind: 'folder', folderId: '7b1d6a7c-0000-4000-8000-000000000000' },
  { kind: 'no-folder' },
  { kind: 'archive' },
  { kind: 'trash' },
]
for (const filter of FILTERS) {
  test(`the address of a filter leads to it: ${filterHref(filter)}`, () => {
    assert.deepEqual(filterOf(parseRoute(filterHref(filter))), filter)
  })
}

test('an address of no filter shows everything', () => {
  for (const hash of ['#/vault/nonsense', '#/vault/type/nonsense', '#/vault/folder', '']) {
    assert.deepEqual(filterOf(parseRoute(hash)), { kind: 'all' }, hash)
  }
  assert.equal(new Set(FILTERS.map(filterKey)).size, FILTERS.length)
})

for (const [hash, target] of [
  ['#/item/abc', { kind: 'view', id: 'abc' }],
  ['#/item/abc/edit', { kind: 'edit', id: 'abc' }],
  ['#/item/abc/clone', { kind: 'clone', id: 'abc' }],
  ['#/item/new/card', { kind: 'new', type: 'card' }],
  ['#/item/new', { kind: 'new', type: 'login' }],
  ['#/item', undefined],
  ['#/vault/abc', undefined],
] as const) {
  test(`${hash} leads to ${target ? JSON.stringify(target) : 'no item'}`, () => {
    assert.deepEqual(itemTarget(parseRoute(hash)), target)
  })
}

test('a selection is toggled one by one, and extended as far as where one is', () => {
  const order = ['a', 'b', 'c', 'd', 'e']
  const of = (selection: Selection) => [...selection.ids].sort().join('')
  const one = new Selection().toggled('d')
  assert.equal(of(one.extended('b', order)), 'bcd')
  assert.equal(of(one.extended('b', order).toggled('c')), 'bd')
  assert.equal(of(one.extended('b', order).extended('a', order)), 'abcd')
  assert.equal(of(new Selection().extended('c', order)), 'c')
})

test('what is not there any more is not selected', () => {
  const selection = new Selection(['a', 'b'])
  assert.equal(selection.within(['b', 'a', 'c']), selection)
  assert.deepEqual([...selection.within(['b']).ids], ['b'])
})
