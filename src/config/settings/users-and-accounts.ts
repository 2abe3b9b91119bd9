import { accounts } from '../authorization/accounts.ts'
import { callout } from '../authorization/callout.ts'
import { mappings } from '../authorization/mappings.ts'
import { permissions } from '../authorization/permissions.ts'
import { systemAccount } from '../authorization/system-account.ts'
import { users } from '../authorization/users.ts'
import { duration } from '../types/duration.ts'
import { optional, setting } from './setting.ts'

const SECOND_MS = 1_000

/** Who may come in, into which account, and what they may do there. */
export const userSettings = {
  users: optional({
    key: 'authorization.users',
    type: users,
    defaultText: 'none',
    help: 'Those who may come in, into account `$G`. A program may also name their `account`.',
  }),
  defaultPermissions: optional({
    key: 'authorization.default_permissions',
    aliases: ['authorization.default_permission', 'authorization.permissions'],
    type: permissions,
    defaultText: 'everything',
    help: 'What those of `users` may do who have no permissions of their own.',
  }),
  callout: optional({
    key: 'authorization.auth_callout',
    aliases: ['authorization.auth_hook'],
    type: callout,
    defaultText: 'none',
    help: 'Asks a service of yours who may come in.',
  }),
  maxFailureDelayMs: setting({
    key: 'authorization.max_failure_delay',
    type: duration({ minMs: 0, maxMs: SECOND_MS }),
    default: SECOND_MS,
    defaultText: '`"1s"`',
    help: 'How long the refusal of a login is held back at most when logins from the same address, or IPv6 /64, fail again and again; never more than half of `timeout`. `"0s"`: not at all.',
  }),
  accounts: optional({
    key: 'accounts',
    type: accounts,
    defaultText: 'only `$G`',
    help: 'Groups of users whose subjects have nothing to do with each other, unless they export and import them.',
  }),
  mappings: optional({
    key: 'mappings',
    aliases: ['maps'],
    type: mappings,
    defaultText: 'none',
    help: 'Where messages go instead that are published to these subjects, in account `$G`.',
  }),
  systemAccount: optional({
    key: 'system_account',
    aliases: ['system'],
    type: systemAccount,
    defaultText: '`$SYS`',
    help: 'The account in which the server tells of itself and answers questions.',
  }),
}
