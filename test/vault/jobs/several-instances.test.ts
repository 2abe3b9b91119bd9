import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { FakeClock } from '../../helpers/fake-clock.ts'
import { startPostgres } from '../../helpers/postgres.ts'
import { startProgram } from '../../helpers/processes.ts'
import { requireProgram } from '../../helpers/programs.ts'
import { lineOf, recordingLogger } from '../../helpers/recording-logger.ts'
import { until } from '../../helpers/wait.ts'
import { openPostgres } from '../../store/open-postgres-store.ts'
import { observedRunner } from './observed-runner.ts'

const { skip } = requireProgram('postgres')

const START = Date.UTC(2026, 0, 2, 3, 4, 5, 678)

describe('scheduled jobs of several instances on one database', { skip }, async () => {
  if (skip) return
  const server = await startPostgres()
  after(() => server[Symbol.asyncDispose]())

  for (const [clocks, skewMs] of [
    ['that agree', 0],
    ['that are 300 ms apart', 300],
    ['that are 7.5 s apart', 7500],
  ] as const) {
    test(`run at each of a hundred due times on one of two, with clocks ${clocks}`, async () => {
      const url = await server.createDatabase()
      // Each run opens a connection. What is tested is not how long that takes while the machine has much else to do.
      const patient = { acquireTimeoutMs: 60_000, statementTimeoutMs: 60_000, lockTimeoutMs: 60_000 }
      const stores = [await openPostgres(url, patient), await openPostgres(url, patient)]
      const dues: string[][] = [[], []]
      const failures: string[] = []
      const logger = recordingLogger((line) => line.level === 'error' && failures.push(lineOf(line)))
      let running = 0
      const instances = stores.map((store, index) => {
        const clock = new FakeClock(START + index * skewMs)
        const run = async () => {
          assert.equal(++running, 1)
          dues[index]!.push(new Date(clock.now()).toISOString().slice(0, 19))
          await store.ping()
          running--
          return undefined
        }
        return { clock, ...observedRunner(store, { clock, run, logger }) }
      })
      // Those of the clock that is behind were done already while it is.
      const seconds = 100 + Math.floor(skewMs / 1000)
      // The one that is ahead is first. Else the first run of the other, which nobody has done yet, may still be under way
      // when its own is due, and that is passed over then.
      for (const { clock, idle } of instances.toReversed()) {
        clock.advance(1000)
        await idle()
      }
      for (let second = 1; second < seconds; second++) {
        for (const { clock } of instances) clock.advance(1000)
        for (const { idle } of instances) await idle()
      }
      assert.deepEqual(failures, [])
      const all = dues.flat().sort()
      assert.deepEqual(all, [...new Set(all)], 'none twice')
      const expected = Array.from({ length: 100 }, (_, index) =>
        new Date(START + skewMs + (index + 1) * 1000).toISOString().slice(0, 19),
      )
      const missed = expected.filter((due) => !all.includes(due))
      assert.deepEqual(missed, [])
      for (const { runner } of instances) await runner.close()
      for (const store of stores) await store.close()
    })
  }

  test('are not held up by an instance that was killed in the middle of one', async () => {
    const url = await server.createDatabase()
    await (await openPostgres(url)).close()
    await using stuck = await startProgram({
      command: process.execPath,
      args: ['--disable-warning=ExperimentalWarning', join(import.meta.dirname, 'stuck-child.ts'), url],
      ready: /running/,
    })
    const store = await openPostgres(url)
    // Later than any time that the other has been at.
    const clock = new FakeClock(Date.now() + 60_000)
    let runs = 0
    const run = async () => void runs++
    const { idle, runner } = observedRunner(store, { clock, run })
    for (let second = 0; second < 3; second++) {
      clock.advance(1000)
      await idle()
    }
    assert.equal(runs, 0, 'while the other is at it')
    await stuck.stop('SIGKILL')
    const nextRun = async () => {
      clock.advance(1000)
      await idle()
      return runs > 0
    }
    await until(nextRun, 'the next run')
    await runner.close()
    await store.close()
  })

  test('are missed at an instance that cannot reach the database, and go on afterwards', async () => {
    const url = await server.createDatabase()
    const store = await openPostgres(url)
    const clock = new FakeClock(START)
    let runs = 0
    const run = async () => void runs++
    const { idle, runner } = observedRunner(store, { clock, run })
    await server.stop()
    clock.advance(1000)
    await idle()
    assert.equal(runs, 0)
    await server.start()
    clock.advance(1000)
    await idle()
    assert.equal(runs, 1)
    await runner.close()
    await store.close()
  })
})
