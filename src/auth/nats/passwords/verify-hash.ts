import { timingSafeEqual } from 'node:crypto'
import { hashSync } from 'bcryptjs'
import { argon2 } from './argon2.ts'
import { readSecret } from './secret.ts'

/**
 * Whether `hashed`, a hash of bcrypt or argon2, is that of `given`. Keeps the thread busy for as long as the hash demands:
 * bcrypt with a cost of 11 for some 180 ms. Of a password bcrypt knows the first 72 bytes. Throws when there is no memory.
 */
export function verifyHash(hashed: string, given: string): boolean {
  const secret = readSecret(hashed)
  switch (secret.kind) {
    case 'bcrypt':
      // Not bcryptjs' own comparison, which insists on a salt whose spare bits are zero.
      return timingSafeEqual(Buffer.from(hashSync(given, secret.salt).slice(-31)), Buffer.from(secret.hash))
    case 'argon2': {
      const { parameters, salt, hash } = secret
      return timingSafeEqual(argon2(parameters, { password: given, salt, hashBytes: hash.length }), hash)
    }
    default:
      return false
  }
}
