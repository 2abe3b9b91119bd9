import { boolean } from '../types/boolean.ts'
import { integer } from '../types/integer.ts'
import { secret } from '../types/secret.ts'
import { optional, setting } from './setting.ts'

/** The pages at `/admin`. */
export const adminSettings = {
  token: optional({
    key: 'vault.admin_token',
    variable: 'ADMIN_TOKEN',
    type: secret('text'),
    defaultText: 'none: there are no admin pages',
    help:
      'What opens the admin pages at `/admin`: a text, or better its hash, which `belfry admin hash` makes. In a `.env` or ' +
      'compose file the `$` of a hash must be escaped.',
  }),
  isOpen: setting({
    key: 'vault.disable_admin_token',
    variable: 'DISABLE_ADMIN_TOKEN',
    type: boolean,
    default: false,
    help: 'Whether the admin pages are open to whoever reaches them: for a proxy that lets nobody else through.',
  }),
  sessionMinutes: setting({
    key: 'vault.admin_session_lifetime',
    variable: 'ADMIN_SESSION_LIFETIME',
    type: integer({ min: 1, max: 525_600, unit: 'minutes' }),
    default: 20,
    help: 'How long a login to the admin pages is good.',
  }),
  ratelimitSeconds: setting({
    key: 'vault.admin_ratelimit_seconds',
    variable: 'ADMIN_RATELIMIT_SECONDS',
    type: integer({ min: 1, max: 86_400, unit: 'seconds' }),
    default: 300,
    help: 'Average time between two tries of the admin token from one address, once the burst is used up.',
  }),
  ratelimitMaxBurst: setting({
    key: 'vault.admin_ratelimit_max_burst',
    variable: 'ADMIN_RATELIMIT_MAX_BURST',
    type: integer({ min: 1, max: 1_000_000 }),
    default: 3,
    help: 'Tries of the admin token that one address may make at once.',
  }),
}
