import { DEFAULT_PASSPHRASE, generatePassphrase, type PassphraseOptions } from '../../generator/passphrase.ts'
import {
  DEFAULT_PASSWORD,
  generatePassword,
  PASSWORD_RANGES,
  type PasswordOptions,
  shortestLength,
} from '../../generator/password.ts'
import {
  generateCatchAllAddress,
  generatePlusAddress,
  generateWordUsername,
  type WordUsernameOptions,
} from '../../generator/username.ts'

export const KINDS = ['password', 'passphrase', 'username'] as const
export type Kind = (typeof KINDS)[number]

export const USERNAME_KINDS = ['word', 'plus', 'catchAll'] as const

type Mutable<T> = { -readonly [Name in keyof T]: T[Name] }

/** What is wished for of each kind. Plain, so that a page may follow it. */
export interface Settings {
  kind: Kind
  password: Mutable<PasswordOptions>
  passphrase: Mutable<PassphraseOptions>
  username: Mutable<WordUsernameOptions> & {
    kind: (typeof USERNAME_KINDS)[number]
    email: string
    domain: string
  }
}

/** The wishes of last time, as long as the page is open. They hold no secret. */
let last: Settings = {
  kind: 'password',
  password: { ...DEFAULT_PASSWORD },
  passphrase: { ...DEFAULT_PASSPHRASE },
  username: { kind: 'word', capitalize: false, includeNumber: false, email: '', domain: '' },
}

/** Those of last time; the addresses are of whoever is logged in. */
export function lastSettings(email: string): Settings {
  const domain = email.slice(email.lastIndexOf('@') + 1)
  return { ...structuredClone(last), username: { ...last.username, email, domain } }
}

export function keepSettings(settings: Settings): void {
  last = settings
}

/** What is wished for can be had: a class at least, and a length in which there is room for all that is asked for. */
export function mendPassword(options: PasswordOptions): PasswordOptions {
  const hasClass = options.lowercase || options.uppercase || options.digits || options.specials
  const mended = hasClass ? options : { ...options, lowercase: true }
  const [, longest] = PASSWORD_RANGES.length
  return { ...mended, length: Math.min(longest, Math.max(shortestLength(mended), mended.length)) }
}

/** Rejects with a `RangeError` for an address or a domain that is none. */
export async function generate(settings: Settings): Promise<string> {
  switch (settings.kind) {
    case 'password':
      return generatePassword(mendPassword(settings.password))
    case 'passphrase':
      return generatePassphrase(settings.passphrase)
    case 'username':
      return generateUsername(settings.username)
  }
}

async function generateUsername({ kind, email, domain, ...word }: Settings['username']): Promise<string> {
  switch (kind) {
    case 'word':
      return generateWordUsername(word)
    case 'plus':
      return generatePlusAddress(email)
    case 'catchAll':
      return generateCatchAllAddress(domain)
  }
}
