import { type Clock, type Logger, Schedule } from '#kit'
import type { Store } from '#store'
import { cleanUp } from './clean-up.ts'
import { purgeTrash } from './purge-trash.ts'
import { type Job, JobRunner } from './runner.ts'

/** What happens to the vault by itself. */
export interface JobSettings {
  /** How often at least to look at the clock; 0: there are no jobs. */
  readonly pollIntervalMs: number
  /** `undefined`: never. */
  readonly trashPurgeSchedule: string | undefined
  /** `undefined`: the trash is kept. */
  readonly trashAutoDeleteDays: number | undefined
}

export interface JobTools {
  readonly store: Store
  readonly clock: Clock
  readonly logger: Logger
}

/** Once a day, at a time when no job of Vaultwarden's runs by default. There is nothing about it to be set. */
const CLEAN_UP_SCHEDULE = '0 25 0 * * *'

/** Starts the jobs; undefined when they are switched off. Throws a RangeError for a schedule that is none. */
export function startJobs(settings: JobSettings, { store, clock, logger: parent }: JobTools): JobRunner | undefined {
  const { pollIntervalMs, trashPurgeSchedule, trashAutoDeleteDays } = settings
  if (pollIntervalMs === 0) return undefined
  const jobs: Job[] = [{ name: 'clean up', schedule: new Schedule(CLEAN_UP_SCHEDULE), run: cleanUp(store) }]
  if (trashPurgeSchedule !== undefined && trashAutoDeleteDays !== undefined) {
    const run = purgeTrash(store, clock, trashAutoDeleteDays)
    jobs.push({ name: 'purge trash', schedule: new Schedule(trashPurgeSchedule), run })
  }
  return new JobRunner(jobs, { store, clock, logger: parent.child({ room: 'jobs' }), pollIntervalMs })
}
