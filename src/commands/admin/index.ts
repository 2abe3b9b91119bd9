import { Command } from 'commander'
import { hashCommand } from './hash.ts'
import { hubTokenCommand } from './hub-token.ts'
import { nkeyCommand } from './nkey.ts'
import { permissionsCommand } from './permissions.ts'

/** `belfry admin`: what operators of NATS users and hubs need beside a running server. */
export function adminCommand(): Command {
  return new Command('admin')
    .description('helpers for operators of NATS users and hubs')
    .addCommand(hashCommand())
    .addCommand(hubTokenCommand())
    .addCommand(nkeyCommand())
    .addCommand(permissionsCommand())
}
