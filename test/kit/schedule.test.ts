import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Schedule } from '#kit'

/** A Friday. */
const NOW = '2026-01-02T03:04:05.678Z'

const schedules: readonly (readonly [expression: string, before: string, after: string])[] = [
  ['0 5 0 * * *', '2026-01-02T00:05:00Z', '2026-01-03T00:05:00Z'],
  ['30 * * * * *', '2026-01-02T03:03:30Z', '2026-01-02T03:04:30Z'],
  ['0/10 * * * * *', '2026-01-02T03:04:00Z', '2026-01-02T03:04:10Z'],
  ['*/4 * * * * *', '2026-01-02T03:04:04Z', '2026-01-02T03:04:08Z'],
  ['5,6 4 3 * * *', '2026-01-02T03:04:05Z', '2026-01-02T03:04:06Z'],
  // Sunday is 1, and 7 the Saturday before.
  ['0 0 0 ? * 1', '2025-12-28T00:00:00Z', '2026-01-04T00:00:00Z'],
  ['0 0 0 * * 7', '2025-12-27T00:00:00Z', '2026-01-03T00:00:00Z'],
  ['0 0 0 * * Sun,Wednesday', '2025-12-31T00:00:00Z', '2026-01-04T00:00:00Z'],
  ['0 0 0 1 February-March *', '2025-03-01T00:00:00Z', '2026-02-01T00:00:00Z'],
  // The 13th and a Friday, not one of the two.
  ['0 0 0 13 * Fri', '2025-06-13T00:00:00Z', '2026-02-13T00:00:00Z'],
  ['@daily', '2026-01-02T00:00:00Z', '2026-01-03T00:00:00Z'],
  ['@weekly', '2025-12-28T00:00:00Z', '2026-01-04T00:00:00Z'],
  ['0 0 0 1 1 * 2020,2030', '2020-01-01T00:00:00Z', '2030-01-01T00:00:00Z'],
]

describe('a schedule', () => {
  for (const [expression, before, after] of schedules) {
    test(`"${expression}" was due at ${before} and will be at ${after}`, () => {
      const schedule = new Schedule(expression)
      assert.deepEqual(schedule.upTo(new Date(NOW)), new Date(before))
      assert.deepEqual(schedule.after(new Date(NOW)), new Date(after))
      // The moment itself belongs to the past.
      assert.deepEqual(schedule.upTo(new Date(after)), new Date(after))
      assert.notDeepEqual(schedule.after(new Date(after)), new Date(after))
    })
  }

  test('may have no times left, or none at all', () => {
    assert.equal(new Schedule('0 0 0 1 1 * 2020').after(new Date(NOW)), undefined)
    assert.equal(new Schedule('0 0 0 30 2 *').after(new Date(NOW)), undefined)
    assert.equal(new Schedule('0 0 0 30 2 *').upTo(new Date(NOW)), undefined)
  })

  for (const [expression, reason] of [
    ['5 0 * * *', /six fields/],
    ['', /six fields/],
    ['2030-01-01T00:00:00Z', /six fields/],
    ['61 * * * * *', /Invalid value for second/],
    ['0 0 0 * * 0', /Invalid value for dayOfWeek$/],
    ['0 0 0 32 * *', /Invalid value for day$/],
    ['0 0 0 * * Someday', /./],
    ['@never', /./],
  ] as const) {
    test(`is not "${expression}"`, () => {
      assert.throws(() => new Schedule(expression), { name: 'RangeError', message: reason })
    })
  }
})
