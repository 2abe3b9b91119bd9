import { isUtf8 } from 'node:buffer'

const ESCAPES: Readonly<Record<string, string>> = {
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
  '"': '\\"',
}

/** What a line of a log should not show as it is: controls, and every blank but the plain one. */
const UNPRINTABLE = /[\p{C}\p{Z}]/u

/**
 * A string in double quotes as Go's `%q` writes it, which is how nats-server shows payloads and names: text as it is,
 * everything else escaped, bytes that are no UTF-8 as `\xff`.
 */
export function goQuote(text: string | Uint8Array): string {
  const bytes =
    typeof text === 'string' ? Buffer.from(text) : Buffer.from(text.buffer, text.byteOffset, text.byteLength)
  if (isUtf8(bytes)) return `"${escapeText(bytes.toString())}"`
  const parts: string[] = []
  for (let at = 0; at < bytes.length; ) {
    const length = sequenceLength(bytes, at)
    parts.push(length === 0 ? hexByte(bytes[at]!) : escapeText(bytes.toString('utf8', at, at + length)))
    at += length || 1
  }
  return `"${parts.join('')}"`
}

/** Bytes of the character that begins at `at`; 0 when none does. */
function sequenceLength(bytes: Buffer, at: number): number {
  for (let length = 1; length <= 4 && at + length <= bytes.length; length++) {
    if (isUtf8(bytes.subarray(at, at + length))) return length
  }
  return 0
}

function escapeText(text: string): string {
  let escaped = ''
  for (const character of text) escaped += ESCAPES[character] ?? escapeUnprintable(character)
  return escaped
}

function escapeUnprintable(character: string): string {
  if (character === ' ' || !UNPRINTABLE.test(character)) return character
  const code = character.codePointAt(0)!
  if (code < 0x20 || code === 0x7f) return hexByte(code)
  return code > 0xffff ? `\\U${code.toString(16).padStart(8, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`
}

function hexByte(byte: number): string {
  return `\\x${byte.toString(16).padStart(2, '0')}`
}

/** `goQuote` for byte strings (latin1), as subjects are: the answer is one too. */
export function quoted(text: string): string {
  return Buffer.from(goQuote(Buffer.from(text, 'latin1'))).toString('latin1')
}
