import { isPublicKey } from '#auth'
import { DEFAULT_ACCOUNT, SYSTEM_ACCOUNT } from '#core'
import { checkOrigin } from './check-origin.ts'
import type { AppHubSettings, ConfiguredHub } from './hubs/app-hub.ts'
import type { Problems } from './language/index.ts'
import type { AppHubOptions, HubOptions, NatsOptions, Options } from './options.ts'
import { schema } from './settings/schema.ts'
import type { Choice } from './values.ts'

const MIB = 1024 * 1024
const DEFAULT_PENDING_BYTES = 4 * MIB

/** The hubs of the operator's own, by name; what they do not say is as in `hub`. */
export function assembleHubs(
  choose: Choice,
  { nats, hub }: Pick<Options, 'nats' | 'hub'>,
  problems: Problems,
): Options['hubs'] {
  const hubs = (choose(schema.apps.hubs) ?? []).map((configured) => {
    const options = withDefaults(configured, hub)
    check(configured, options)
    return [configured.name, options] as const
  })
  checkOverlaps(hubs, problems)
  return Object.fromEntries(hubs)

  function check(configured: ConfiguredHub, options: AppHubOptions): void {
    const complain = (option: keyof AppHubSettings, line: string) => {
      const position = configured.positions.get(option) ?? configured.position
      if (position === undefined) problems.error(`apps.hubs.${configured.name}: ${line}`)
      else problems.errorAt(position, line)
    }
    if (options.keys.length === 0 && !options.anonymous) {
      complain('keys', `hub ${configured.name} needs keys, or anonymous: true`)
    }
    const problem = problemOfAccount(options.account, nats)
    if (problem !== undefined) complain('account', `hub ${configured.name}: ${problem}`)
    for (const origin of configured.given.allowedOrigins ?? []) {
      checkOrigin(origin, (line) => complain('allowedOrigins', line))
    }
  }
}

function withDefaults({ name, given }: ConfiguredHub, hub: HubOptions): AppHubOptions {
  const anonymous = given.anonymous ?? false
  return {
    keys: given.keys ?? [],
    account: given.account ?? DEFAULT_ACCOUNT,
    subject: given.subject ?? `hub.${name}`,
    allowedOrigins: given.allowedOrigins ?? hub.allowedOrigins,
    sameOrigin: given.sameOrigin ?? hub.sameOrigin,
    anonymous,
    closeOnExpiration: given.closeOnExpiration ?? false,
    maxConnectionsPerUser: given.maxConnectionsPerUser ?? hub.maxConnectionsPerUser,
    maxConnectionsPerAddress:
      given.maxConnectionsPerAddress ??
      (anonymous ? hub.maxAnonymousConnectionsPerAddress : hub.maxConnectionsPerAddress),
    maxPendingBytes: given.maxPendingBytes ?? DEFAULT_PENDING_BYTES,
  }
}

/** Why a hub's subjects cannot be in this account; undefined when they can. */
export function problemOfAccount(
  account: string,
  { accounts, systemAccount, authorization }: NatsOptions,
): string | undefined {
  if (account === DEFAULT_ACCOUNT) return undefined
  if (account === (systemAccount ?? SYSTEM_ACCOUNT)) return 'its account cannot be the system account'
  // They come and go with their JWTs, while a hub stays.
  if (authorization.operator !== undefined && isPublicKey(account, 'account')) {
    return 'its account cannot be one of an operator'
  }
  const isThere = accounts.some(({ name }) => name === account)
  return isThere ? undefined : `there is no account ${JSON.stringify(account)} in accounts {}`
}

/** What is said to one hub must not reach another. */
function checkOverlaps(hubs: readonly (readonly [name: string, options: AppHubOptions])[], problems: Problems): void {
  for (const [index, [name, { account, subject }]] of hubs.entries()) {
    const other = hubs
      .slice(0, index)
      .find(
        ([, earlier]) =>
          earlier.account === account &&
          (`${subject}.`.startsWith(`${earlier.subject}.`) || `${earlier.subject}.`.startsWith(`${subject}.`)),
      )
    if (other !== undefined) problems.error(`hubs ${other[0]} and ${name} have subjects in common: ${subject}`)
  }
}
