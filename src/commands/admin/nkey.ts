import { Argument, Command } from 'commander'
import { KeyPair, type NkeyKind } from '#auth'
import { ConfigError } from '#kit'
import { readSecret } from '../password.ts'

const KINDS = ['user', 'account', 'operator', 'server', 'cluster', 'curve'] as const satisfies readonly NkeyKind[]

/** `belfry admin nkey`: a new key, or the public one of a seed. */
export function nkeyCommand(): Command {
  return new Command('nkey')
    .description('make an nkey: prints its seed, which is the secret, and below it the public key')
    .addArgument(new Argument('[kind]', 'whose it is to be').choices(KINDS).default('user'))
    .option('--public', 'print the public key of a seed instead; the seed comes from stdin, or is asked for')
    .action(async (kind: NkeyKind, flags: { readonly public?: true }) => {
      process.stdout.write(flags.public ? `${(await readKeyPair()).publicKey}\n` : textOf(KeyPair.create(kind)))
    })
}

async function readKeyPair(): Promise<KeyPair> {
  const keyPair = KeyPair.fromSeed((await readSecret('Seed')).trim())
  // Without what it is: that would be most of a secret when one letter of it is wrong.
  if (keyPair === undefined) throw new ConfigError('That is not the seed of an nkey')
  return keyPair
}

function textOf({ seed, publicKey }: KeyPair): string {
  return `${seed}\n${publicKey}\n`
}
