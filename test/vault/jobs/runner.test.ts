import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Clock, ConfigError } from '#kit'
import { FakeClock } from '../../helpers/fake-clock.ts'
import { type LoggedEvent, recordingLogger } from '../../helpers/recording-logger.ts'
import { within } from '../../helpers/wait.ts'
import { openTestStore } from '../../store/open-test-store.ts'
import { observedRunner } from './observed-runner.ts'

const START = Date.UTC(2026, 0, 2, 3, 4, 5, 678)
const DAY_MS = 86_400_000

test('a job runs when it is due and at no other time', async () => {
  await using opened = await openTestStore()
  const clock = new FakeClock(START)
  const dues: unknown[] = []
  const logger = recordingLogger(({ fields }) => dues.push(fields.due))
  let runs = 0
  const run = async () => void runs++
  const { idle, runner } = observedRunner(opened.store, { clock, run, logger, expression: '30 0 4 * * *' })
  for (let hours = 0; hours < 49; hours++) {
    clock.advance(3_600_000)
    await idle()
  }
  assert.equal(runs, 3)
  const days = ['2026-01-02', '2026-01-03', '2026-01-04']
  assert.deepEqual(
    dues,
    days.map((day) => new Date(`${day}T04:00:30Z`)),
  )
  await runner.close()
})

test('a job that fails is logged, and runs again when it is due again', async () => {
  await using opened = await openTestStore()
  const clock = new FakeClock(START)
  const logged: LoggedEvent[] = []
  const logger = recordingLogger((line) => logged.push(line))
  let runs = 0
  const run = async () => {
    if (++runs === 1) throw new ConfigError('no luck')
    return { deleted: runs }
  }
  const { idle, runner } = observedRunner(opened.store, { clock, run, logger })
  for (let seconds = 0; seconds < 2; seconds++) {
    clock.advance(1000)
    await idle()
  }
  await runner.close()
  const [failed, done] = logged
  assert.deepEqual([failed?.level, failed?.event, failed?.fields.job], ['error', 'job failed', 'test'])
  assert.ok(failed?.fields.error instanceof ConfigError)
  assert.deepEqual([done?.level, done?.event, done?.fields.deleted], ['info', 'job done', 2])
  assert.equal(logged.length, 2)
})

test('a job never runs beside itself, and what was due meanwhile is passed over', async () => {
  await using opened = await openTestStore()
  const clock = new FakeClock(START)
  let running = 0
  let runs = 0
  let end = () => {}
  const run = async () => {
    assert.equal(++running, 1)
    runs++
    await new Promise<void>((resolve) => {
      end = resolve
    })
    running--
    return undefined
  }
  const { idle, runner } = observedRunner(opened.store, { clock, run })
  clock.advance(1000)
  await within(
    (async () => {
      while (running === 0) await new Promise(setImmediate)
    })(),
    'the job',
  )
  clock.advance(5000)
  await new Promise(setImmediate)
  assert.equal(runs, 1)
  end()
  await idle()
  assert.equal(runs, 1)
  clock.advance(1000)
  while (runs < 2) await new Promise(setImmediate)
  end()
  await idle()
  await runner.close()
})

/** A clock whose hands somebody moves, besides the time that passes. */
function settableClock() {
  const fake = new FakeClock(START)
  let setByMs = 0
  const clock: Clock = {
    now: () => fake.now() + setByMs,
    after: (delayMs, work) => fake.after(delayMs, work),
    every: (intervalMs, work) => fake.every(intervalMs, work),
  }
  const setBy = (ms: number) => {
    setByMs += ms
  }
  return { clock, setBy, advance: (ms: number) => fake.advance(ms) }
}

test('of what was due while the machine slept only the last counts', async () => {
  await using opened = await openTestStore()
  const { clock, advance, setBy } = settableClock()
  const dues: unknown[] = []
  const logger = recordingLogger(({ fields }) => dues.push(fields.due))
  const run = async () => undefined
  const { idle, runner } = observedRunner(opened.store, { clock, run, logger, expression: '0 0 * * * *' })
  setBy(3 * DAY_MS)
  // The interval in which the clock is looked at.
  advance(30_000)
  await idle()
  assert.deepEqual(dues, [new Date('2026-01-05T03:00:00Z')])
  await runner.close()
})

test('a clock that is set back to what it should be holds up no job', async () => {
  await using opened = await openTestStore()
  const { clock, advance, setBy } = settableClock()
  const dues: unknown[] = []
  const logger = recordingLogger(({ fields }) => dues.push(fields.due))
  const run = async () => undefined
  const { idle, runner } = observedRunner(opened.store, { clock, run, logger, expression: '0 * * * * *' })
  const advanceTo = async (time: string) => {
    advance(Date.parse(time) - clock.now())
    await idle()
  }
  await advanceTo('2026-01-02T03:05:00Z')
  setBy(-DAY_MS)
  await advanceTo('2026-01-01T03:06:00Z')
  assert.deepEqual(dues, [new Date('2026-01-02T03:05:00Z'), new Date('2026-01-01T03:06:00Z')])
  await runner.close()
})

test('closing waits for a job that is under way, and begins no other', async () => {
  await using opened = await openTestStore()
  const clock = new FakeClock(START)
  const logged: LoggedEvent[] = []
  const begun = Promise.withResolvers<void>()
  const ended: string[] = []
  const run = async (signal: AbortSignal) => {
    begun.resolve()
    await new Promise((resolve) => signal.addEventListener('abort', resolve))
    await opened.store.ping()
    ended.push('job')
    signal.throwIfAborted()
    return undefined
  }
  const logger = recordingLogger((line) => logged.push(line))
  const { runner } = observedRunner(opened.store, { clock, run, logger })
  clock.advance(1000)
  await within(begun.promise, 'the job')
  await runner.close()
  assert.deepEqual(ended, ['job'])
  assert.equal(clock.pending, 0)
  clock.advance(60_000)
  await new Promise(setImmediate)
  assert.deepEqual(
    logged.map(({ level, event }) => [level, event]),
    [['info', 'job ended early, since the server closes']],
  )
})

test('a job that does not end holds up closing for three seconds, and is named', async () => {
  await using opened = await openTestStore()
  const clock = new FakeClock(START)
  const logged: LoggedEvent[] = []
  const begun = Promise.withResolvers<void>()
  const stuck = Promise.withResolvers<undefined>()
  const run = () => {
    begun.resolve()
    return stuck.promise
  }
  const logger = recordingLogger((line) => logged.push(line))
  const { idle, runner } = observedRunner(opened.store, { clock, run, logger })
  clock.advance(1000)
  await within(begun.promise, 'the job')
  let isClosed = false
  const closing = runner.close().then(() => {
    isClosed = true
  })
  clock.advance(2999)
  await new Promise(setImmediate)
  assert.equal(isClosed, false)
  clock.advance(1)
  await within(closing, 'the end')
  assert.deepEqual([logged[0]?.level, logged[0]?.fields.job], ['warn', 'test'])
  stuck.resolve(undefined)
  await idle()
})
