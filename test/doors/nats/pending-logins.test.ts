import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PendingLogins } from '../../../src/doors/nats/pending-logins.ts'

test('four networks may have as many logins under way as there may be, one of them no more than its share', () => {
  const pending = new PendingLogins()
  const enter = (count: number, address: string) =>
    Array.from({ length: count }, () => pending.enter(address)).filter((leave) => leave !== undefined)
  const first = enter(300, '192.0.2.1')
  assert.equal(first.length, 256)
  // All of them are somebody's who was given a /64.
  assert.equal([...enter(200, '2001:db8::1'), ...enter(200, '2001:db8::2')].length, 256)
  for (const address of ['192.0.2.2', '192.0.2.3']) assert.equal(enter(300, address).length, 256)
  assert.equal(enter(1, '192.0.2.4').length, 0)
  first.pop()?.()
  assert.equal(enter(2, '192.0.2.4').length, 1)
  first.pop()?.()
  assert.equal(enter(2, '192.0.2.1').length, 1)
})
