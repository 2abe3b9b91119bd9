import { Secret, TOTP } from 'otpauth'
import type { Totp } from './read-totp.ts'

/** Without what is easily taken for something else: vowels, 0, 1, L, S and Z. */
const STEAM_ALPHABET = '23456789BCDFGHJKMNPQRTVWXY'
/** So many hold every number that RFC 4226 §5.3 takes out of an HMAC: 31 bits. */
const DIGITS_OF_31_BITS = 10

/** The code at a time, in ms since 1970. RFC 6238 */
export function totpCode(totp: Totp, atMs: number): string {
  const { algorithm, digits, periodSeconds: period } = totp
  // A copy, because `otpauth` takes a whole buffer, of which a secret may be a part.
  const common = { secret: new Secret({ buffer: totp.secret.slice().buffer }), algorithm, period, timestamp: atMs }
  if (totp.alphabet === 'decimal') return TOTP.generate({ ...common, digits })
  return steamCode(Number(TOTP.generate({ ...common, digits: DIGITS_OF_31_BITS })), digits)
}

/** How long the code of that time is still good, in ms: above 0, up to the whole period. */
export function totpRemainingMs(totp: Totp, atMs: number): number {
  return TOTP.remaining({ period: totp.periodSeconds, timestamp: atMs })
}

/** The number to the base 26, lowest digit first. */
function steamCode(number: number, length: number): string {
  let code = ''
  for (let rest = number; code.length < length; rest = Math.floor(rest / STEAM_ALPHABET.length)) {
    code += STEAM_ALPHABET[rest % STEAM_ALPHABET.length]
  }
  return code
}
