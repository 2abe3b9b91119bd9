import { ConfigError } from '#kit'
import packageJson from '../package.json' with { type: 'json' }
import { NATS_SERVER_COMMAND, natsServerMain } from './commands/nats-server/entry.ts'
import { startNatsServer } from './services/nats-server.ts'

const [command, ...args] = process.argv.slice(2)
try {
  if (command === NATS_SERVER_COMMAND) {
    process.exit(await natsServerMain(args, { start: startNatsServer, belfryVersion: packageJson.version }))
  }
  // Loaded only now: what the vault is made of takes as long again, and those who launch nats-server wait for it.
  const { runCli } = await import('./cli.ts')
  await runCli()
} catch (error) {
  // What the operator can mend is told in plain lines; anything else is a bug and shows where it happened.
  if (error instanceof ConfigError) process.stderr.write(`belfry: ${error.message.replaceAll('\n', '\nbelfry: ')}\n`)
  else console.error(error)
  process.exitCode = 1
}
