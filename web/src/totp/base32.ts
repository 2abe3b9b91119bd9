import type { Bytes } from '../crypto/bytes.ts'

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567'
const BITS = 5

/**
 * RFC 4648 §6, as lenient as the apps: case does not matter, characters of no meaning (spaces, hyphens, padding, but `0`
 * and `1` as well) are skipped, and bits at the end that make no byte are dropped.
 */
export function fromBase32(text: string): Bytes {
  const digits = Array.from(text.toLowerCase(), (character) => ALPHABET.indexOf(character)).filter(
    (digit) => digit >= 0,
  )
  const bytes = new Uint8Array(Math.floor((digits.length * BITS) / 8))
  let pending = 0
  let pendingBits = 0
  let at = 0
  for (const digit of digits) {
    pending = (pending << BITS) | digit
    pendingBits += BITS
    if (pendingBits < 8) continue
    pendingBits -= 8
    bytes[at++] = pending >> pendingBits
    pending &= (1 << pendingBits) - 1
  }
  return bytes
}
