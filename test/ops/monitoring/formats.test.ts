import assert from 'node:assert/strict'
import { test } from 'node:test'
import { goDuration, goTime, roundTrip, uptime } from '../../../src/ops/monitoring/go-format.ts'

for (const [epochMs, text] of [
  [0, '1970-01-01T00:00:00Z'],
  [1_767_323_045_678, '2026-01-02T03:04:05.678Z'],
  [1_767_323_045_670, '2026-01-02T03:04:05.67Z'],
  [1_767_323_045_000, '2026-01-02T03:04:05Z'],
  [1_767_323_045_000.5, '2026-01-02T03:04:05.0005Z'],
  [1_767_323_045_999.9998, '2026-01-02T03:04:06Z'],
] as const) {
  test(`${epochMs} ms is written ${text}`, () => assert.equal(goTime(epochMs), text))
}

for (const [ms, text] of [
  [-1, '0s'],
  [0, '0s'],
  [0.000_25, '250ns'],
  [0.401, '401µs'],
  [0.4015, '401.5µs'],
  [1, '1ms'],
  [1.234_567, '1.234567ms'],
  [100, '100ms'],
  [1_000, '1s'],
  [10_500, '10.5s'],
  [60_000, '1m0s'],
  [3_600_000, '1h0m0s'],
  [93_784_005, '26h3m4.005s'],
] as const) {
  test(`a duration of ${ms} ms is written ${text}`, () => assert.equal(goDuration(ms), text))
}

test('a round trip has whole microseconds below a millisecond only', () => {
  assert.deepEqual([0.000_7, 0.401_999, 1.234_567].map(roundTrip), ['700ns', '401µs', '1.234567ms'])
})

for (const [seconds, text] of [
  [-5, '0s'],
  [0.9, '0s'],
  [59, '59s'],
  [60, '1m0s'],
  [3_725, '1h2m5s'],
  [86_400, '1d0h0m0s'],
  [365 * 86_400 + 61, '1y0d0h1m1s'],
] as const) {
  test(`${seconds} s of uptime are written ${text}`, () => assert.equal(uptime(seconds * 1000), text))
}
