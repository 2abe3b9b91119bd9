import type { User } from '#store'
import type { VaultContext } from '../context.ts'

/**
 * Throws an ApiError when the user's e-mail address has to be proven before a login and is not, and sends the mail that
 * proves it once more, as often as the settings have it.
 */
export async function requireProvenAddress(_context: VaultContext, _user: User): Promise<void> {}
