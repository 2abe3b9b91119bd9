import { Schedule } from '#kit'
import { cleanUp } from './clean-up.ts'
import { reportIncompleteLogins } from './incomplete-logins.ts'
import { purgeAuthRequests } from './purge-auth-requests.ts'
import { purgeSends } from './purge-sends.ts'
import { purgeTrash } from './purge-trash.ts'
import { type Job, JobRunner } from './runner.ts'
import { sweepFiles } from './sweep-files.ts'
import type { JobTools } from './tools.ts'

export type { JobRun } from './runner.ts'

/** What happens to the vault by itself. Each schedule is one that `Schedule` takes; `undefined`: never. */
export interface JobSettings {
  /** How often at least to look at the clock; 0: there are no jobs. */
  readonly pollIntervalMs: number
  readonly trashPurgeSchedule: string | undefined
  /** `undefined`: the trash is kept. */
  readonly trashAutoDeleteDays: number | undefined
  readonly sendPurgeSchedule: string | undefined
  readonly incompleteLoginSchedule: string | undefined
  readonly authRequestPurgeSchedule: string | undefined
}

/** Once a day, at a time when no job of Vaultwarden's runs by default. There is nothing about it to be set. */
const CLEAN_UP_SCHEDULE = '0 25 0 * * *'

/** Every hour, as is the trash of Sends. There is nothing about it to be set either. */
const SWEEP_SCHEDULE = '0 35 * * * *'

/** Starts the jobs; undefined when they are switched off. Throws a RangeError for a schedule that is none. */
export function startJobs(settings: JobSettings, tools: JobTools): JobRunner | undefined {
  const { store, clock } = tools
  const { pollIntervalMs, trashPurgeSchedule, trashAutoDeleteDays, authRequestPurgeSchedule } = settings
  if (pollIntervalMs === 0) return undefined
  const jobs: Job[] = []
  add('clean up', CLEAN_UP_SCHEDULE, cleanUp(store, clock))
  add('sweep files', SWEEP_SCHEDULE, sweepFiles(tools))
  if (trashAutoDeleteDays !== undefined) {
    add('purge trash', trashPurgeSchedule, purgeTrash(tools, trashAutoDeleteDays))
  }
  add('purge Sends', settings.sendPurgeSchedule, purgeSends(tools))
  add('purge auth requests', authRequestPurgeSchedule, purgeAuthRequests(store, clock))
  add('incomplete logins', settings.incompleteLoginSchedule, reportIncompleteLogins(tools))
  return new JobRunner(jobs, { store, clock, logger: tools.logger.child({ room: 'jobs' }), pollIntervalMs })

  function add(name: string, schedule: string | undefined, run: Job['run']): void {
    if (schedule !== undefined) jobs.push({ name, schedule: new Schedule(schedule), run })
  }
}
