/** A date as clients get it: UTC with microseconds, the last three of which are always zero. */
export function formatDate(date: Date): string {
  return `${date.toISOString().slice(0, -1)}000Z`
}

export const formatOptionalDate = (date: Date | null): string | null => (date === null ? null : formatDate(date))

const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/i

/**
 * The date of an RFC 3339 text, in the years 0 to 9999 of UTC, which are what can be stored; undefined for anything else,
 * such as the dates without a zone of some mobile apps.
 */
export function parseDate(text: string): Date | undefined {
  if (!RFC_3339.test(text)) return undefined
  const date = new Date(text)
  return Number.isNaN(date.getTime()) || date.toISOString().length !== 24 ? undefined : date
}

/** Everything there is: only the event log of organizations is ever paged. */
export function list<Item>(data: readonly Item[]) {
  return { data, object: 'list', continuationToken: null }
}
