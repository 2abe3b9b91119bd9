import { clientTypeOfDevice, Gate, type Sessions } from '#auth'
import type { Authenticate } from '#doors/hub'
import type { Store } from '#store'

/** Tokens that are looked into at a time. More would not be quicker: it takes computing, and one database. */
const MAX_AUTHENTICATING = 16

/**
 * Sessions of the vault's users on the notification hub. When thousands of devices come back at once they wait here, and
 * not before the database, where each request of the API would stand behind all of them. The hub bounds how many.
 */
export function hubSessions(sessions: Pick<Sessions, 'authenticate'>, { memberships }: Store): Authenticate {
  const gate = new Gate({ maxPassing: MAX_AUTHENTICATING })
  const authenticate: Authenticate = async (token) => {
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
  return (token) => gate.pass(() => authenticate(token))
}
