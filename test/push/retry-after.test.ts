import assert from 'node:assert/strict'
import { test } from 'node:test'
import { retryAfterMs } from '../../src/push/retry-after.ts'

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5)

for (const [header, expected] of [
  ['0', 0],
  ['120', 120_000],
  [' 7 ', 7_000],
  ['3600', 3_600_000],
  ['86400', 3_600_000],
  ['9'.repeat(400), 3_600_000],
  ['Fri, 02 Jan 2026 03:04:35 GMT', 30_000],
  ['Friday, 02-Jan-26 03:04:35 GMT', 30_000],
  ['Fri Jan  2 03:04:35 2026', 30_000],
  ['Fri, 02 Jan 2026 03:00:00 GMT', 0],
  ['Fri, 02 Jan 2027 03:04:05 GMT', 3_600_000],
  ['-5', undefined],
  ['1.5', undefined],
  ['2026', 2_026_000],
  ['2026-01-02', undefined],
  ['soon', undefined],
  ['', undefined],
  [undefined, undefined],
] as const) {
  test(`Retry-After ${JSON.stringify(header)?.slice(0, 40)} asks for ${expected} ms`, () => {
    assert.equal(retryAfterMs(header, NOW), expected)
  })
}
