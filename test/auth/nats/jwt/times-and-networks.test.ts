import assert from 'node:assert/strict'
import { test } from 'node:test'
import { allowedUntilMs, isAddressIn } from '../../../../src/auth/nats/jwt/index.ts'

const at = (text: string) => Date.parse(text)

for (const [what, range, zone, now, until] of [
  ['within', '08:00:00-17:00:00', 'UTC', '2026-01-02T12:00:00Z', '2026-01-02T17:00:00Z'],
  ['before', '08:00:00-17:00:00', 'UTC', '2026-01-02T07:59:59Z', undefined],
  ['at the start', '08:00:00-17:00:00', 'UTC', '2026-01-02T08:00:00Z', undefined],
  ['at the end', '08:00:00-17:00:00', 'UTC', '2026-01-02T17:00:00Z', undefined],
  ['before midnight', '22:00:00-06:00:00', 'UTC', '2026-01-02T23:30:00Z', '2026-01-03T06:00:00Z'],
  ['after midnight', '22:00:00-06:00:00', 'UTC', '2026-01-03T05:00:00Z', '2026-01-03T06:00:00Z'],
  ['between nights', '22:00:00-06:00:00', 'UTC', '2026-01-03T12:00:00Z', undefined],
  ['in another zone', '08:00:00-17:00:00', 'America/New_York', '2026-07-02T12:30:00Z', '2026-07-02T21:00:00Z'],
  ['outside in another zone', '08:00:00-17:00:00', 'America/New_York', '2026-07-02T11:30:00Z', undefined],
  ['on the next day there', '00:30:00-02:00:00', 'Asia/Tokyo', '2026-01-01T16:00:00Z', '2026-01-01T17:00:00Z'],
  ['when the clocks go forward', '01:00:00-05:00:00', 'Europe/Berlin', '2026-03-29T00:30:00Z', '2026-03-29T03:00:00Z'],
  ['when the clocks go back', '01:00:00-05:00:00', 'Europe/Berlin', '2026-10-25T00:30:00Z', '2026-10-25T04:00:00Z'],
  ['in no zone', '08:00:00-17:00:00', 'Nowhere/Land', '2026-01-02T12:00:00Z', undefined],
  ['with one digit and a fraction', '8:00:00.5-17:00:00', 'UTC', '2026-01-02T12:00:00Z', '2026-01-02T17:00:00Z'],
] as const) {
  test(`${what}: ${range} at ${now}`, () => {
    const [start = '', end = ''] = range.split('-')
    assert.equal(allowedUntilMs([{ start, end }], zone, at(now)), until === undefined ? undefined : at(until))
  })
}

test('of several ranges the one that lasts longest counts', () => {
  const ranges = [
    { start: '08:00:00', end: '12:30:00' },
    { start: '11:00:00', end: '17:00:00' },
  ]
  assert.equal(allowedUntilMs(ranges, 'UTC', at('2026-01-02T12:00:00Z')), at('2026-01-02T17:00:00Z'))
})

test('without ranges there is no end', () => assert.equal(allowedUntilMs([], '', 0), Number.POSITIVE_INFINITY))

for (const [networks, address, isIn] of [
  [[], '192.0.2.1', true],
  [['192.0.2.0/24'], '192.0.2.1', true],
  [['192.0.2.0/24'], '192.0.3.1', false],
  [['10.0.0.0/8', '192.0.2.7/32'], '192.0.2.7', true],
  [['192.0.2.0/24'], '::ffff:192.0.2.1', true],
  [['2001:db8::/32'], '2001:db8:1::1', true],
  [['2001:db8::/32'], '2001:db9::1', false],
  [['fe80::/10'], 'fe80::1%eth0', true],
  [['0.0.0.0/0'], '2001:db8::1', false],
  [['192.0.2.0/33'], '192.0.2.1', false],
  [['192.0.2.1'], '192.0.2.1', false],
  [['192.0.2.0/24'], '', false],
] as const) {
  test(`${address || 'no address'} is ${isIn ? '' : 'not '}in [${networks}]`, () => {
    assert.equal(isAddressIn(networks, address), isIn)
  })
}
