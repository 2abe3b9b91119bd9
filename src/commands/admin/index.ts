import { Command } from 'commander'
import { hashCommand } from './hash.ts'
import { nkeyCommand } from './nkey.ts'
import { permissionsCommand } from './permissions.ts'

/** `belfry admin`: what operators of NATS users need beside a running server. */
export function adminCommand(): Command {
  return new Command('admin')
    .description('helpers for operators of NATS users')
    .addCommand(hashCommand())
    .addCommand(nkeyCommand())
    .addCommand(permissionsCommand())
}
