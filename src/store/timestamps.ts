/**
 * Timestamps as both engines exchange them: text in UTC, `YYYY-MM-DD HH:MM:SS.ffffff`. SQLite keeps that text,
 * PostgreSQL speaks it for `timestamp without time zone`.
 */
export type Timestamp = string

/** Six digits: the precision that diesel and PostgreSQL both keep. Throws RangeError outside the years 0 to 9999. */
export function formatTimestamp(date: Date): Timestamp {
  const iso = date.toISOString()
  if (iso.length !== 24) throw new RangeError(`The year of "${iso}" has more than four digits`)
  return `${iso.slice(0, 10)} ${iso.slice(11, 23)}000`
}

/** Of `YYYY-MM-DD HH:MM:SS.ffffff`. */
const LENGTH = 26

const FORMS = /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(Z|[+-]\d\d:\d\d)?$/

/**
 * Reads what diesel writes (no fraction or one of 3, 6 or 9 digits) and the other forms it takes: `T`, no seconds, `Z`,
 * an offset. What is finer than a millisecond is cut off. Throws when `text` is none of them.
 */
export function parseTimestamp(text: Timestamp): Date {
  // What both servers write, and a large vault has thousands of. What it does not fit is looked at closely.
  if (text.length === LENGTH && text.charAt(10) === ' ') {
    const date = new Date(`${text.slice(0, 10)}T${text.slice(11, 23)}Z`)
    if (!Number.isNaN(date.getTime())) return date
  }
  const [, day, minute, second = '00', fraction = '', zone = 'Z'] = FORMS.exec(text) ?? []
  const milliseconds = fraction.slice(0, 3).padEnd(3, '0')
  const date = new Date(`${day}T${minute}:${second}.${milliseconds}${zone}`)
  if (Number.isNaN(date.getTime())) throw new Error(`Cannot read the timestamp ${JSON.stringify(text)}`)
  return date
}

export const formatOptional = (date: Date | null): Timestamp | null => (date === null ? null : formatTimestamp(date))

export const parseOptional = (text: Timestamp | null): Date | null => (text === null ? null : parseTimestamp(text))
