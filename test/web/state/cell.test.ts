import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Cell } from '../../../web/src/state/cell.ts'

test('whoever listens is told of each change, until they have heard enough', () => {
  const cell = new Cell('a')
  const heard: string[] = []
  const stop = cell.listen((value) => heard.push(value))
  cell.value = 'b'
  cell.value = 'b'
  assert.equal(cell.value, 'b')
  stop()
  cell.value = 'c'
  assert.deepEqual(heard, ['b'])
})

test('who stops listening while a change is told keeps it from nobody', () => {
  const cell = new Cell(0)
  const heard: string[] = []
  const stop = cell.listen(() => stop())
  cell.listen((value) => heard.push(`first ${value}`))
  cell.listen((value) => heard.push(`second ${value}`))
  cell.value = 1
  assert.deepEqual(heard, ['first 1', 'second 1'])
})
