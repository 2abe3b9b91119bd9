import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pick, randomBelow, randomUint32, shuffle } from '../../../web/src/generator/random.ts'
import { fixedRandom, scriptedRandom, tally, unevenness } from './statistics.ts'

const MOST = 2 ** 32 - 1

// The last number of 32 bits that is accepted, and the first that is drawn again.
const bounds: [bound: number, lastAccepted: number][] = [
  [3, MOST - 1],
  [10, 4294967289],
  [7776, 4294964735],
  [2 ** 31 + 1, 2 ** 31],
]

for (const [bound, lastAccepted] of bounds) {
  test(`numbers below ${bound} are all as likely: what is left over of 32 bits is drawn again`, () => {
    assert.equal((lastAccepted + 1) % bound, 0)
    assert.equal(randomBelow(bound, scriptedRandom(lastAccepted)), bound - 1)
    assert.equal(randomBelow(bound, scriptedRandom(lastAccepted + 1, MOST, 1)), 1)
  })
}

test('a power of two has nothing left over', () => {
  assert.equal(randomBelow(2 ** 32, scriptedRandom(MOST)), MOST)
  assert.equal(randomBelow(256, scriptedRandom(MOST)), 255)
  assert.equal(randomBelow(1, scriptedRandom(MOST)), 0)
})

for (const bound of [0, -1, 1.5, Number.NaN, 2 ** 32 + 1]) {
  test(`there is no number below ${bound} to choose`, () => {
    assert.throws(() => randomBelow(bound, fixedRandom()), RangeError)
  })
}

test('nothing can be picked of an empty list', () => {
  assert.throws(() => pick([], fixedRandom()), RangeError)
})

test('of every order that a shuffle can make there is one way to it', () => {
  const orders = []
  for (let a = 0; a < 4; a++) {
    for (let b = 0; b < 3; b++) {
      for (let c = 0; c < 2; c++) orders.push(shuffle([...'wxyz'], scriptedRandom(a, b, c)).join(''))
    }
  }
  assert.equal(new Set(orders).size, 24)
  for (const order of orders) assert.equal([...order].sort().join(''), 'wxyz')
})

test('a shuffle leaves alone what it is given', () => {
  const list = Object.freeze([1, 2, 3, 4, 5])
  assert.notDeepEqual(shuffle(list, fixedRandom()), list)
})

test('the real source is even', () => {
  const digits = Array.from({ length: 100_000 }, () => String(randomBelow(10, randomUint32)))
  // Chance alone goes there less than once in a thousand million runs.
  assert.ok(unevenness(tally('0123456789', digits)) < 14)
})
