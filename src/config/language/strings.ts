import type { Scanner } from './scanner.ts'

/** `'…'`: raw, no escapes. The cursor stands on the opening quote. */
export function singleQuotedText(scanner: Scanner): string {
  scanner.take(/'/y)
  const text = scanner.take(/[^']*/y)
  if (scanner.isAtEnd) scanner.fail('Unexpected EOF.')
  scanner.take(/'/y)
  return text
}

/** `"…"` with escapes; may go on over several lines. */
export function doubleQuotedText(scanner: Scanner): string {
  scanner.take(/"/y)
  const parts = new TextParts()
  for (;;) {
    parts.add(scanner.take(/[^"\\]*/y))
    if (scanner.isAtEnd) scanner.fail('Unexpected EOF.')
    if (scanner.take(/"/y) !== '') return parts.join()
    parts.add(escapedText(scanner))
  }
}

/**
 * Text without quotes. `isPlain`: nothing in it was escaped and no quote ended it, so it may also be a boolean or a
 * variable.
 */
export function bareText(scanner: Scanner): { value: string; isPlain: boolean } {
  const parts = new TextParts()
  let isPlain = true
  for (;;) {
    parts.add(scanner.take(/[^\\\n\r;,\]} \t']*/y))
    // A single quote ends it and is swallowed.
    if (scanner.take(/'/y) !== '') return { value: parts.join(), isPlain: false }
    if (scanner.next !== '\\') return { value: parts.join(), isPlain }
    parts.add(escapedText(scanner))
    isPlain = false
  }
}

/** `(` … `)`, the latter alone on its line; everything between them is raw. */
export function blockText(scanner: Scanner): string {
  scanner.take(/\(/y)
  // nats-server knows no `\r\n` here; a file written on Windows would never end.
  const text = scanner.take(/[\s\S]*?(?<=\n)(?=\)(?:\r?\n|$))/y)
  if (text === '') {
    scanner.take(/[\s\S]*/y)
    scanner.fail('Unexpected EOF processing block.')
  }
  scanner.take(/\)/y)
  return text
}

const ESCAPES: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', '"': '"', '\\': '\\' }

function escapedText(scanner: Scanner): string | Buffer {
  scanner.take(/\\/y)
  if (scanner.take(/x/y) !== '') return escapedByte(scanner)
  const meaning = ESCAPES[scanner.next]
  if (meaning === undefined) {
    scanner.fail(
      `Invalid escape character '${scanner.shownNext}'. Only the following escape characters are allowed: ` +
        '\\xXX, \\t, \\n, \\r, \\", \\\\.',
    )
  }
  scanner.take(/./y)
  return meaning
}

function escapedByte(scanner: Scanner): Buffer {
  const digits = scanner.take(/[^\n\r]{1,2}/y)
  if (digits.length < 2) scanner.fail("Expected two hexadecimal digits after '\\x', but hit end of line")
  if (!/^[\da-f]{2}$/i.test(digits)) {
    scanner.fail(`Expected two hexadecimal digits after '\\x', but got '${digits}'`)
  }
  return Buffer.from(digits, 'hex')
}

/** Escaped bytes may be pieces of one UTF-8 character, so they are decoded together at the end. */
class TextParts {
  readonly #parts: (string | Buffer)[] = []

  add(part: string | Buffer): void {
    this.#parts.push(part)
  }

  join(): string {
    if (this.#parts.every((part) => typeof part === 'string')) return this.#parts.join('')
    return Buffer.concat(this.#parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part))).toString()
  }
}
