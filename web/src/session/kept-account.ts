import { isObject } from '../api/json.ts'
import type { Kdf } from '../crypto/kdf.ts'
import { kdfOnWire, readKdf } from '../model/kdf-wire.ts'
import type { Shelf } from './shelf.ts'

const NAME = 'account'
const ENC_STRING = /^2\.[^|]+\|[^|]+\|[^|]+$/

/** What opens a locked vault, together with the password. */
export interface UnlockData {
  readonly salt: string
  readonly kdf: Kdf
  /** The user key, protected by what the master password becomes: an EncString of type 2. */
  readonly protectedUserKey: string
}

/** Who is logged in here, and what a page needs to go on after a reload: nothing of it opens the vault. */
export interface KeptAccount extends UnlockData {
  readonly email: string
  readonly userId: string
  readonly refreshToken: string
}

/** Undefined when nobody is logged in, or when it cannot be read. */
export function readAccount(shelf: Shelf): KeptAccount | undefined {
  const kept = shelf.read(NAME)
  if (!isObject(kept)) return undefined
  const { email, userId, salt, protectedUserKey, refreshToken } = kept
  if (!isText(email) || !isText(userId) || !isText(salt) || !isText(refreshToken)) return undefined
  if (!isText(protectedUserKey) || !ENC_STRING.test(protectedUserKey)) return undefined
  try {
    return { email, userId, salt, kdf: readKdf(kept.kdf), protectedUserKey, refreshToken }
  } catch {
    return undefined
  }
}

export function writeAccount(shelf: Shelf, { kdf, ...account }: KeptAccount): void {
  shelf.write(NAME, { ...account, kdf: kdfOnWire(kdf) })
}

export function forgetAccount(shelf: Shelf): void {
  shelf.remove(NAME)
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''
