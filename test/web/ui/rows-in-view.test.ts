import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { rowAfterKey, rowsInView, scrollTopFor, type View } from '../../../web/src/ui/rows-in-view.ts'

const view = (changes: Partial<View> = {}): View => ({
  count: 10_000,
  rowHeight: 50,
  scrollTop: 0,
  height: 500,
  ...changes,
})

describe('of a long list', () => {
  test('some dozens of rows are drawn, and among them all that are seen', () => {
    for (const scrollTop of [0, 1, 49, 50, 12_345, 499_500]) {
      const rows = rowsInView(view({ scrollTop }), -1)
      assert.ok(rows.length < 40, `${rows.length} rows`)
      for (let y = scrollTop; y < Math.min(scrollTop + 500, 500_000); y += 10) {
        assert.ok(rows.includes(Math.floor(y / 50)), `the row at ${y} of ${scrollTop}`)
      }
    }
  })

  test('the row that has the keyboard is drawn wherever it is, once, and in its order', () => {
    for (const active of [0, 300, 304, 9_999]) {
      const rows = rowsInView(view({ scrollTop: 15_000 }), active)
      assert.equal(rows.filter((row) => row === active).length, 1)
      assert.deepEqual(
        [...rows].sort((a, b) => a - b),
        rows,
      )
    }
  })

  test('no row is drawn that is not there', () => {
    assert.deepEqual(rowsInView(view({ count: 0 }), 0), [])
    assert.deepEqual(rowsInView(view({ count: 3 }), 2), [0, 1, 2])
    assert.deepEqual(rowsInView(view({ count: 3 }), 3), [0, 1, 2])
    // Scrolled further than it has become long.
    assert.deepEqual(rowsInView(view({ count: 3, scrollTop: 100_000 }), -1), [])
  })
})

test('scrolling to a row moves as little as that takes', () => {
  const scrolled = view({ scrollTop: 1_000 })
  assert.equal(scrollTopFor(25, scrolled), 1_000)
  assert.equal(scrollTopFor(20, scrolled), 1_000)
  assert.equal(scrollTopFor(29, scrolled), 1_000)
  assert.equal(scrollTopFor(30, scrolled), 1_050)
  assert.equal(scrollTopFor(19, scrolled), 950)
  assert.equal(scrollTopFor(9_999, scrolled), 499_500)
})

describe('from row 5', () => {
  const keys = [
    ['ArrowDown', 6],
    ['ArrowUp', 4],
    ['PageDown', 14],
    ['PageUp', 0],
    ['Home', 0],
    ['End', 9_999],
    ['Enter', undefined],
    ['a', undefined],
  ] as const
  for (const [key, row] of keys) {
    test(`${key} leads to ${row ?? 'none'}`, () => assert.equal(rowAfterKey(key, 5, view()), row))
  }
})

test('keys lead no further than the ends', () => {
  assert.equal(rowAfterKey('ArrowUp', 0, view()), 0)
  assert.equal(rowAfterKey('ArrowDown', 9_999, view()), 9_999)
  assert.equal(rowAfterKey('End', 0, view({ count: 0 })), undefined)
  // In a window that is lower than a row, a page is a row.
  assert.equal(rowAfterKey('PageDown', 5, view({ height: 20 })), 6)
})
