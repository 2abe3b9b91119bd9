import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AutoLock } from '../../../web/src/session/auto-lock.ts'
import { FakeClock } from '../../helpers/fake-clock.ts'

const MINUTE = 60_000

function start(minutes: number | null) {
  const clock = new FakeClock()
  let asleepMs = 0
  const settings = { minutes }
  let expired = 0
  const lock = new AutoLock({
    clock: { now: () => clock.now() + asleepMs, every: clock.every.bind(clock), after: clock.after.bind(clock) },
    minutes: () => settings.minutes,
    expire: () => expired++,
  })
  lock.start()
  return {
    lock,
    clock,
    settings,
    /** Time goes on, and no timer with it. */
    sleep: (ms: number) => {
      asleepMs += ms
    },
    get expired() {
      return expired
    },
  }
}

test('it runs out when there is no input, once, and not before', () => {
  const idle = start(15)
  idle.clock.advance(15 * MINUTE - 5_000)
  assert.equal(idle.expired, 0)
  idle.clock.advance(5_000)
  assert.equal(idle.expired, 1)
  idle.clock.advance(60 * MINUTE)
  assert.equal(idle.expired, 1)
  assert.equal(idle.clock.pending, 0)
})

test('input lets it begin anew', () => {
  const idle = start(1)
  for (let i = 0; i < 10; i++) {
    idle.clock.advance(50_000)
    idle.lock.touch()
  }
  assert.equal(idle.expired, 0)
  idle.clock.advance(MINUTE)
  assert.equal(idle.expired, 1)
})

test('time that the machine slept counts, and the input that wakes it up comes too late', () => {
  for (const wakeUp of ['touch', 'check'] as const) {
    const idle = start(15)
    idle.sleep(15 * MINUTE)
    idle.lock[wakeUp]()
    assert.equal(idle.expired, 1)
  }
  const dozed = start(15)
  dozed.sleep(14 * MINUTE)
  assert.equal(dozed.lock.check(), true)
  assert.equal(dozed.expired, 0)
})

test('a clock that is set back keeps nothing open for longer', () => {
  const idle = start(15)
  idle.sleep(-24 * 60 * MINUTE)
  idle.clock.advance(15 * MINUTE + 5_000)
  assert.equal(idle.expired, 1)
})

test('another time counts at once, and never means never', () => {
  const idle = start(null)
  idle.clock.advance(48 * 60 * MINUTE)
  assert.equal(idle.expired, 0)
  idle.settings.minutes = 5
  idle.clock.advance(5_000)
  assert.equal(idle.expired, 1)
})

test('what was stopped runs out no more', () => {
  const idle = start(1)
  idle.lock.stop()
  idle.clock.advance(5 * MINUTE)
  idle.lock.touch()
  assert.equal(idle.lock.check(), false)
  assert.equal(idle.expired, 0)
})
