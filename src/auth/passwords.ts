import { pbkdf2, randomBytes, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import type { User } from '#store'

const derive = promisify(pbkdf2)

const HASH_BYTES = 32
const SALT_BYTES = 64

/**
 * What is stored of a password: PBKDF2-HMAC-SHA256 over the base64 text of the client's hash (not over the bytes it
 * stands for), 32 bytes (spec/vault.md §4.1). Runs on the thread pool; at 600000 iterations it takes some 0.2 s.
 */
export function hashPassword(clientHash: string, salt: Buffer, iterations: number): Promise<Buffer> {
  return derive(clientHash, salt, iterations, HASH_BYTES, 'sha256')
}

/** Whether `clientHash` is the user's password. False for a user without a master password, at the same cost. */
export async function verifyPassword(
  clientHash: string,
  user: Pick<User, 'passwordHash' | 'salt' | 'passwordIterations'>,
): Promise<boolean> {
  const hash = await hashPassword(clientHash, user.salt, user.passwordIterations)
  return hash.length === user.passwordHash.length && timingSafeEqual(hash, user.passwordHash)
}

/** Costs what `verifyPassword` costs for a user whose password was hashed with as many iterations. */
export async function pretendToVerifyPassword(clientHash: string, iterations: number): Promise<void> {
  await hashPassword(clientHash, randomBytes(SALT_BYTES), iterations)
}

/** The columns of a password set anew: always with a fresh salt. */
export async function newPassword(
  clientHash: string,
  iterations: number,
): Promise<Pick<User, 'passwordHash' | 'salt' | 'passwordIterations'>> {
  const salt = randomBytes(SALT_BYTES)
  return { passwordHash: await hashPassword(clientHash, salt, iterations), salt, passwordIterations: iterations }
}
