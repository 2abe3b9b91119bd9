import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AddressLimit } from '#net'

test('a client may have so many connections at a time, and others are not its business', () => {
  const limit = new AddressLimit(2)
  const leave = limit.enter('192.0.2.7')!
  assert.ok(limit.enter('192.0.2.7'))
  assert.equal(limit.enter('192.0.2.7'), undefined)
  assert.ok(limit.enter('192.0.2.8'))
  leave()
  assert.ok(limit.enter('192.0.2.7'))
  leave()
  assert.equal(limit.enter('192.0.2.7'), undefined)
})

test('addresses of one IPv6 network of 64 bits are one client, however they are written', () => {
  for (const [first, second, isSame] of [
    ['2001:db8:1:2::7', '2001:0DB8:1:2:ffff:ffff:ffff:ffff', true],
    ['2001:db8:1:2::7', '2001:db8:1:3::7', false],
    ['2001:db8::7', '2001:db8:0:0:1::', true],
    ['::1', '0:0:0:0:9::', true],
    ['1:2:3:4:5:6:192.0.2.7', '1:2:3:4::', true],
    ['fe80::1%eth0', 'fe80::2', true],
    ['::ffff:192.0.2.7', '192.0.2.7', true],
    ['::ffff:192.0.2.7', '::ffff:192.0.2.8', false],
    ['192.0.2.7', '192.0.2.70', false],
  ] as const) {
    const limit = new AddressLimit(1)
    limit.enter(first)
    assert.equal(limit.enter(second) === undefined, isSame, `${first} and ${second}`)
  }
})

test('a limit that comes later counts those who are there; without one everybody comes in', () => {
  const limit = new AddressLimit(0)
  const leave = Array.from({ length: 3 }, () => limit.enter('192.0.2.7')!)
  limit.max = 3
  assert.equal(limit.enter('192.0.2.7'), undefined)
  limit.max = 0
  assert.ok(limit.enter('192.0.2.7'))
  for (const one of leave) one()
  limit.max = 2
  assert.ok(limit.enter('192.0.2.7'))
  assert.equal(limit.enter('192.0.2.7'), undefined)
})

test('who has left is forgotten', () => {
  const limit = new AddressLimit(5)
  const leave = Array.from({ length: 100 }, (_, i) => limit.enter(`192.0.2.${i}`)!)
  assert.equal(limit.size, 100)
  for (const one of leave) one()
  assert.equal(limit.size, 0)
})
