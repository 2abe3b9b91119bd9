import { Command } from 'commander'
import { ConfigError } from '#kit'
import packageJson from '../package.json' with { type: 'json' }
import { accountCommand } from './commands/account.ts'
import { checkCommand } from './commands/check.ts'
import { serveCommand } from './commands/serve.ts'
import { watchCommand } from './commands/watch.ts'

const program = new Command('belfry')
  .description(packageJson.description)
  .version(packageJson.version, '-v, --version')
  .showSuggestionAfterError()
  .addHelpText('after', '\nOptions of the server itself, such as -c FILE: belfry serve --help')
  .addCommand(serveCommand(packageJson.version), { isDefault: true })
  .addCommand(checkCommand())
  .addCommand(accountCommand())
  .addCommand(watchCommand())

try {
  await program.parseAsync()
} catch (error) {
  // What the operator can mend is told in plain lines; anything else is a bug and shows where it happened.
  if (error instanceof ConfigError) process.stderr.write(`belfry: ${error.message.replaceAll('\n', '\nbelfry: ')}\n`)
  else console.error(error)
  process.exitCode = 1
}
