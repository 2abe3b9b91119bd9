import { Command } from 'commander'
import packageJson from '../package.json' with { type: 'json' }
import { accountCommand } from './commands/account.ts'
import { adminCommand } from './commands/admin/index.ts'
import { checkCommand } from './commands/check.ts'
import { natsServerCommand } from './commands/nats-server/entry.ts'
import { serveCommand } from './commands/serve.ts'
import { watchCommand } from './commands/watch.ts'

/** Runs the command of `belfry` that the arguments of this process name. */
export async function runCli(): Promise<void> {
  await new Command('belfry')
    .description(packageJson.description)
    .version(packageJson.version, '-v, --version')
    .showSuggestionAfterError()
    .addHelpText('after', '\nOptions of the server itself, such as -c FILE: belfry serve --help')
    .addCommand(serveCommand(packageJson.version), { isDefault: true })
    .addCommand(natsServerCommand())
    .addCommand(checkCommand())
    .addCommand(accountCommand())
    .addCommand(adminCommand())
    .addCommand(watchCommand())
    .parseAsync()
}
