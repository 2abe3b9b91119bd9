/** Times and durations as Go prints them: what reads nats-server's answers parses these. */

/** RFC 3339 in UTC, the fraction without trailing zeros, to the microsecond: `2026-01-02T03:04:05.67Z`. */
export function goTime(epochMs: number): string {
  const micros = Math.round(epochMs * 1000)
  const wholeSeconds = Math.floor(micros / 1_000_000)
  const fraction = String(micros - wholeSeconds * 1_000_000)
    .padStart(6, '0')
    .replace(/0+$/, '')
  const seconds = new Date(wholeSeconds * 1000).toISOString().slice(0, 19)
  return fraction === '' ? `${seconds}Z` : `${seconds}.${fraction}Z`
}

/** `time.Duration.String`: `0s`, `401µs`, `1.234567ms`, `1m2.5s`, `2h0m0s`. Nothing below a nanosecond; never negative. */
export function goDuration(ms: number): string {
  const nanos = Math.max(0, Math.round(ms * 1e6))
  if (nanos === 0) return '0s'
  if (nanos < 1e3) return `${nanos}ns`
  if (nanos < 1e6) return `${trimmed(nanos / 1e3, 3)}µs`
  if (nanos < 1e9) return `${trimmed(nanos / 1e6, 6)}ms`
  const minutes = Math.floor(nanos / 60e9)
  const seconds = `${trimmed((nanos - minutes * 60e9) / 1e9, 9)}s`
  if (minutes === 0) return seconds
  return minutes < 60 ? `${minutes}m${seconds}` : `${Math.floor(minutes / 60)}h${minutes % 60}m${seconds}`
}

/** A round trip: like a duration, but whole microseconds below a millisecond. */
export function roundTrip(ms: number): string {
  return goDuration(ms > 0.001 && ms < 1 ? Math.floor(ms * 1000) / 1000 : ms)
}

/** Whole seconds with days and years of 365 days: `1y2d3h4m5s`. Larger units that are zero are left out; never negative. */
export function uptime(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  const minutes = Math.floor(seconds / 60)
  const hours = Math.floor(minutes / 60)
  const days = Math.floor(hours / 24)
  const parts = [
    [Math.floor(days / 365), 'y'],
    [days % 365, 'd'],
    [hours % 24, 'h'],
    [minutes % 60, 'm'],
    [seconds % 60, 's'],
  ] as const
  const first = parts.findIndex(([count]) => count > 0)
  return parts
    .slice(first === -1 ? -1 : first)
    .map(([count, unit]) => `${count}${unit}`)
    .join('')
}

export function nanoseconds(ms: number): number {
  return Math.round(ms * 1e6)
}

function trimmed(value: number, digits: number): string {
  const text = value.toFixed(digits)
  return text.replace(/\.?0+$/, '')
}
