import type { EventEmitter } from 'node:events'
import { resolve } from 'node:path'
import { checkConfigFile, type Environment, loadNatsOptions, type NatsServerOptions, type Overrides } from '#config'
import { ConfigError } from '#kit'
import type { NatsLogSurroundings } from '#ops'
import { checkTlsBlocks, checkTlsOptions, type LoadTls, validText } from './check.ts'
import { FLAG_KINDS, type NatsServerFlags, readFlags } from './flags.ts'
import { FlagError, type ParsedFlags, parseGoFlags } from './go-flags.ts'
import { isTlsOff, overridesOf } from './overrides.ts'
import { type LoadedOptions, ServerProcess, type StartNatsServer } from './server-process.ts'
import { sendSignal } from './signal-command.ts'
import { TLS_USAGE, USAGE } from './usage.ts'

/** Where nats-server listens when nothing else is said. Belfry's own default is this machine only. */
const DEFAULTS: Overrides = { nats: { host: '0.0.0.0' } }

/** What the program needs of the world; the real one in `main.ts`, a small one in tests. */
export interface NatsServerWorld {
  readonly start: StartNatsServer
  readonly loadTls: LoadTls
  /** The nats-server release whose protocol this is: `2.9.25`. */
  readonly protocolVersion: string
  readonly belfryVersion: string
  readonly env: Environment
  readonly cwd: string
  readonly stdout: { write(text: string): void }
  readonly stderr: { write(text: string): void }
  /** Where signals arrive: the process. */
  readonly signals: EventEmitter
  readonly pid: number
  kill(pid: number, signal: NodeJS.Signals): void
  readonly log?: NatsLogSurroundings
}

/** The program `nats-server`: does what the arguments say; resolves with its exit code. */
export async function runNatsServer(args: readonly string[], world: NatsServerWorld): Promise<number> {
  const { stdout, stderr } = world
  try {
    return await run(parseGoFlags(args, FLAG_KINDS), world)
  } catch (error) {
    if (error instanceof FlagError) {
      stderr.write(`${error.message}\n`)
      stdout.write(USAGE)
      // nats-server's usage ends the program before Go's flag package could say 2.
      return 0
    }
    if (!(error instanceof ConfigError)) throw error
    stderr.write(`nats-server: ${error.message}\n`)
    return 1
  }
}

async function run(parsed: ParsedFlags, world: NatsServerWorld): Promise<number> {
  const { stdout, stderr } = world
  const { flags, warnings } = readFlags(parsed)
  const [command] = parsed.rest
  if (flags.showsVersion) return answer(stdout, versionText(world))
  if (flags.showsHelp) return answer(stdout, USAGE)
  if (flags.showsTlsHelp) return answer(stdout, TLS_USAGE)
  if (command?.toLowerCase() === 'version') return answer(stdout, versionText(world))
  if (command?.toLowerCase() === 'help') return answer(stdout, USAGE)
  if (command !== undefined) throw new ConfigError(`unrecognized command: ${JSON.stringify(command)}`)

  if (flags.signal) {
    sendSignal(flags.signal, { pidFile: () => pidFileOf(flags, world), kill: world.kill })
    return 0
  }
  if (flags.isCheck) return answer(stderr, await check(flags, world))

  const load = () => loadFor(flags, world)
  const loaded = load()
  await checkTlsOptions(loaded.options, world.loadTls)
  for (const warning of loaded.warnings) stderr.write(`${warning}\n`)
  return new ServerProcess({
    loaded,
    load,
    flagWarnings: warnings,
    configFile: flags.configFile || undefined,
    version: `${world.protocolVersion} (Belfry ${world.belfryVersion})`,
    start: world.start,
    signals: world.signals,
    pid: world.pid,
    ...(world.log && { log: world.log }),
  }).run()
}

function answer(stream: { write(text: string): void }, text: string): number {
  stream.write(text)
  return 0
}

/** One line and nothing else: launchers cut the release out of it. */
function versionText({ protocolVersion }: NatsServerWorld): string {
  return `nats-server: v${protocolVersion}\n`
}

async function check({ configFile }: NatsServerFlags, { env, cwd, loadTls, stderr }: NatsServerWorld): Promise<string> {
  if (!configFile) throw new ConfigError('must specify [-c, --config] option to check configuration file syntax')
  const checked = checkConfigFile(configFile, { env, cwd })
  await checkTlsBlocks(checked, loadTls)
  for (const warning of checked.warnings) stderr.write(`${warning}\n`)
  if (checked.refusals.length > 0) throw new ConfigError(checked.refusals.join('\n'))
  return validText('nats-server', configFile, checked.digest)
}

/** Settings of the file, the command line over them. @throws ConfigError */
function loadFor(flags: NatsServerFlags, { env, cwd }: NatsServerWorld): LoadedOptions {
  if (flags.routes && !flags.cluster && !flags.configFile) {
    throw new ConfigError('solicited routes require cluster capabilities, e.g. --cluster')
  }
  const { options, warnings, digest } = loadNatsOptions({
    configFile: flags.configFile || undefined,
    env,
    cwd,
    overrides: overridesOf(flags),
    defaults: DEFAULTS,
  })
  return {
    options: isTlsOff(flags) ? withoutTls(options) : options,
    warnings,
    digest: digest && `sha256:${digest}`,
  }
}

function withoutTls(options: NatsServerOptions): NatsServerOptions {
  return { ...options, nats: { ...options.nats, tls: undefined } }
}

/** That of `--pid`, or of the configuration. */
function pidFileOf(flags: NatsServerFlags, world: NatsServerWorld): string | undefined {
  if (flags.pidFile) return resolve(world.cwd, flags.pidFile)
  return flags.configFile ? loadFor(flags, world).options.process.pidFile : undefined
}

export type { RunningNatsServer, StartNatsServer } from './server-process.ts'
