import assert from 'node:assert/strict'
import { test } from 'node:test'
import { patienceMs } from '../../../web/src/live/patience.ts'

test('the waits grow from half a second to half a minute, and half of each is chance', () => {
  const most = [1, 2, 3, 4, 5, 6, 7, 8, 1000].map((failures) => patienceMs(failures, () => 1))
  assert.deepEqual(most, [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000])
  const least = [1, 7].map((failures) => patienceMs(failures, () => 0))
  assert.deepEqual(least, [250, 15_000])
})
