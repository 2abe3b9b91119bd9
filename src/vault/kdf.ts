import Type, { type Static } from 'typebox'
import type { Kdf } from '#store'
import { badRequest } from './errors.ts'
import { Maybe } from './schema.ts'

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
