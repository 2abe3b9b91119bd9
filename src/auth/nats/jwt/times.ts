import type { TimeRange } from './claims.ts'

const TIME_OF_DAY = /^([01]?\d|2[0-3]):([0-5]\d):([0-5]\d)(?:[.,]\d+)?$/
const DAY_MS = 86_400_000
/** Each takes some 30 us to look at, at every login: nobody who has more comes in. */
const MAX_RANGES = 100

/** Milliseconds since midnight, fractions of a second left off; `undefined` for what is no `15:04:05`. */
export function timeOfDayMs(text: string): number | undefined {
  const parts = TIME_OF_DAY.exec(text)
  return parts ? ((Number(parts[1]) * 60 + Number(parts[2])) * 60 + Number(parts[3])) * 1000 : undefined
}

/** Whether there is a time zone of that name. */
export function isTimeZone(name: string): boolean {
  // Offsets are none to nats-server. `Local` is the zone of the server.
  return name === 'Local' || (/^[A-Za-z]/.test(name) && zoneOf(name) !== undefined)
}

/**
 * Until when a user may stay who comes at `nowMs`: the latest end of the ranges that it falls in, or `Infinity` when there
 * are no ranges. `undefined`: it may not come, as when there are more than 100. `zone` is an IANA name; empty: that of the server. A range whose end is
 * before its start goes over midnight; start and end are not in it.
 */
export function allowedUntilMs(times: readonly TimeRange[], zone: string, nowMs: number): number | undefined {
  if (times.length === 0) return Number.POSITIVE_INFINITY
  const format = zoneOf(zone === 'Local' ? '' : zone)
  if (format === undefined || times.length > MAX_RANGES) return undefined
  const today = wallClockMs(format, nowMs) - (wallClockMs(format, nowMs) % DAY_MS)
  const ends: number[] = []
  for (const range of times) {
    const start = timeOfDayMs(range.start)
    const end = timeOfDayMs(range.end)
    if (start === undefined || end === undefined) return undefined
    const startMs = instantMs(format, today + start)
    const endMs = instantMs(format, today + end)
    if (startMs < nowMs && endMs > nowMs) ends.push(endMs)
    else if (startMs > endMs) {
      const endTomorrowMs = instantMs(format, today + DAY_MS + end)
      if (endMs > nowMs) ends.push(endMs)
      else if (startMs < nowMs && endTomorrowMs > nowMs) ends.push(endTomorrowMs)
    }
  }
  return ends.length === 0 ? undefined : Math.max(...ends)
}

function zoneOf(name: string): Intl.DateTimeFormat | undefined {
  const parts = { year: 'numeric', month: 'numeric', day: 'numeric' } as const
  const timeParts = { hour: 'numeric', minute: 'numeric', second: 'numeric', hourCycle: 'h23' } as const
  try {
    return new Intl.DateTimeFormat('en-US', {
      ...parts,
      ...timeParts,
      era: 'short',
      ...(name === '' ? {} : { timeZone: name }),
    })
  } catch {
    return undefined
  }
}

/** What clocks in the zone show at an instant, as if it were UTC. */
function wallClockMs(format: Intl.DateTimeFormat, instant: number): number {
  const shown: Record<string, number> = {}
  for (const { type, value } of format.formatToParts(instant)) shown[type] = Number(value)
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = shown
  return Date.UTC(year, month - 1, day, hour, minute, second)
}

/** When clocks in the zone show that. Where they leap over it or show it twice, one of the instants nearby. */
function instantMs(format: Intl.DateTimeFormat, wallClock: number): number {
  const offsetAt = (instant: number) => wallClockMs(format, instant) - Math.floor(instant / 1000) * 1000
  const guess = wallClock - offsetAt(wallClock)
  return wallClock - offsetAt(guess)
}
