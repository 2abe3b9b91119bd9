import { Command } from 'commander'
import { loadOptions } from '#config'

/** `belfry check`: reads the settings as `serve` would, says what is wrong with them, and starts nothing. */
export function checkCommand(): Command {
  return new Command('check')
    .description('check the settings without starting')
    .option('-c, --config <file>', 'settings in the NATS config language')
    .action((flags: { config?: string }) => {
      const { warnings } = loadOptions({ configFile: flags.config, env: process.env, cwd: process.cwd() })
      for (const warning of warnings) process.stderr.write(`belfry: ${warning}\n`)
      process.stdout.write(`belfry: ${flags.config ? `configuration file ${flags.config} is` : 'settings are'} valid\n`)
    })
}
