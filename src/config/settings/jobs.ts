import { integer } from '../types/integer.ts'
import { schedule } from '../types/schedule.ts'
import { optional, setting } from './setting.ts'

/** What happens to the vault by itself; a part of the settings of the vault. */
export const jobSettings = {
  jobPollIntervalMs: setting({
    key: 'vault.job_poll_interval_ms',
    variable: 'JOB_POLL_INTERVAL_MS',
    type: integer({ min: 0, max: 86_400_000, unit: 'milliseconds' }),
    default: 30_000,
    help:
      'How often at least to look at the clock for scheduled jobs, which begin when they are due: it only matters after ' +
      'the clock was set or the machine has slept. 0: this instance runs no jobs. See [Scaling](scaling.md#jobs).',
  }),
  trashPurgeSchedule: setting({
    key: 'vault.trash_purge_schedule',
    variable: 'TRASH_PURGE_SCHEDULE',
    type: schedule,
    default: '0 5 0 * * *',
    whenEmpty: '',
    help: 'When to delete what has been in the trash for `trash_auto_delete_days`.',
  }),
  trashAutoDeleteDays: optional({
    key: 'vault.trash_auto_delete_days',
    variable: 'TRASH_AUTO_DELETE_DAYS',
    type: integer({ min: 0, max: 36_500, unit: 'days' }),
    defaultText: 'none: the trash is kept',
    help: 'After how long in the trash an item is deleted for good. Those with attachments are kept.',
  }),
}
