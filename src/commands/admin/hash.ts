import { Command } from 'commander'
import { argon2Password, bcryptPassword } from '#auth'
import { ConfigError } from '#kit'
import { readNewSecret } from '../password.ts'

/** `belfry admin hash`: what stands in a configuration file in the place of a password or token. */
export function hashCommand(): Command {
  return new Command('hash')
    .description('hash a password or token for the configuration; it comes from stdin, or is asked for')
    .option('--argon2', 'argon2id in place of bcrypt; nats-server does not understand it')
    .option('--cost <number>', 'of bcrypt: each doubles the time it takes, 4 to 31; default 11', Number)
    .action(async ({ argon2, cost }: { readonly argon2?: true; readonly cost?: number }) => {
      if (argon2 && cost !== undefined) throw new ConfigError('--cost is that of bcrypt')
      const password = await readNewSecret('Password')
      try {
        process.stdout.write(`${await (argon2 ? argon2Password(password) : bcryptPassword(password, cost))}\n`)
      } catch (error) {
        throw new ConfigError(`Cannot hash it: ${(error as Error).message}`, { cause: error })
      }
    })
}
