import { getProfile } from '../api/account.ts'
import type { Api } from '../api/client.ts'
import { ApiError, Unauthorized } from '../api/errors.ts'
import { preLogin } from '../api/identity.ts'
import { isObject, type JsonObject, textOrNull } from '../api/json.ts'
import { readKdf } from '../model/kdf-wire.ts'
import type { KeptAccount, UnlockData } from './kept-account.ts'

/**
 * `masterPasswordUnlock` as a sync has it, or, with capitals, as a login does; null when there is none, or it cannot be
 * read. Throws a `KdfError` for a derivation that is not safe. Spec: vault §2.4.2, §2.6
 */
export function readUnlockData(decryptionOptions: unknown): UnlockData | null {
  const { masterPasswordUnlock } = uncapitalized(decryptionOptions)
  const { kdf, salt, ...keys } = uncapitalized(masterPasswordUnlock)
  const protectedUserKey = textOrNull(keys.masterKeyWrappedUserKey) ?? textOrNull(keys.masterKeyEncryptedUserKey)
  if (protectedUserKey === null || typeof salt !== 'string') return null
  return { salt, kdf: readKdf(uncapitalized(kdf)), protectedUserKey }
}

function uncapitalized(value: unknown): JsonObject {
  if (!isObject(value)) return {}
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name.charAt(0).toLowerCase() + name.slice(1), member]),
  )
}

/** How the keys of `email` (in lower case) are derived. Rejects with an `ApiError`, or a `KdfError` when that is not safe. */
export async function derivationOf(api: Api, email: string): Promise<Pick<UnlockData, 'salt' | 'kdf'>> {
  const { kdfSettings, salt } = await preLogin(api, email)
  return { kdf: readKdf(kdfSettings), salt: textOrNull(salt) ?? email }
}

/**
 * What the server has for an account now; null when that is what is kept, or when it cannot be reached. Rejects with
 * `Unauthorized` when the session was ended, as it is by most changes of a password.
 */
export async function currentUnlockData(api: Api, account: KeptAccount): Promise<UnlockData | null> {
  try {
    const profile = await getProfile(api)
    const protectedUserKey = textOrNull(profile.key)
    const email = textOrNull(profile.email)
    if (protectedUserKey === null || email === null || protectedUserKey === account.protectedUserKey) return null
    return { ...(await derivationOf(api, email)), protectedUserKey }
  } catch (error) {
    if (error instanceof ApiError && !(error instanceof Unauthorized)) return null
    throw error
  }
}
