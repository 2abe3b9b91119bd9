/**
 * What no log may hold is taken out here, of every event, whatever the rooms hand in: a field by its name, and inside
 * texts by shape, since a token also travels in URLs (`?access_token=`, which WebSocket clients of browsers must use)
 * and in the messages of errors. Sizes are bounded as well: a log line is no place for a payload.
 */
const REDACTED = '[redacted]'
const MAX_DEPTH = 5
/** Fields of an object, elements of an array. */
const MAX_ENTRIES = 50
/** Characters. */
const MAX_TEXT = 4096

const SECRET = String.raw`[\w.-]*(?:password|passwd|passphrase|password_?hash|token|secret|seed|jwt|cookie|authorization|credentials?|(?:api|private|auth)[_-]?key)|pass|pwd|sig|auth|key`
const SECRET_NAME = new RegExp(`^(?:${SECRET})$`, 'i')

const SECRET_SHAPES: readonly [shape: RegExp, replacement: string][] = [
  // A parameter of a URL or of a form.
  [new RegExp(String.raw`((?:^|[?&;\s])(?:${SECRET})=)[^&;#\s"']+`, 'gi'), `$1${REDACTED}`],
  // A field of JSON, as in a NATS client's CONNECT.
  [new RegExp(String.raw`("(?:${SECRET})"\s*:\s*)"(?:[^"\\]|\\.)*"?`, 'gi'), `$1"${REDACTED}"`],
  [/\b(Bearer|Basic)\s+[\w.~+/=-]+/gi, `$1 ${REDACTED}`],
  // User information in a URL, up to the last sign that may end it: nats://user:p@ssword@host
  [/(\b[a-z][a-z0-9+.-]*:\/\/)[^\s/?#]+@/gi, `$1${REDACTED}@`],
  // A JWT: its header is a JSON object, which begins with `{"`.
  [/\beyJ[\w-]{5,}\.[\w-]+(?:\.[\w-]*)?/g, REDACTED],
  // The seed of an nkey.
  [/\bS[ACNOUX][A-Z2-7]{56}\b/g, REDACTED],
]

/** `text` without secrets, cut at 4096 characters. */
export function redactText(text: string): string {
  // Cut first, so that a huge text costs little; a secret that the cut goes through still has its beginning.
  let redacted = text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)} … (${text.length} characters)` : text
  for (const [shape, replacement] of SECRET_SHAPES) redacted = redacted.replace(shape, replacement)
  return redacted
}

/** A copy of `fields` for the log: plain data without secrets, of bounded size. */
export function redactFields(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return copyEntries(Object.entries(fields), 1)
}

function copyEntries(entries: [string, unknown][], depth: number): Record<string, unknown> {
  const copy: Record<string, unknown> = {}
  for (const [name, value] of entries.slice(0, MAX_ENTRIES)) {
    const isSecret = SECRET_NAME.test(name) && value !== undefined && value !== null && typeof value !== 'boolean'
    copy[redactText(name)] = isSecret ? REDACTED : copyValue(value, depth)
  }
  if (entries.length > MAX_ENTRIES) copy['…'] = `${entries.length - MAX_ENTRIES} more`
  return copy
}

function copyValue(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return redactText(value)
  if (typeof value === 'bigint') return value.toString()
  if (typeof value === 'function' || typeof value === 'symbol') return `[${typeof value}]`
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString()
  if (value instanceof URL) return redactText(value.href)
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return `[${value.byteLength} bytes]`
  if (depth > MAX_DEPTH) return '[…]'
  if (value instanceof Error) return copyError(value, depth)
  if (!Array.isArray(value)) return copyEntries(Object.entries(value), depth + 1)
  const copy: unknown[] = value.slice(0, MAX_ENTRIES).map((element) => copyValue(element, depth + 1))
  return value.length > MAX_ENTRIES ? [...copy, `… ${value.length - MAX_ENTRIES} more`] : copy
}

function copyError(error: Error & { code?: unknown }, depth: number): Record<string, unknown> {
  const { name, message, code, stack, cause } = error
  return copyEntries(
    Object.entries({ name, message, code, stack, cause }).filter(([, value]) => value !== undefined),
    depth + 1,
  )
}
