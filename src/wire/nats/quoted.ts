const ESCAPES: Readonly<Record<string, string>> = {
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '"': '\\"',
  '\\': '\\\\',
}

/** Not graphic, or a blank other than U+0020: what Go escapes by number. */
const NOT_PRINTABLE = /[\p{C}\p{Z}]/u

/**
 * A byte string in double quotes as Go's `%q` writes it, which is how nats-server quotes subjects in error texts:
 * UTF-8 stays readable, bytes that are none become `\xff`. The answer is a byte string too.
 */
export function quoted(text: string): string {
  let answer = '"'
  const bytes = Buffer.from(text, 'latin1')
  for (let at = 0; at < bytes.length; ) {
    const length = sequenceLength(bytes, at)
    if (length === 0) {
      answer += hexEscape('x', bytes[at]!, 2)
      at++
      continue
    }
    const character = bytes.toString('utf8', at, at + length)
    answer += ESCAPES[character] ?? (character === ' ' ? ' ' : printable(character, bytes.subarray(at, at + length)))
    at += length
  }
  return `${answer}"`
}

function printable(character: string, bytes: Buffer): string {
  if (!NOT_PRINTABLE.test(character)) return bytes.toString('latin1')
  const code = character.codePointAt(0)!
  if (code < 0x80) return hexEscape('x', code, 2)
  return code < 0x10000 ? hexEscape('u', code, 4) : hexEscape('U', code, 8)
}

function hexEscape(kind: string, code: number, digits: number): string {
  return `\\${kind}${code.toString(16).padStart(digits, '0')}`
}

/** Of the UTF-8 sequence at `at`; 0 when there is none. */
function sequenceLength(bytes: Buffer, at: number): number {
  const first = bytes[at]!
  if (first < 0x80) return 1
  const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2
  const character = bytes.toString('utf8', at, at + length)
  return Buffer.byteLength(character) === length && [...character].length === 1 && character !== '\ufffd' ? length : 0
}
