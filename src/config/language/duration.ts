const NANOSECONDS: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3, // U+00B5
  μs: 1e3, // U+03BC
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
}

/** Go keeps durations in an int64 of nanoseconds: about 292 years. */
const MAX_NANOSECONDS = 2 ** 63

/**
 * Parses a duration in Go's syntax: `"1m30s"`, `"1.5h"`, `"-10ms"`, `"0"`.
 * @returns milliseconds, possibly with a fraction.
 * @throws RangeError in Go's words.
 */
export function parseDuration(text: string): number {
  const [, sign, rest = ''] = /^([+-]?)(.*)$/s.exec(text)!
  if (rest === '0') return 0
  if (rest === '') throw invalid(text)
  let nanoseconds = 0
  for (const part of rest.matchAll(/(\d*(?:\.\d*)?)([^\d.]*)/gy)) {
    const [whole, number = '', unit = ''] = part
    if (whole === '') break
    if (!/\d/.test(number)) throw invalid(text)
    if (unit === '') throw new RangeError(`time: missing unit in duration ${JSON.stringify(text)}`)
    const length = NANOSECONDS[unit]
    if (length === undefined) {
      throw new RangeError(`time: unknown unit ${JSON.stringify(unit)} in duration ${JSON.stringify(text)}`)
    }
    nanoseconds += Number(number) * length
  }
  if (nanoseconds >= MAX_NANOSECONDS) throw invalid(text)
  return ((sign === '-' ? -1 : 1) * nanoseconds) / 1e6
}

function invalid(text: string): RangeError {
  return new RangeError(`time: invalid duration ${JSON.stringify(text)}`)
}

/** A length of time as Go prints it: `1m30s`, `1.5s`, `10ms`, `0s`. To the nanosecond. */
export function formatDuration(milliseconds: number): string {
  const nanoseconds = Math.round(Math.abs(milliseconds) * 1e6)
  const sign = milliseconds < 0 ? '-' : ''
  if (nanoseconds === 0) return '0s'
  if (nanoseconds < 1e3) return `${sign}${nanoseconds}ns`
  if (nanoseconds < 1e6) return `${sign}${nanoseconds / 1e3}µs`
  if (nanoseconds < 1e9) return `${sign}${nanoseconds / 1e6}ms`
  const wholeSeconds = Math.floor(nanoseconds / 1e9)
  const hours = Math.floor(wholeSeconds / 3600)
  const minutes = Math.floor(wholeSeconds / 60) % 60
  const fraction = String(nanoseconds % 1e9)
    .padStart(9, '0')
    .replace(/0+$/, '')
  const seconds = `${wholeSeconds % 60}${fraction === '' ? '' : `.${fraction}`}`
  const inMinutes = `${minutes}m${seconds}s`
  if (hours > 0) return `${sign}${hours}h${inMinutes}`
  return minutes > 0 ? sign + inMinutes : `${sign}${seconds}s`
}
