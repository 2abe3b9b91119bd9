import assert from 'node:assert/strict'
import { test } from 'node:test'
import { folderRows } from '../../../web/src/pages/vault/folder-tree.ts'

const rowsOf = (...names: string[]) => {
  const folders = names.map((name) => ({ id: name, name, revisionDate: '', isDamaged: false }))
  return folderRows(folders, new Intl.Collator('en')).map(({ label, depth }) => `${'  '.repeat(depth)}${label}`)
}

test('folders stand below those that they are in, in the order of the language', () => {
  assert.deepEqual(rowsOf('Work/Mail', 'älter', 'Work', 'Zoo', 'Work/Mail/Old', 'Work 2', 'apple'), [
    'älter',
    'apple',
    'Work',
    '  Mail',
    '    Old',
    'Work 2',
    'Zoo',
  ])
})

test('a folder whose outer folder does not exist keeps its whole name', () => {
  assert.deepEqual(rowsOf('Work/Mail', 'Work/Mail/Old', 'Play/', '/'), ['/', 'Play/', 'Work/Mail', '  Old'])
})

test('folders of one name stand beside each other', () => {
  assert.deepEqual(rowsOf('A', 'A', 'A/b'), ['A', 'A', '  b'])
})
