import { setImmediate } from 'node:timers/promises'
import { type Clock, type LogFields, type Logger, Schedule, silentLogger } from '#kit'
import type { Store } from '#store'
import { JobRunner } from '../../../src/vault/jobs/runner.ts'

export interface ObservedRunner {
  readonly runner: JobRunner
  /** Resolves when nothing is under way. */
  idle(): Promise<void>
}

interface Options {
  readonly clock: Clock
  readonly run: (signal: AbortSignal) => Promise<LogFields | undefined>
  /** Default: every second. */
  readonly expression?: string
  readonly logger?: Logger
}

/** A runner with one job, "test", of which one can see when it has nothing to do. */
export function observedRunner(
  store: Store,
  { clock, run, expression = '* * * * * *', logger = silentLogger }: Options,
): ObservedRunner {
  let underWay = 0
  async function observe<T>(work: Promise<T>): Promise<T> {
    underWay++
    try {
      return await work
    } finally {
      underWay--
    }
  }
  const observed: Pick<Store, 'exclusively' | 'jobRuns'> = {
    jobRuns: { begin: (job, due, latest) => observe(store.jobRuns.begin(job, due, latest)) },
    exclusively: (name, work) => observe(store.exclusively(name, work)),
  }
  const jobs = [{ name: 'test', schedule: new Schedule(expression), run }]
  return {
    runner: new JobRunner(jobs, { store: observed, clock, logger, pollIntervalMs: 30_000 }),
    async idle() {
      do await setImmediate()
      while (underWay > 0)
    },
  }
}
