import { Command } from 'commander'
import { loadOptions, type Options } from '#config'
import { printable } from '#kit'
import { inspectData } from './inspect.ts'

const PROBLEMS = 1
const NO_DATA_FOLDER = 2

/**
 * `belfry admin check-data`: says what lies in a data folder, Vaultwarden's or ours, and what is wrong with it. Changes
 * nothing and makes nothing, and may run beside a server. Exit code 0: all is well; 1: not all; 2: this is no data folder.
 */
export function checkDataCommand(): Command {
  return new Command('check-data')
    .description('say what is in a data folder, of Vaultwarden or Belfry, and what is wrong with it; changes nothing')
    .argument('[folder]', 'the data folder; else the one of the settings')
    .option('-c, --config <file>', 'settings in the NATS config language')
    .action(async (folder: string | undefined, { config }: { config?: string }) => {
      // What has no effect is told below, as far as it lies in the folder.
      const { options } = loadOptions({
        configFile: config,
        env: process.env,
        cwd: process.cwd(),
        overrides: { vault: { dataFolder: folder } },
      })
      process.exitCode = await checkData(options)
    })
}

async function checkData(options: Options): Promise<number> {
  const inspected = await inspectData(options)
  if ('noDataFolder' in inspected) {
    const { dataFolder } = options.vault
    process.stderr.write(`belfry: "${dataFolder}" is no data folder: ${inspected.noDataFolder}\n`)
    return NO_DATA_FOLDER
  }
  process.stdout.write(printable(String(inspected.report)))
  return inspected.report.hasProblems ? PROBLEMS : 0
}
