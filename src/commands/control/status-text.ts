import type { ListenerStatus, ServerStatus } from '../../services/control/server-status.ts'

export interface StatusAnswer extends ServerStatus {
  readonly version: string
  readonly level: string
  readonly roomLevels: Readonly<Record<string, string>>
}

const MINUTE_S = 60
const HOUR_S = 60 * MINUTE_S
const DAY_S = 24 * HOUR_S

/** For people; `nowMs` is now. */
export function statusText(status: StatusAnswer, nowMs: number): string {
  const { version, pid, startedAt, dataFolder, database, listeners, connections, cluster, level, roomLevels } = status
  const upSeconds = Math.max(0, Math.floor((nowMs - Date.parse(startedAt)) / 1000))
  const rows: [string, string][] = [
    ['version', version],
    ['running', `for ${duration(upSeconds)}, since ${startedAt} (process ${pid})`],
    ['data', dataFolder],
    ['database', `${database.kind}, ${database.answers ? 'answers' : 'DOES NOT ANSWER'}`],
    ...Object.entries(listeners).map(([name, listener]): [string, string] => [name, listenerText(listener)]),
    [
      'connections',
      Object.entries(connections)
        .map(([name, count]) => `${count} ${name}`)
        .join(', '),
    ],
    ...(cluster === undefined ? [] : [['cluster link', cluster] as [string, string]]),
    ['log level', [level, ...Object.entries(roomLevels).map(([room, one]) => `${room} ${one}`)].join(', ')],
  ]
  const width = Math.max(...rows.map(([name]) => name.length))
  return rows.map(([name, text]) => `${name.padEnd(width)}  ${text}\n`).join('')
}

function listenerText({ host, port, isTls, certificateExpires }: ListenerStatus): string {
  const address = `${host.includes(':') ? `[${host}]` : host}:${port}`
  if (!isTls) return address
  return certificateExpires === undefined ? `${address}, TLS` : `${address}, TLS until ${certificateExpires}`
}

/** The two largest units. */
function duration(seconds: number): string {
  if (seconds < MINUTE_S) return `${seconds} s`
  if (seconds < HOUR_S) return `${Math.floor(seconds / MINUTE_S)} min`
  if (seconds < DAY_S) return `${Math.floor(seconds / HOUR_S)} h ${Math.floor((seconds % HOUR_S) / MINUTE_S)} min`
  return `${Math.floor(seconds / DAY_S)} d ${Math.floor((seconds % DAY_S) / HOUR_S)} h`
}
