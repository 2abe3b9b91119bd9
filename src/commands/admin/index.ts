import { Command } from 'commander'

/** Each loads what it needs and nothing else. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  backup: async () => (await import('./backup/index.ts')).backupCommand(),
  'check-data': async () => (await import('./check-data/index.ts')).checkDataCommand(),
  hash: async () => (await import('./hash.ts')).hashCommand(),
  'hub-token': async () => (await import('./hub-token.ts')).hubTokenCommand(),
  nkey: async () => (await import('./nkey.ts')).nkeyCommand(),
  permissions: async () => (await import('./permissions.ts')).permissionsCommand(),
  restore: async () => (await import('./restore/index.ts')).restoreCommand(),
}

/** `belfry admin`: what operators need beside a running server. With the one command of that name, or else with all. */
export async function adminCommand(name = ''): Promise<Command> {
  const admin = new Command('admin').description('helpers for operators: of data folders, NATS users and hubs')
  const names = Object.hasOwn(COMMANDS, name) ? [name] : Object.keys(COMMANDS)
  for (const each of names) admin.addCommand(await COMMANDS[each]!())
  return admin
}
