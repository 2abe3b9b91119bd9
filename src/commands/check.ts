import { Command } from 'commander'
import { configDigest, loadOptions, parseConfigFile } from '#config'
import { silentLogger, systemClock } from '#kit'
import { loadTls } from '#net'
import { inspectVapidKey } from '#push'
import { tokenIssuers } from '#relay'
import { readTls } from '../services/web/web-listeners.ts'
import { checkTlsOptions, validText } from './nats-server/check.ts'

/**
 * `belfry check`: reads the settings as `serve` would, says what is wrong with them, and starts nothing. Beyond
 * `belfry nats-server -t`, which looks at the file alone, it checks how the settings go together.
 */
export function checkCommand(): Command {
  return new Command('check')
    .description('check the settings without starting')
    .option('-c, --config <file>', 'settings in the NATS config language')
    .action(async ({ config }: { config?: string }) => {
      const surroundings = { env: process.env, cwd: process.cwd() }
      const warnings = await checkSettings(config, surroundings)
      for (const warning of warnings) process.stderr.write(`belfry: ${warning}\n`)
      process.stdout.write(config === undefined ? 'belfry: settings are valid\n' : fileText(config, surroundings))
    })
}

/**
 * What would not keep the server from starting, but is not as it was meant.
 * @throws ConfigError with what would.
 */
export async function checkSettings(
  configFile: string | undefined,
  surroundings: { readonly env: NodeJS.ProcessEnv; readonly cwd: string },
): Promise<readonly string[]> {
  const { options, warnings } = loadOptions({ configFile, ...surroundings })
  await checkTlsOptions(options, loadTls)
  if (options.web.tls) await readTls(options.web.tls)
  // Reads the keys, and asks nobody yet.
  await tokenIssuers(options.relay.installations, { clock: systemClock, logger: silentLogger })
  if (options.push.web) await inspectVapidKey(options.push.web.keyFile)
  return warnings
}

function fileText(config: string, { env, cwd }: { env: NodeJS.ProcessEnv; cwd: string }): string {
  return validText('belfry', config, configDigest(parseConfigFile(config, { environment: env, cwd })))
}
