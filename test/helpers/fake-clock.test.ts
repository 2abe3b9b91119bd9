import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FakeClock } from './fake-clock.ts'

test('work runs in the order in which it falls due, at its time', () => {
  const clock = new FakeClock(0)
  const ran: string[] = []
  const run = (name: string) => () => ran.push(`${name}@${clock.now()}`)
  clock.after(30, run('late'))
  clock.after(10, () => {
    run('early')()
    clock.after(5, run('nested'))
  })
  const ticks = clock.every(12, run('tick'))
  clock.after(11, run('cancelled')).cancel()
  clock.advance(30)
  assert.deepEqual(ran, ['early@10', 'tick@12', 'nested@15', 'tick@24', 'late@30'])
  assert.equal(clock.pending, 1)
  ticks.cancel()
  clock.advance(100)
  assert.equal(ran.length, 5)
  assert.equal(clock.now(), 130)
})
