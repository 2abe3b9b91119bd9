import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatDuration, parseDuration } from '#config'

for (const [text, ms] of [
  ['0', 0],
  ['1ns', 1e-6],
  ['1us', 1e-3],
  ['1µs', 1e-3],
  ['1μs', 1e-3],
  ['10ms', 10],
  ['1m30s', 90_000],
  ['1.5h', 5_400_000],
  ['.5s', 500],
  ['1.s', 1000],
  ['-2s', -2000],
  ['+2s', 2000],
  ['1h2m3s4ms', 3_723_004],
] as const) {
  test(`the duration ${text} is ${ms} ms`, () => assert.equal(parseDuration(text), ms))
}

for (const [text, message] of [
  ['', 'time: invalid duration ""'],
  ['-', 'time: invalid duration "-"'],
  ['s', 'time: invalid duration "s"'],
  ['.s', 'time: invalid duration ".s"'],
  ['1s ', 'time: unknown unit "s " in duration "1s "'],
  ['5', 'time: missing unit in duration "5"'],
  ['1m5', 'time: missing unit in duration "1m5"'],
  ['1d', 'time: unknown unit "d" in duration "1d"'],
  ['1.2.3s', 'time: missing unit in duration "1.2.3s"'],
  ['9999999h', 'time: invalid duration "9999999h"'],
] as const) {
  test(`${JSON.stringify(text)} is no duration`, () =>
    assert.throws(() => parseDuration(text), new RangeError(message)))
}

for (const [ms, text] of [
  [0, '0s'],
  [1e-6, '1ns'],
  [0.0015, '1.5µs'],
  [1.5, '1.5ms'],
  [29_500, '29.5s'],
  [60_000, '1m0s'],
  [90_000.000001, '1m30.000000001s'],
  [3_600_500, '1h0m0.5s'],
  [-60_000, '-1m0s'],
] as const) {
  test(`${ms} ms are shown as ${text}`, () => assert.equal(formatDuration(ms), text))
}
