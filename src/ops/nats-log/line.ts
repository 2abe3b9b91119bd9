/** The levels of nats-server's log, as its lines name them. */
export type NatsLogLevel = 'INF' | 'DBG' | 'WRN' | 'ERR' | 'FTL' | 'TRC'

/** Terminal colours (SGR parameters) by level, as nats-server chose them. */
const COLOURS: Record<NatsLogLevel, string> = {
  INF: '32',
  DBG: '36',
  WRN: '0;93',
  ERR: '31',
  FTL: '31',
  TRC: '33',
}

export interface LineFormat {
  readonly pid: number
  /** Whether lines carry the time. */
  readonly time: boolean
  /** The time in UTC instead of the local zone. */
  readonly timeUtc: boolean
  readonly colours: boolean
}

/** `[pid] 2026/11/21 12:00:00.000000 [INF] text`, with its line end. `nowMs` may have fractions: microseconds are shown. */
export function natsLogLine(level: NatsLogLevel, text: string, nowMs: number, format: LineFormat): string {
  const label = format.colours ? `[\x1b[${COLOURS[level]}m${level}\x1b[0m]` : `[${level}]`
  const time = format.time ? `${timestamp(nowMs, format.timeUtc)} ` : ''
  return `[${format.pid}] ${time}${label} ${text}\n`
}

function timestamp(nowMs: number, isUtc: boolean): string {
  const [year, month, day, hour, minute, second] = timeParts(nowMs, isUtc)
  return `${year}/${month}/${day} ${hour}:${minute}:${second}.${digits(microseconds(nowMs), 6)}`
}

/** What nats-server adds to the name of a log file that it puts aside: local time, down to nanoseconds. */
export function backupSuffix(nowMs: number): string {
  return `${timeParts(nowMs, false).join('.')}.${digits(microseconds(nowMs) * 1000, 9)}`
}

/** Year, month, day, hour, minute and second. */
function timeParts(nowMs: number, isUtc: boolean): string[] {
  const date = new Date(nowMs)
  const values = isUtc
    ? [date.getUTCMonth() + 1, date.getUTCDate(), date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()]
    : [date.getMonth() + 1, date.getDate(), date.getHours(), date.getMinutes(), date.getSeconds()]
  return [digits(isUtc ? date.getUTCFullYear() : date.getFullYear(), 4), ...values.map((value) => digits(value, 2))]
}

/** Of the second. */
function microseconds(nowMs: number): number {
  return Math.floor((nowMs % 1000) * 1000)
}

function digits(value: number, count: number): string {
  return String(value).padStart(count, '0')
}
