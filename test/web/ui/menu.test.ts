import assert from 'node:assert/strict'
import { test } from 'node:test'
import { placeMenu } from '../../../web/src/ui/menu.ts'

const button = (left: number, top: number) => ({ left, top, right: left + 40, bottom: top + 40 })
const menu = { width: 200, height: 300 }
const window = { width: 1000, height: 800 }

const places = [
  ['below its button, their left edges in line', button(100, 50), 'start', { top: 94, left: 100 }],
  ['below its button, their right edges in line', button(600, 50), 'end', { top: 94, left: 440 }],
  ['above it where there is no room below', button(100, 700), 'start', { top: 396, left: 100 }],
  ['within the window on the right', button(950, 50), 'start', { top: 94, left: 792 }],
  ['within the window on the left', button(0, 50), 'end', { top: 94, left: 8 }],
] as const
for (const [name, opener, align, place] of places) {
  test(`a menu opens ${name}`, () => assert.deepEqual(placeMenu(opener, menu, { ...window, align }), place))
}

test('a menu that fits nowhere begins where it is seen from its first line', () => {
  assert.deepEqual(placeMenu(button(10, 100), menu, { width: 150, height: 250, align: 'start' }), { top: 8, left: 8 })
})
