import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PendingLogins } from '../../../src/doors/nats/pending-logins.ts'

test('of the logins that may be under way one network has no more than half', () => {
  const pending = new PendingLogins()
  const enter = (count: number, address: string) =>
    Array.from({ length: count }, () => pending.enter(address)).filter((leave) => leave !== undefined)
  const first = enter(600, '192.0.2.1')
  assert.equal(first.length, 512)
  // Both are somebody's who was given a /64.
  assert.equal([...enter(400, '2001:db8::1'), ...enter(400, '2001:db8::2')].length, 512)
  assert.equal(enter(1, '192.0.2.4').length, 0)
  first.pop()?.()
  assert.equal(enter(2, '192.0.2.4').length, 1)
  first.pop()?.()
  assert.equal(enter(2, '192.0.2.1').length, 1)
})
