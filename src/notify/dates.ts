const DATE_AND_TIME = /^(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d(?:\.\d+)?)([Zz]|[+-]\d\d:\d\d)?$/

/**
 * A date and time of RFC 3339 in its usual form, with all its digits; undefined for what is none. One without a zone is
 * in UTC: .NET leaves the zone out when it was never told one, and the official server has no other dates.
 */
export function canonicalDate(text: string): string | undefined {
  const [match, day, time, zone = 'Z'] = DATE_AND_TIME.exec(text) ?? []
  if (match === undefined) return undefined
  const date = `${day}T${time}${zone.toUpperCase()}`
  return Number.isNaN(Date.parse(date)) || !isDay(day!) ? undefined : date
}

/** `Date` itself takes the 30th of February for the 1st of March. */
function isDay(day: string): boolean {
  return new Date(`${day}T00:00:00Z`).toISOString().startsWith(day)
}
