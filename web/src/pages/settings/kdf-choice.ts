import { DEFAULT_KDF, KDF_RANGES, type Kdf } from '../../crypto/kdf.ts'

/** What the apps choose for Argon2id; memory in MiB. */
export const DEFAULT_ARGON2: Kdf & { type: 'Argon2id' } = {
  type: 'Argon2id',
  iterations: 3,
  memory: 64,
  parallelism: 4,
}

/** What one begins with who changes to another algorithm. */
export const defaultOf = (type: Kdf['type']): Kdf => (type === 'PBKDF2' ? DEFAULT_KDF : DEFAULT_ARGON2)

type Range = readonly [least: number, most: number]

/** The numbers of a derivation with their ranges, in the order in which they are shown. */
export function rangesOf(type: Kdf['type']): Readonly<Partial<Record<'iterations' | 'memory' | 'parallelism', Range>>> {
  return KDF_RANGES[type]
}

export function isSameKdf(one: Kdf, other: Kdf): boolean {
  if (one.type !== other.type || one.iterations !== other.iterations) return false
  if (one.type !== 'Argon2id' || other.type !== 'Argon2id') return true
  return one.memory === other.memory && one.parallelism === other.parallelism
}
