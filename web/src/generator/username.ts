import { pick, pickCharacters, type RandomUint32, randomUint32 } from './random.ts'
import { capitalized, loadWords } from './words.ts'

export interface WordUsernameOptions {
  readonly capitalize: boolean
  /** Adds four digits. */
  readonly includeNumber: boolean
}

const ALPHANUMERIC = 'abcdefghijklmnopqrstuvwxyz0123456789'
const TAG_LENGTH = 8
const NUMBER_LENGTH = 4

/** A word of the EFF's long list. */
export async function generateWordUsername(
  options: WordUsernameOptions,
  random: RandomUint32 = randomUint32,
): Promise<string> {
  const word = pick(await loadWords(), random)
  const number = options.includeNumber ? pickCharacters('0123456789', NUMBER_LENGTH, random) : ''
  return (options.capitalize ? capitalized(word) : word) + number
}

/**
 * `alice@example.com` becomes `alice+k3v9x0qa@example.com`, which arrives at the same place (RFC 5233).
 * Throws a `RangeError` for what is no address.
 */
export function generatePlusAddress(address: string, random: RandomUint32 = randomUint32): string {
  const trimmed = address.trim()
  // The last one: a quoted local part may hold others.
  const at = trimmed.lastIndexOf('@')
  if (at < 1 || at === trimmed.length - 1) throw new RangeError('This is no address')
  return `${trimmed.slice(0, at)}+${pickCharacters(ALPHANUMERIC, TAG_LENGTH, random)}${trimmed.slice(at)}`
}

/** An address at a domain that takes in whatever is sent to it. Throws a `RangeError` for what is no domain. */
export function generateCatchAllAddress(domain: string, random: RandomUint32 = randomUint32): string {
  const name = domain.trim().replace(/^@/, '')
  if (name === '' || /[\s@]/.test(name)) throw new RangeError('This is no domain')
  return `${pickCharacters(ALPHANUMERIC, TAG_LENGTH, random)}@${name}`
}
