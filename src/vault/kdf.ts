import Type, { type Static } from 'typebox'
import type { Kdf, User } from '#store'
import { badRequest } from './errors.ts'
import { KeyId, Maybe, WrappedKey } from './schema.ts'

/** As clients write it since 2025. */
export const KdfRequest = Type.Object({
  kdfType: Type.Integer(),
  iterations: Type.Integer({ maximum: 2 ** 31 - 1 }),
  memory: Maybe.integer(),
  parallelism: Maybe.integer(),
})
export type KdfRequest = Static<typeof KdfRequest>

/** The key derivation a client chose, if it is one that protects the vault; else an ApiError says what is wrong. */
export function parseKdf({ kdfType, iterations, memory, parallelism }: KdfRequest): Kdf {
  if (kdfType === 0) {
    if (iterations < 100_000) throw badRequest('PBKDF2 KDF iterations must be at least 100000.', 'kdfIterations')
    return { type: 0, iterations, memory: null, parallelism: null }
  }
  if (kdfType !== 1) throw badRequest('The KDF must be PBKDF2 (0) or Argon2id (1).', 'kdf')
  if (iterations < 1) throw badRequest('Argon2 KDF iterations must be at least 1.', 'kdfIterations')
  if (memory == null) throw badRequest('Argon2 memory parameter is required.', 'kdfMemory')
  if (memory < 15 || memory > 1024) {
    throw badRequest('Argon2 memory must be between 15 MB and 1024 MB.', 'kdfMemory')
  }
  if (parallelism == null) throw badRequest('Argon2 parallelism parameter is required.', 'kdfParallelism')
  if (parallelism < 1 || parallelism > 16) {
    throw badRequest('Argon2 parallelism must be between 1 and 16.', 'kdfParallelism')
  }
  return { type: 1, iterations, memory, parallelism }
}

export function isSameKdf(a: KdfRequest, b: KdfRequest): boolean {
  return (
    a.kdfType === b.kdfType &&
    a.iterations === b.iterations &&
    (a.memory ?? null) === (b.memory ?? null) &&
    (a.parallelism ?? null) === (b.parallelism ?? null)
  )
}

const Text = Type.String({ minLength: 1 })

/** What proves the master password, and what it opens, as clients of 2026 send both whenever one of them changes. */
export const PasswordData = Type.Object({
  authenticationData: Type.Object({ salt: Text, kdf: KdfRequest, masterPasswordAuthenticationHash: Text }),
  unlockData: Type.Object({ salt: Text, kdf: KdfRequest, masterKeyWrappedUserKey: WrappedKey, containedKeyId: KeyId }),
})
export type PasswordData = Static<typeof PasswordData>

/**
 * The KDF of both, which may be another one than the user's. Throws an ApiError unless they agree with each other, and
 * with the salt, which is the address and stays.
 */
export function agreedKdf({ authenticationData: proof, unlockData: unlock }: PasswordData, user: User): KdfRequest {
  if (!isSameKdf(proof.kdf, unlock.kdf)) {
    throw badRequest('KDF settings must be equal for authentication and unlock', 'unlockData.kdf')
  }
  if (proof.salt !== user.email || unlock.salt !== user.email) {
    throw badRequest('Invalid master password salt', 'unlockData.salt')
  }
  return unlock.kdf
}

/** The same in the words of requests. */
export const kdfRequestOf = ({ type, ...rest }: Kdf): KdfRequest => ({ kdfType: type, ...rest })
