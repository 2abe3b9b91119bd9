/**
 * Text as the broker has it: a byte string, of which each character stands for one byte of UTF-8 (latin1), so that
 * subjects come out as they came in, whatever they are.
 */
export function toByteString(text: string): string {
  return isAscii(text) ? text : Buffer.from(text, 'utf8').toString('latin1')
}

/** As people write it; bytes that are no UTF-8 become U+FFFD. */
export function fromByteString(bytes: string): string {
  return isAscii(bytes) ? bytes : Buffer.from(bytes, 'latin1').toString('utf8')
}

function isAscii(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are ASCII as well.
  return /^[\x00-\x7f]*$/.test(text)
}
