import { Command } from 'commander'
import { checkDataCommand } from './check-data/index.ts'
import { hashCommand } from './hash.ts'
import { hubTokenCommand } from './hub-token.ts'
import { nkeyCommand } from './nkey.ts'
import { permissionsCommand } from './permissions.ts'

/** `belfry admin`: what operators need beside a running server. */
export function adminCommand(): Command {
  return new Command('admin')
    .description('helpers for operators: of data folders, NATS users and hubs')
    .addCommand(checkDataCommand())
    .addCommand(hashCommand())
    .addCommand(hubTokenCommand())
    .addCommand(nkeyCommand())
    .addCommand(permissionsCommand())
}
