import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RateLimiter, type ShareLimit } from '../../src/vault/rate-limit.ts'
import { FakeClock } from '../helpers/fake-clock.ts'

const SECOND = 1_000

test('an address takes as much as has gathered, and one more with each interval', () => {
  const clock = new FakeClock()
  const limiter = new RateLimiter({ seconds: 60, maxBurst: 3 }, clock, { name: 'login', share: undefined })
  const takes = (count: number, address = '192.0.2.1') => Array.from({ length: count }, () => limiter.take(address))
  assert.deepEqual(takes(4), [true, true, true, false])
  assert.deepEqual(takes(1, '192.0.2.2'), [true])
  clock.advance(60 * SECOND)
  assert.deepEqual(takes(2), [true, false])
})

test('a clock that is set back by hours keeps nobody out', () => {
  let now = 5 * 3600 * SECOND
  const clock = Object.assign(new FakeClock(), { now: () => now })
  const limiter = new RateLimiter({ seconds: 60, maxBurst: 3 }, clock, { name: 'login', share: undefined })
  const take = () => limiter.take('192.0.2.1')
  assert.equal(take(), true)
  now -= 4 * 3600 * SECOND
  assert.equal(limiter.isExhausted('192.0.2.1'), false)
  assert.deepEqual([take(), take(), take(), take()], [true, true, true, false])
  now -= 60 * SECOND
  assert.equal(limiter.isExhausted('192.0.2.1'), false)
  now += 60 * SECOND
  assert.deepEqual([take(), limiter.isExhausted('192.0.2.1')], [false, true])
})

test('what is taken on one instance is gone on all, and nobody tells of what was not had', () => {
  const clock = new FakeClock()
  const told: string[] = []
  const heard = new Set<(key: string) => void>()
  const share: ShareLimit = (name, takenElsewhere) => {
    assert.equal(name, 'login')
    heard.add(takenElsewhere)
    return (key) => {
      told.push(key)
      for (const other of heard) if (other !== takenElsewhere) other(key)
    }
  }
  const limit = { seconds: 60, maxBurst: 3 }
  const [a, b] = [limit, limit].map((one) => new RateLimiter(one, clock, { name: 'login', share }))
  assert.deepEqual([a!.take('192.0.2.1'), b!.take('192.0.2.1'), a!.take('192.0.2.1')], [true, true, true])
  assert.deepEqual([a!.take('192.0.2.1'), b!.take('192.0.2.1')], [false, false])
  assert.equal(told.length, 3)
  // Of one network there is one bucket, whichever of its addresses comes.
  assert.deepEqual(
    ['2001:db8::1', '2001:db8::2', '2001:db8::3', '2001:db8::4'].map((address, i) => (i % 2 ? b : a)!.take(address)),
    [true, true, true, false],
  )
})
