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
  sendPurgeSchedule: setting({
    key: 'vault.send_purge_schedule',
    variable: 'SEND_PURGE_SCHEDULE',
    type: schedule,
    default: '0 5 * * * *',
    whenEmpty: '',
    help: 'When to delete Sends whose deletion date has passed, with their files.',
  }),
  incompleteLoginSchedule: setting({
    key: 'vault.incomplete_2fa_schedule',
    variable: 'INCOMPLETE_2FA_SCHEDULE',
    type: schedule,
    default: '30 * * * * *',
    whenEmpty: '',
    help: 'When to look for logins that `incomplete_2fa_time_limit` is about.',
  }),
  authRequestPurgeSchedule: setting({
    key: 'vault.auth_request_purge_schedule',
    variable: 'AUTH_REQUEST_PURGE_SCHEDULE',
    type: schedule,
    default: '30 * * * * *',
    whenEmpty: '',
    help: 'When to delete requests of login with a device that are older than 15 minutes.',
  }),
  trashAutoDeleteDays: optional({
    key: 'vault.trash_auto_delete_days',
    variable: 'TRASH_AUTO_DELETE_DAYS',
    type: integer({ min: 0, max: 36_500, unit: 'days' }),
    defaultText: 'none: the trash is kept',
    help: 'After how long in the trash an item is deleted for good. Those with attachments are kept.',
  }),
}
