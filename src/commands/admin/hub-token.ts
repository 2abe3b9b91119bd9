import { Command } from 'commander'
import { loadOptions, parseDuration } from '#config'
import { AppTokens, ID_RULES, isHubId, MAX_GROUPS } from '#doors/hub'
import { ConfigError, systemClock } from '#kit'

interface Flags {
  readonly config?: string
  readonly user?: string
  readonly group?: readonly string[]
  readonly publisher?: true
  readonly ttl: string
}

/** `belfry admin hub-token`: a token for a hub of `hubs {}`, to try it out. Starts nothing. */
export function hubTokenCommand(): Command {
  return new Command('hub-token')
    .description('make a token for a hub of your own: of a client, or of a publisher')
    .argument('<hub>', 'name of the hub in hubs {}')
    .option('-c, --config <file>', 'settings in the NATS config language')
    .option('--user <id>', 'the token of this user')
    .option('--group <name>', 'a group that the user is in; may be repeated', oneMore)
    .option('--publisher', 'the token of a publisher instead')
    .option('--ttl <duration>', 'how long it is good, as 90s, 10m, 24h', '1h')
    .action(async (hub: string, flags: Flags) => {
      process.stdout.write(`${await tokenFor(hub, flags)}\n`)
    })
}

/** One name each time, and not all that follow: the name of the hub may come behind it. */
function oneMore(group: string, groups: readonly string[] = []): string[] {
  return [...groups, group]
}

async function tokenFor(hub: string, { config, user, group: groups = [], publisher, ttl }: Flags): Promise<string> {
  const { options, warnings } = loadOptions({ configFile: config, env: process.env, cwd: process.cwd() })
  for (const warning of warnings) process.stderr.write(`belfry: ${warning}\n`)
  const keys = Object.hasOwn(options.hubs, hub) ? options.hubs[hub]!.keys : undefined
  if (keys === undefined) {
    const names = Object.keys(options.hubs).join(', ')
    throw new ConfigError(`There is no hub ${JSON.stringify(hub)} in hubs {}; there are: ${names || 'none'}`)
  }
  if (keys.length === 0) throw new ConfigError(`Hub ${hub} has no keys, so nobody can have a token`)
  const tokens = new AppTokens({ hub, keys, clock: systemClock })
  const ttlSeconds = secondsOf(ttl)
  if (publisher) {
    if (user !== undefined || groups.length > 0) throw new ConfigError('A publisher is no user and in no group')
    return tokens.issuePublisher(ttlSeconds)
  }
  if (user === undefined) throw new ConfigError('Say whose token: --user, or --publisher')
  for (const id of [user, ...groups]) {
    if (!isHubId(id)) throw new ConfigError(`${JSON.stringify(id)} is no id for users and groups: ${ID_RULES}`)
  }
  if (groups.length > MAX_GROUPS) throw new ConfigError(`A user can be in ${MAX_GROUPS} groups at most`)
  return tokens.issueClient({ user, groups }, ttlSeconds)
}

function secondsOf(ttl: string): number {
  let seconds: number
  try {
    seconds = Math.floor(parseDuration(ttl) / 1000)
  } catch (cause) {
    throw new ConfigError(`--ttl: ${(cause as Error).message}`, { cause })
  }
  if (seconds < 1) throw new ConfigError('--ttl must be a second at least')
  return seconds
}
