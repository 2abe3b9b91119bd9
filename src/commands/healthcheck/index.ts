import { Command } from 'commander'
import { loadWhereabouts } from '#config/whereabouts'
import { askAlive } from './ask-alive.ts'

/**
 * `belfry healthcheck`: whether the server that runs with these settings answers, for those who look after processes.
 * It loads nothing of what the server is made of.
 */
export function healthcheckCommand(): Command {
  return new Command('healthcheck')
    .description('ask the running server whether it is well; ends with 0 if it is, else with 1')
    .option('-c, --config <file>', 'the settings that the server was started with')
    .action(async ({ config }: { config?: string }) => {
      const { web } = loadWhereabouts({ configFile: config, env: process.env, cwd: process.cwd() })
      const { isAlive, line } = await askAlive(web)
      process[isAlive ? 'stdout' : 'stderr'].write(`belfry: ${line}\n`)
      process.exitCode = isAlive ? 0 : 1
    })
}
