import { newPassword, verifyPassword } from '#auth'
import type { Send, User } from '#store'
import { hashFor } from '../hash-places.ts'

/** Those of Vaultwarden and of the clients (spec/vault.md §4.1): some 20 ms. */
const ITERATIONS = 100_000

export type SendPassword = Pick<Send, 'passwordHash' | 'passwordSalt' | 'passwordIterations'>

export const NO_PASSWORD: SendPassword = { passwordHash: null, passwordSalt: null, passwordIterations: null }

/**
 * What is stored of the password of a Send of `user`'s, of which clients send what they derive from it; absent, null and
 * empty are none. Throws an ApiError when that user has too many hashed at once.
 */
export async function hashSendPassword(user: User, derived: string | null | undefined): Promise<SendPassword> {
  if (!derived) return NO_PASSWORD
  const { passwordHash, salt, passwordIterations } = await hashFor(user, () => newPassword(derived, ITERATIONS))
  return { passwordHash, passwordSalt: salt, passwordIterations }
}

/** False for a Send without a password. */
export async function isPasswordOf(send: SendPassword, derived: string): Promise<boolean> {
  const { passwordHash, passwordSalt: salt, passwordIterations } = send
  if (passwordHash === null || salt === null || passwordIterations === null) return false
  return verifyPassword(derived, { passwordHash, salt, passwordIterations })
}
