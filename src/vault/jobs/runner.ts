import type { Clock, LogFields, Logger, Schedule, Timer } from '#kit'
import type { Store } from '#store'

/** Something to do again and again. */
export interface Job {
  /** By which the instances on one database know that they mean the same job. */
  readonly name: string
  readonly schedule: Schedule
  /**
   * Resolves with what the log is to say of it; undefined when there was nothing to do. Rejects with the reason of
   * `signal` soon after that is aborted, since another instance may do the same from then on, or this one closes.
   */
  run(signal: AbortSignal): Promise<LogFields | undefined>
}

/** How a job went. */
export interface JobRun {
  /** Milliseconds since the Unix epoch. */
  readonly endedMs: number
  readonly tookMs: number
  /** False: it failed. */
  readonly isDone: boolean
}

export interface JobRunnerOptions {
  readonly store: Pick<Store, 'exclusively' | 'jobRuns'>
  readonly clock: Clock
  readonly logger: Logger
  /** How often at least to look at the clock, which may be set, or stand still while the machine sleeps. */
  readonly pollIntervalMs: number
}

/** What is recorded as done later than this from now cannot be: the clock that it was done by was wrong. */
const MOST_SKEW_MS = 3_600_000

const STILL_RUNNING = 'job is still running, and not begun again'

/** How long a job that is under way may take to end when we close. */
const CLOSE_GRACE_MS = 3_000

/**
 * Runs jobs when they are due: each due time on one of the instances that share a database, once, whether that succeeds
 * or not. What is due while no instance is there is missed, and while the job still runs it is passed over; of several
 * due times that went by while this machine slept, only the last counts.
 */
export class JobRunner {
  readonly #jobs: readonly Job[]
  readonly #options: JobRunnerOptions
  readonly #running = new Map<Job, Promise<void>>()
  readonly #lastRuns = new Map<string, JobRun>()
  readonly #closing = new AbortController()
  #lookedAtMs: number
  #timer: Timer

  /** Begins to wait for what is due from now on. */
  constructor(jobs: readonly Job[], options: JobRunnerOptions) {
    this.#jobs = jobs
    this.#options = options
    this.#lookedAtMs = options.clock.now()
    this.#timer = this.#wait()
  }

  /** Of each job that this instance has run, the last time. */
  get lastRuns(): ReadonlyMap<string, JobRun> {
    return this.#lastRuns
  }

  /** Begins nothing any more, and waits for what is under way: three seconds at most. */
  async close(): Promise<void> {
    const { clock, logger } = this.#options
    this.#timer.cancel()
    this.#closing.abort(new Error('the server closes'))
    const { promise: late, resolve } = Promise.withResolvers<void>()
    const timer = clock.after(CLOSE_GRACE_MS, () => {
      for (const { name } of this.#running.keys()) logger.warn({ job: name }, 'job does not end, and is left behind')
      resolve()
    })
    await Promise.race([Promise.all(this.#running.values()), late])
    timer.cancel()
  }

  /** Until the next due time, or less. */
  #wait(): Timer {
    const { clock, pollIntervalMs } = this.#options
    const dueTimes = this.#jobs.map(({ schedule }) => schedule.after(new Date(this.#lookedAtMs))?.getTime() ?? Infinity)
    return clock.after(Math.min(pollIntervalMs, ...dueTimes.map((due) => due - this.#lookedAtMs)), () => this.#look())
  }

  #look(): void {
    const nowMs = this.#options.clock.now()
    for (const job of this.#jobs) {
      const due = job.schedule.upTo(new Date(nowMs))
      if (due !== undefined && due.getTime() > this.#lookedAtMs) this.#begin(job, due)
    }
    // Also when that is earlier than the last time, because the clock was set.
    this.#lookedAtMs = nowMs
    this.#timer = this.#wait()
  }

  #begin(job: Job, due: Date): void {
    if (this.#running.has(job)) {
      this.#options.logger.debug({ job: job.name, due }, STILL_RUNNING)
      return
    }
    const run = this.#run(job, due).finally(() => this.#running.delete(job))
    this.#running.set(job, run)
  }

  /** Never rejects. */
  async #run(job: Job, due: Date): Promise<void> {
    const { store, clock, logger } = this.#options
    const which = { job: job.name, due }
    const startedMs = clock.now()
    const ended = (isDone: boolean) => {
      const endedMs = clock.now()
      this.#lastRuns.set(job.name, { endedMs, tookMs: endedMs - startedMs, isDone })
    }
    try {
      // Before anything else: who only finds out that there is nothing to do must not be in the way of others.
      if (!(await store.jobRuns.begin(job.name, due, new Date(startedMs + MOST_SKEW_MS)))) return
      const ran = await store.exclusively(`job ${job.name}`, async (lost) => {
        const done = await job.run(AbortSignal.any([lost, this.#closing.signal]))
        if (done === undefined) logger.debug(which, 'job had nothing to do')
        else logger.info({ ...which, ...done, ms: clock.now() - startedMs }, 'job done')
        ended(true)
      })
      if (!ran) logger.debug(which, STILL_RUNNING)
    } catch (error) {
      if (this.#closing.signal.aborted) logger.info(which, 'job ended early, since the server closes')
      else {
        ended(false)
        logger.error({ ...which, error }, 'job failed')
      }
    }
  }
}
