/** The commands that speak to a running server. They load nothing of what it is made of. */
import { Command } from 'commander'
import type { ReloadReport } from '../../services/reload/reload.ts'
import { type Asked, ask } from './ask.ts'
import { type StatusAnswer, statusText } from './status-text.ts'

/** Certificates and lists of many users take their time. */
const RELOAD_TIMEOUT_MS = 120_000
const TIMEOUT_MS = 10_000

/** Says that a room is to have the level of all others again. */
const DEFAULT = 'default'

interface Levels {
  readonly level: string
  readonly roomLevels: Readonly<Record<string, string>>
}

/** `belfry reload`: what SIGHUP does, with an answer. */
export function reloadCommand(): Command {
  return withSettings(new Command('reload'))
    .description('have the running server take over its changed configuration, without dropping connections')
    .option('--dry-run', 'only say what would happen')
    .option('--json', 'as JSON: { applied, atNextStart, closed, warnings }')
    .action(async ({ dryRun = false, json, ...from }: Asked & { dryRun?: boolean; json?: true }) => {
      const question = { method: 'POST', path: '/reload', body: { dryRun }, timeoutMs: RELOAD_TIMEOUT_MS } as const
      const report = (await ask(from, question)) as ReloadReport
      process.stdout.write(json ? `${JSON.stringify(report, undefined, 2)}\n` : reloadText(report, dryRun))
    })
}

function reloadText({ applied, atNextStart, closed, warnings }: ReloadReport, isDryRun: boolean): string {
  const lines = [
    ...warnings.map((line) => `warning: ${line}`),
    ...applied.map((line) => `${isDryRun ? 'would apply' : 'applied'}: ${line}`),
    ...closed,
    ...atNextStart.map((line) => `needs a restart: ${line}`),
  ]
  return lines.length === 0 ? 'nothing has changed\n' : `${lines.join('\n')}\n`
}

/** `belfry status`: what one asks first. */
export function statusCommand(): Command {
  return withSettings(new Command('status'))
    .description('how the running server is: version, listeners, connections, database')
    .option('--json', 'as JSON')
    .action(async ({ json, ...from }: Asked & { json?: true }) => {
      const { status } = (await ask(from, { path: '/status', timeoutMs: TIMEOUT_MS })) as { status: StatusAnswer }
      process.stdout.write(json ? `${JSON.stringify(status, undefined, 2)}\n` : statusText(status, Date.now()))
    })
}

/** `belfry log-level`: reads and sets how much the running server logs. */
export function logLevelCommand(): Command {
  return withSettings(new Command('log-level'))
    .description(
      'how much the running server logs; sets it until the next start, or until the configuration changes it',
    )
    .argument('[level]', `off, error, warn, info, debug or trace; for a room also ${DEFAULT}`)
    .option('--room <name>', 'of the events of one room, such as hub, nats or mail')
    .action(async (level: string | undefined, { room, ...from }: Asked & { room?: string }, command: Command) => {
      if (level === DEFAULT && room === undefined) {
        command.error(`belfry: ${DEFAULT} is for one room: name it with --room NAME`)
      }
      const body = { level: level === DEFAULT ? null : level, ...(room !== undefined && { room }) }
      const question = { path: '/log-level', timeoutMs: TIMEOUT_MS } as const
      const set = { ...question, method: 'PUT', body } as const
      const levels = (await ask(from, level === undefined ? question : set)) as Levels
      process.stdout.write(levelsText(levels, level === undefined ? room : undefined))
    })
}

function levelsText({ level, roomLevels }: Levels, room: string | undefined): string {
  if (room !== undefined) return `${roomLevels[room] ?? level}\n`
  return [level, ...Object.entries(roomLevels).map(([room, level]) => `${room}: ${level}`), ''].join('\n')
}

function withSettings(command: Command): Command {
  return command
    .option('-c, --config <file>', 'the settings that the server was started with, to find it')
    .option('--socket <path>', 'its control socket, if not the one of the settings')
}
