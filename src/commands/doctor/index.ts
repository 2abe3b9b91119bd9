import { readFile } from 'node:fs/promises'
import { Command, InvalidArgumentError, Option } from 'commander'
import { parseDuration } from '#config'
import { type DoctorFetch, type DoctorOptions, PROXIES, type ProxyName, runDoctor } from '#doctor'
import { ConfigError } from '#kit'
import { readPassword } from '../password.ts'
import { natsUrlsOf } from './nats-urls.ts'
import { checkText, summary } from './print.ts'

interface DoctorFlags {
  readonly proxy?: ProxyName
  readonly idle?: number
  readonly nats: readonly string[]
  readonly config?: string
  readonly account?: string
  readonly passwordFile?: string
  readonly code?: string
  readonly tokenFile?: string
  readonly ca?: string
  readonly json?: true
}

/** What the process ends with: 0 healthy, 1 there are faults, 2 the command was called in a wrong way. */
const FAULTY = 1
const WRONG_USAGE = 2

/** `belfry doctor`: needs no configuration and no data folder, and may run anywhere. */
export function doctorCommand(): Command {
  const command = new Command('doctor')
    .description('walk to a server as the apps do, and say what keeps them from being told of changes')
    .argument('<url>', 'address of the server, as it is typed into the apps')
    .addOption(new Option('--proxy <name>', 'what stands in front of the server; default: found out').choices(PROXIES))
    .option('--idle <time>', 'how long connections are left alone; 0: not at all (default: 75s)', idleMs)
    .option('--nats <url>', 'where else there is NATS: ws, wss, nats or tls; may be repeated', append, [])
    .option('-c, --config <file>', 'look at the websocket ports of this configuration, too')
    .option('--account <email>', 'log in; the password comes from BELFRY_PASSWORD, a file, or the terminal')
    .option('--password-file <file>', 'file that holds the master password')
    .option('--code <code>', "code of the account's authenticator app, where it has two-step login")
    .addOption(
      new Option('--token-file <file>', 'file with an access token; or BELFRY_ACCESS_TOKEN').conflicts('account'),
    )
    .option('--ca <file>', 'certificate of an authority that is to be trusted, PEM')
    .option('--json', 'print the report as JSON, and nothing else')
    .addHelpText('after', '\nExit code: 0 healthy, 1 faults, 2 wrong usage.')
    .action(async (url: string, flags: DoctorFlags) => {
      try {
        process.exitCode = await examine(url, flags)
        // A question to name servers that are silent cannot be taken back, and would keep the process for a while.
        process.stdout.write('', () => process.exit())
      } catch (error) {
        if (!(error instanceof ConfigError)) throw error
        process.stderr.write(`belfry: ${error.message.replaceAll('\n', '\nbelfry: ')}\n`)
        process.exitCode = WRONG_USAGE
      }
    })
  return command.exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : WRONG_USAGE))
}

async function examine(url: string, flags: DoctorFlags): Promise<number> {
  const { proxy, idle, config, json = false } = flags
  const options: DoctorOptions = {
    url,
    proxy,
    idleMs: idle,
    nats: [...flags.nats, ...(config === undefined ? [] : natsUrlsOf(config, url))],
    ca: flags.ca === undefined ? undefined : await authorityIn(flags.ca),
    login: await loginOf(flags),
  }
  const isColoured = process.stdout.isTTY && !process.env.NO_COLOR
  const say = (text: string) => void (json || process.stdout.write(text))
  // The reader of a pipe went away: there is nobody to print for.
  process.stdout.on('error', () => process.exit(FAULTY))
  const report = await runDoctor(options, (check) => say(checkText(check, { isColoured })))
  say(summary(report, { isColoured }))
  if (json) process.stdout.write(`${JSON.stringify(report, undefined, 2)}\n`)
  return report.healthy ? 0 : FAULTY
}

/** Asked for before anything else: whoever has to type a password should not have to wait for it. */
async function loginOf({ account, passwordFile, code, tokenFile }: DoctorFlags): Promise<DoctorOptions['login']> {
  if (account !== undefined) {
    const password = await readPassword(`Master password for ${account}`, passwordFile)
    return async (server: string, fetch: DoctorFetch) => {
      const { ClientSession } = await import('#vault')
      const who = { server, email: account, password, code, deviceName: 'belfry doctor', fetch }
      const session = await ClientSession.login(who)
      return session.accessToken({ mustBeNew: false })
    }
  }
  const text = tokenFile === undefined ? process.env.BELFRY_ACCESS_TOKEN : await textOf(tokenFile, '--token-file')
  const token = text?.trim()
  if (token === undefined) return undefined
  if (!/^[\w.~+/=-]+$/.test(token)) throw new ConfigError('The access token is empty, or is no token')
  return async () => token
}

/** A file with something else in it would count as no authority at all, silently. */
async function authorityIn(file: string): Promise<string> {
  const text = await textOf(file, '--ca')
  if (!text.includes('-----BEGIN CERTIFICATE-----'))
    throw new ConfigError(`--ca: no certificate in PEM is in "${file}"`)
  return text
}

async function textOf(file: string, flag: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    throw new ConfigError(`${flag}: cannot read "${file}": ${(error as Error).message}`, { cause: error })
  }
}

/** At most ten minutes: the probe's connections end after a quarter of an hour. */
const MAX_IDLE_MS = 600_000

function idleMs(text: string): number {
  try {
    const ms = parseDuration(text)
    if (ms >= 0 && ms <= MAX_IDLE_MS) return ms
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
  }
  throw new InvalidArgumentError('It is a time such as "20s" or "2m", 10 minutes at most, or 0.')
}

function append(value: string, former: readonly string[]): readonly string[] {
  return [...former, value]
}
