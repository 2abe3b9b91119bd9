import { Command } from 'commander'
import { ConfigError } from '#kit'
import { createAccount, reasonOf } from '#vault'
import { DEFAULT_SERVER } from './default-server.ts'
import { readPassword } from './password.ts'

interface CreateFlags {
  readonly server: string
  readonly name?: string
  readonly passwordFile?: string
}

/** `belfry account`: what one person's client would do that has a sign-up page, which the official CLI has not. */
export function accountCommand(): Command {
  const account = new Command('account').description('accounts of a Bitwarden-compatible server')
  account
    .command('create')
    .description('create an account; the password comes from BELFRY_PASSWORD, a file, or the terminal')
    .argument('<email>', 'e-mail address, the name to log in with')
    .option('--server <url>', 'address of the server', DEFAULT_SERVER)
    .option('--name <name>', 'how the account is shown; default: the e-mail address')
    .option('--password-file <file>', 'file that holds the master password')
    .action(async (email: string, flags: CreateFlags) => {
      const password = await readPassword(`Master password for ${email}`, flags.passwordFile)
      try {
        await createAccount({ server: flags.server, email, password, name: flags.name ?? email })
      } catch (error) {
        throw new ConfigError(`Cannot create the account at ${flags.server}: ${reasonOf(error)}`, { cause: error })
      }
      process.stdout.write(`Created the account ${email} at ${flags.server}\n`)
    })
  return account
}
