import type { Bytes } from '../crypto/bytes.ts'
import { fromBase32 } from './base32.ts'

/** How codes are made of what an item's field "authenticator key" says. */
export interface Totp {
  readonly secret: Bytes
  readonly algorithm: 'SHA1' | 'SHA256' | 'SHA512'
  /** 1 to 10. */
  readonly digits: number
  /** Seconds, at least 1. */
  readonly periodSeconds: number
  /** Steam writes its codes in letters and digits of its own. */
  readonly alphabet: 'decimal' | 'Steam'
}

const DEFAULTS = {
  algorithm: 'SHA1',
  digits: 6,
  periodSeconds: 30,
  alphabet: 'decimal',
} as const satisfies Partial<Totp>
const MAX_DIGITS = 10
const MAX_UINT32 = 2 ** 32 - 1

const STEAM_PREFIX = 'steam://'
const STEAM_DIGITS = 5

const ALGORITHMS = new Map<string | undefined, Totp['algorithm']>([
  ['sha1', 'SHA1'],
  ['sha256', 'SHA256'],
  ['sha512', 'SHA512'],
])

/**
 * Reads an `otpauth://` URI, `steam://` with a secret behind it, or a bare secret. As the apps do it: case does not
 * matter, the last of two equal parameters counts, and a parameter that says nothing sensible is as good as absent.
 * `undefined` where there is no secret.
 * https://github.com/google/google-authenticator/wiki/Key-Uri-Format
 */
export function readTotp(text: string): Totp | undefined {
  const totp = read(text.trim().toLowerCase())
  return totp && totp.secret.length > 0 ? totp : undefined
}

function read(key: string): Totp | undefined {
  if (key.startsWith('otpauth://')) return readUri(key)
  if (!key.startsWith(STEAM_PREFIX)) return { ...DEFAULTS, secret: fromBase32(key) }
  const secret = fromBase32(key.slice(STEAM_PREFIX.length))
  return { ...DEFAULTS, secret, digits: STEAM_DIGITS, alphabet: 'Steam' }
}

// What stands between the scheme and the question mark is not looked at: apps take `otpauth://hotp` for TOTP, too.
function readUri(uri: string): Totp | undefined {
  const url = URL.parse(uri)
  if (!url) return undefined
  const { secret = '', algorithm, digits, period } = Object.fromEntries(url.searchParams)
  return {
    ...DEFAULTS,
    secret: fromBase32(secret),
    algorithm: ALGORITHMS.get(algorithm) ?? DEFAULTS.algorithm,
    // A code without digits would be none.
    digits: Math.min(wholeNumber(digits) || DEFAULTS.digits, MAX_DIGITS),
    periodSeconds: Math.max(wholeNumber(period) ?? DEFAULTS.periodSeconds, 1),
  }
}

function wholeNumber(text: string | undefined): number | undefined {
  if (text === undefined || !/^\+?\d+$/.test(text)) return undefined
  const number = Number(text)
  return number <= MAX_UINT32 ? number : undefined
}
