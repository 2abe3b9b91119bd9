import { ConfigError, printable } from '#kit'
import packageJson from '../package.json' with { type: 'json' }

const [command, ...args] = process.argv.slice(2)
try {
  // nats-server's command line is one of its own, and who launches it waits for it to be up.
  if (command === 'nats-server') {
    const { natsServerMain } = await import('./commands/nats-server/entry.ts')
    const { startNatsServer } = await import('./services/nats/nats-server.ts')
    process.exit(await natsServerMain(args, { start: startNatsServer, belfryVersion: packageJson.version }))
  }
  const { runCli } = await import('./cli.ts')
  await runCli()
} catch (error) {
  // What the operator can mend is told in plain lines; anything else is a bug and shows where it happened.
  if (error instanceof ConfigError) {
    process.stderr.write(`belfry: ${printable(error.message).replaceAll('\n', '\nbelfry: ')}\n`)
  } else console.error(error)
  process.exitCode = 1
}
