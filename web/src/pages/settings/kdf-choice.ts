import { DEFAULT_KDF, type Kdf } from '../../crypto/kdf.ts'

/** What the apps choose for Argon2id; memory in MiB. */
const DEFAULT_ARGON2: Kdf & { type: 'Argon2id' } = {
  type: 'Argon2id',
  iterations: 3,
  memory: 64,
  parallelism: 4,
}

/** What one begins with who changes to another algorithm. */
export const defaultOf = (type: Kdf['type']): Kdf => (type === 'PBKDF2' ? DEFAULT_KDF : DEFAULT_ARGON2)

export function isSameKdf(one: Kdf, other: Kdf): boolean {
  if (one.type !== other.type || one.iterations !== other.iterations) return false
  if (one.type !== 'Argon2id' || other.type !== 'Argon2id') return true
  return one.memory === other.memory && one.parallelism === other.parallelism
}
