import { clientTypeOfDevice, type Sessions } from '#auth'
import type { Authenticate } from '#doors/hub'
import type { Store } from '#store'

/** Sessions of the vault's users on the notification hub. */
export function hubSessions(sessions: Pick<Sessions, 'authenticate'>, { memberships }: Store): Authenticate {
  return async (token) => {
    const session = await sessions.authenticate(token)
    if (session === undefined) return undefined
    const { user, device } = session
    return {
      user,
      device,
      clientType: clientTypeOfDevice(device.type),
      organizations: await memberships.confirmedOf(user.id),
      securityStamp: user.securityStamp,
    }
  }
}
