/** Dates, numbers and sizes as they are written in the language of the page, which they follow as `t()` does. */
import { region } from './language.ts'

/** The makers of `Intl` are slow to be made: one for each language and use. */
const made = new Map<string, unknown>()
function cached<T>(use: string, make: (locale: string) => T): T {
  const locale = region()
  const name = `${locale} ${use}`
  if (!made.has(name)) made.set(name, make(locale))
  return made.get(name) as T
}

/** In the place of what the server says, and what is no date or number: the rest of the page is shown all the same. */
const NOTHING = '–'
const isDate = (date: Date): boolean => !Number.isNaN(date.getTime())

export function formatDate(date: Date): string {
  if (!isDate(date)) return NOTHING
  return cached('date', (locale) => new Intl.DateTimeFormat(locale, { dateStyle: 'medium' })).format(date)
}

export function formatDateTime(date: Date): string {
  if (!isDate(date)) return NOTHING
  const make = (locale: string) => new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' })
  return cached('date and time', make).format(date)
}

export function formatNumber(value: number): string {
  return cached('number', (locale) => new Intl.NumberFormat(locale)).format(value)
}

const UNITS = ['byte', 'kilobyte', 'megabyte', 'gigabyte'] as const

/** Of 1,024, as the official apps count; with one digit behind the point from kilobytes on. */
export function formatBytes(bytes: number): string {
  if (Number.isNaN(bytes)) return NOTHING
  const power = Math.min(UNITS.length - 1, bytes < 1 ? 0 : Math.floor(Math.log2(bytes) / 10))
  const unit = UNITS[power]!
  const make = (locale: string) =>
    new Intl.NumberFormat(locale, {
      style: 'unit',
      unit,
      unitDisplay: power === 0 ? 'long' : 'short',
      maximumFractionDigits: power === 0 ? 0 : 1,
    })
  return cached(unit, make).format(bytes / 1024 ** power)
}

/** s */
const DAY = 86_400

/** From the largest. s */
const SPANS = [
  ['year', 31_557_600],
  ['month', 2_629_800],
  ['week', 7 * DAY],
  ['day', DAY],
  ['hour', 3_600],
  ['minute', 60],
] as const

/**
 * How long ago or ahead, in its largest unit: "3 hours ago", "in 2 days", "yesterday". Less than a minute is now. Days are
 * those of the calendar here, so that "tomorrow" is, and what is a moment short of two weeks is "in 2 weeks".
 */
export function formatRelative(date: Date, now: Date = new Date()): string {
  if (!isDate(date)) return NOTHING
  const seconds = (date.getTime() - now.getTime()) / 1000
  const [unit, size] = SPANS.find(([, size]) => Math.abs(seconds) >= size) ?? ['second', Infinity]
  const isInDays = unit === 'day' || unit === 'week'
  const count = isInDays
    ? Math.trunc((calendarDay(date) - calendarDay(now)) / (size / DAY))
    : Math.trunc(seconds / size)
  // "Next week" may be less than a week ahead, or more.
  const numeric = unit === 'day' || unit === 'second' ? 'auto' : 'always'
  const make = (locale: string) => new Intl.RelativeTimeFormat(locale, { numeric })
  return cached(`relative ${numeric}`, make).format(count, unit)
}

/** The number of a day on the calendar of where one is. */
function calendarDay(date: Date): number {
  return Date.UTC(date.getFullYear(), date.getMonth(), date.getDate()) / (DAY * 1000)
}

/** For lists in the order of the language, with 2 before 10. */
export function localeCollator(): Intl.Collator {
  return cached('collator', (locale) => new Intl.Collator(locale, { numeric: true, sensitivity: 'base' }))
}
