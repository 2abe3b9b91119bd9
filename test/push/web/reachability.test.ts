import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Reachability } from '../../../src/push/web/reachability.ts'
import { FakeClock } from '../../helpers/fake-clock.ts'
import { type LoggedEvent, recordingLogger } from '../../helpers/recording-logger.ts'

const MINUTE_MS = 60_000

function world() {
  const clock = new FakeClock()
  const logged: LoggedEvent[] = []
  const reachability = new Reachability({ clock, logger: recordingLogger((line) => logged.push(line)) })
  return {
    clock,
    reachability,
    logged,
    /** One attempt at once, and one after each of these times. */
    fail(...afterMs: number[]) {
      reachability.onFailure()
      for (const ms of afterMs) {
        clock.advance(ms)
        reachability.onFailure()
      }
    },
  }
}

test('Web Push is announced before anything was tried', () => {
  assert.equal(world().reachability.isAnnounced, true)
})

test('Web Push is withdrawn when all attempts of ten minutes have failed, and that is told once', () => {
  const { reachability, fail, logged } = world()
  fail(MINUTE_MS, 2 * MINUTE_MS, 3 * MINUTE_MS, 4 * MINUTE_MS - 1)
  assert.deepEqual([reachability.isAnnounced, logged], [true, []])
  fail()
  assert.equal(reachability.isAnnounced, true)
  fail(1)
  assert.equal(reachability.isAnnounced, false)
  fail(MINUTE_MS)
  assert.deepEqual(
    logged.map(({ level, fields }) => [level, fields]),
    [['warn', { attempts: 8, afterSeconds: 600 }]],
  )
})

test('fewer than five attempts do not count, however long it took', () => {
  const { reachability, fail } = world()
  fail(20 * MINUTE_MS, 20 * MINUTE_MS, 20 * MINUTE_MS)
  assert.equal(reachability.isAnnounced, true)
  fail()
  assert.equal(reachability.isAnnounced, false)
})

test('many attempts of a moment do not count', () => {
  const { reachability, fail } = world()
  for (let i = 0; i < 1000; i++) fail()
  assert.equal(reachability.isAnnounced, true)
})

test('one answer in between, and they are counted anew', () => {
  const { reachability, fail, clock } = world()
  fail(9 * MINUTE_MS, 1, 1, 1, 1)
  reachability.onAnswer()
  clock.advance(MINUTE_MS)
  fail(MINUTE_MS, MINUTE_MS, MINUTE_MS, MINUTE_MS)
  assert.equal(reachability.isAnnounced, true)
  fail(6 * MINUTE_MS)
  assert.equal(reachability.isAnnounced, false)
})

test('with the first answer Web Push is announced again', () => {
  const { reachability, fail, logged, clock } = world()
  fail(5 * MINUTE_MS, MINUTE_MS, MINUTE_MS, 5 * MINUTE_MS)
  assert.equal(reachability.isAnnounced, false)
  clock.advance(30 * MINUTE_MS)
  reachability.onAnswer()
  assert.equal(reachability.isAnnounced, true)
  reachability.onAnswer()
  assert.deepEqual(
    logged.map(({ level }) => level),
    ['warn', 'info'],
  )
})

test('without any further attempt Web Push is announced again after an hour', () => {
  const { reachability, fail, logged, clock } = world()
  fail(5 * MINUTE_MS, MINUTE_MS, MINUTE_MS, 5 * MINUTE_MS)
  clock.advance(60 * MINUTE_MS - 1)
  assert.equal(reachability.isAnnounced, false)
  clock.advance(1)
  assert.equal(reachability.isAnnounced, true)
  assert.equal(reachability.isAnnounced, true)
  assert.equal(logged.length, 2)
  fail()
  assert.equal(reachability.isAnnounced, true)
})

test('as long as attempts fail it stays withdrawn', () => {
  const { reachability, fail, logged } = world()
  fail(5 * MINUTE_MS, MINUTE_MS, MINUTE_MS, 5 * MINUTE_MS)
  for (let i = 0; i < 10; i++) {
    fail(59 * MINUTE_MS)
    assert.equal(reachability.isAnnounced, false)
  }
  assert.equal(logged.length, 1)
})

test('what failed hours ago is not counted with what fails today', () => {
  const { reachability, fail, clock } = world()
  fail(MINUTE_MS, MINUTE_MS, MINUTE_MS)
  clock.advance(60 * MINUTE_MS)
  fail()
  assert.equal(reachability.isAnnounced, true)
})
