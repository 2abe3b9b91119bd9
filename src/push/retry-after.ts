/** No push service is believed that wants to be left alone for longer. Milliseconds. */
export const LONGEST_ASKED_MS = 60 * 60_000

/**
 * How long a `Retry-After` header asks to wait, in milliseconds: from 0 to an hour. In seconds or as a date (RFC 9110
 * §10.2.3); undefined when there is none that can be read.
 */
export function retryAfterMs(header: string | undefined, nowMs: number): number | undefined {
  const text = header?.trim() ?? ''
  const askedMs = /^\d+$/.test(text) ? Number(text) * 1000 : dateOf(text) - nowMs
  return Number.isNaN(askedMs) ? undefined : Math.min(Math.max(0, askedMs), LONGEST_ASKED_MS)
}

function dateOf(text: string): number {
  // All three forms begin with the day of the week; Node alone would take a number for a year.
  if (!/^[a-z]{3}/i.test(text)) return Number.NaN
  // That of asctime does not name its zone.
  return Date.parse(text.endsWith(' GMT') ? text : `${text} GMT`)
}
