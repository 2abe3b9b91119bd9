import assert from 'node:assert/strict'
import { test } from 'node:test'
import { textOn } from '../../../web/src/ui/text-on.ts'

test('text on a colour is black or white, whichever is read better', () => {
  assert.deepEqual(['#ffffff', '#000000', '#175ddc', '#0D5C70', '#f5bf00', '#e9d2ff', '#777777'].map(textOn), [
    '#000',
    '#fff',
    '#fff',
    '#fff',
    '#000',
    '#000',
    '#000',
  ])
  assert.deepEqual(['', 'red', '#fff', '#12345'].map(textOn), [undefined, undefined, undefined, undefined])
})
