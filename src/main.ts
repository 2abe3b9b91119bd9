import { Command } from 'commander'
import { ConfigError } from '#kit'
import packageJson from '../package.json' with { type: 'json' }
import { accountCommand } from './commands/account.ts'
import { checkCommand } from './commands/check.ts'
import { NATS_SERVER_COMMAND, natsServerCommand, natsServerMain } from './commands/nats-server/entry.ts'
import { serveCommand } from './commands/serve.ts'
import { watchCommand } from './commands/watch.ts'
import { startNatsServer } from './services/nats-server.ts'

const program = new Command('belfry')
  .description(packageJson.description)
  .version(packageJson.version, '-v, --version')
  .showSuggestionAfterError()
  .addHelpText('after', '\nOptions of the server itself, such as -c FILE: belfry serve --help')
  .addCommand(serveCommand(packageJson.version), { isDefault: true })
  .addCommand(natsServerCommand())
  .addCommand(checkCommand())
  .addCommand(accountCommand())
  .addCommand(watchCommand())

const [command, ...args] = process.argv.slice(2)
try {
  if (command === NATS_SERVER_COMMAND) {
    process.exit(await natsServerMain(args, { start: startNatsServer, belfryVersion: packageJson.version }))
  }
  await program.parseAsync()
} catch (error) {
  // What the operator can mend is told in plain lines; anything else is a bug and shows where it happened.
  if (error instanceof ConfigError) process.stderr.write(`belfry: ${error.message.replaceAll('\n', '\nbelfry: ')}\n`)
  else console.error(error)
  process.exitCode = 1
}
