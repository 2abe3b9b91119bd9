import { randomUUID } from 'node:crypto'
import type { Store, User } from '#store'
import { newRefreshToken } from './refresh-token.ts'

/**
 * Ends every session of `user`: a new stamp makes all access tokens worthless, new refresh values all refresh tokens. The
 * stamp is for the caller to write, in the transaction that `store` is.
 */
export async function endSessions(user: User, { devices }: Store): Promise<void> {
  user.securityStamp = randomUUID()
  for (const device of await devices.ofUser(user.id)) {
    device.refreshToken = newRefreshToken()
    await devices.update(device)
  }
}
