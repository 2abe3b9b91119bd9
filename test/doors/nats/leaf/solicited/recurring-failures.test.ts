import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RecurringFailures } from '../../../../../src/doors/nats/leaf/solicited/recurring-failures.ts'
import { FakeClock } from '../../../../helpers/fake-clock.ts'
import { recordingLogger } from '../../../../helpers/recording-logger.ts'

const MINUTE_MS = 60_000

function recorded() {
  const clock = new FakeClock()
  const said: unknown[] = []
  const logger = recordingLogger(({ level, fields }) => level === 'error' && said.push(fields.times ?? 'first'))
  return { clock, said, failures: new RecurringFailures(logger, clock) }
}

test('the same failure is said after one minute, two, four and so on, and then every hour', () => {
  const { clock, said, failures } = recorded()
  for (let minute = 0; minute <= 4 * 60; minute++) {
    failures.report('it', {}, 'failed')
    clock.advance(MINUTE_MS)
  }
  // At minutes 0, 1, 3, 7, 15, 31, 63 - and then each hour.
  assert.deepEqual(said, ['first', 2, 4, 8, 16, 32, 64, 124, 184])
})

test('of more different failures than can be remembered each is said, and memory stays bounded', () => {
  const { said, failures } = recorded()
  for (let i = 0; i < 65; i++) failures.report(`failure ${i}`, {}, 'failed')
  failures.report('failure 64', {}, 'failed')
  assert.equal(said.length, 65)
  // Forgotten with the rest when there were too many.
  failures.report('failure 0', {}, 'failed')
  assert.deepEqual([said.length, said.at(-1)], [66, 'first'])
})
