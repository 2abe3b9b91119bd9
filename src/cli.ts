import { Command } from 'commander'
import packageJson from '../package.json' with { type: 'json' }

/**
 * Each loads what it needs and nothing else, by the word that follows it: what the vault is made of takes longer to load than a health check may
 * last.
 */
const COMMANDS: Readonly<Record<string, (next?: string) => Promise<Command>>> = {
  serve: async () => (await import('./commands/serve.ts')).serveCommand(packageJson.version),
  'nats-server': async () => (await import('./commands/nats-server/entry.ts')).natsServerCommand(),
  check: async () => (await import('./commands/check.ts')).checkCommand(),
  doctor: async () => (await import('./commands/doctor/index.ts')).doctorCommand(),
  healthcheck: async () => (await import('./commands/healthcheck/index.ts')).healthcheckCommand(),
  proxy: async () => (await import('./commands/proxy/index.ts')).proxyCommand(),
  account: async () => (await import('./commands/account.ts')).accountCommand(),
  admin: async (next) => (await import('./commands/admin/index.ts')).adminCommand(next),
  watch: async () => (await import('./commands/watch.ts')).watchCommand(),
  reload: async () => (await import('./commands/control/index.ts')).reloadCommand(),
  status: async () => (await import('./commands/control/index.ts')).statusCommand(),
  'log-level': async () => (await import('./commands/control/index.ts')).logLevelCommand(),
}
const ALL = Object.keys(COMMANDS)
/** The one that is meant when none is named. */
const DEFAULT = 'serve'

/** Runs the command of `belfry` that the arguments of this process name. */
export async function runCli(): Promise<void> {
  const [, , word, next] = process.argv
  const belfry = await belfryProgram(namesIn(word), next)
  await belfry.parseAsync()
}

/** `belfry` with some of its commands, default: all; of these with what `next` may be about. */
export async function belfryProgram(names: readonly string[] = ALL, next?: string): Promise<Command> {
  const belfry = new Command('belfry')
    .description(packageJson.description)
    .version(packageJson.version, '-v, --version')
    .showSuggestionAfterError()
    .addHelpText('after', '\nOptions of the server itself, such as -c FILE: belfry serve --help')
  for (const name of names) belfry.addCommand(await COMMANDS[name]!(next), { isDefault: name === DEFAULT })
  return belfry
}

/** Which commands a command line may be about, by its first word. */
function namesIn(word: string | undefined): readonly string[] {
  if (word !== undefined && Object.hasOwn(COMMANDS, word)) return [word]
  if (word === '-v' || word === '--version') return []
  const isOption = word?.startsWith('-') && word !== '-h' && word !== '--help'
  return word === undefined || isOption ? [DEFAULT] : ALL
}
