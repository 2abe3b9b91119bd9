import { equalSecrets } from '#auth'
import type { Store, User } from '#store'
import type { VaultContext } from '../context.ts'
import type { DescribedDevice } from '../sessions/index.ts'

const TICKET = '2faremember'

/** What lets `device` in without a second factor from now on, once it is kept with the device. */
export function newRememberToken({ tickets }: VaultContext, user: User, device: DescribedDevice): Promise<string> {
  return tickets.issue(TICKET, { sub: device.id, user_uuid: user.id })
}

/** Whether `token` is what the device was last given, and still good. When it is not, the device is remembered no more. */
export async function isRemembered(
  { store, tickets, settings }: VaultContext,
  { user, device, token }: { user: User; device: DescribedDevice; token: string },
): Promise<boolean> {
  const claims = settings.twoFactor.remembersDevices ? await tickets.verify(TICKET, token) : undefined
  const isGood = claims?.sub === device.id && claims.user_uuid === user.id
  const check = async ({ devices }: Store) => {
    const known = await devices.find(device.id, user.id)
    if (known?.twoFactorRemember == null) return false
    if (isGood && equalSecrets(known.twoFactorRemember, token)) return true
    await devices.update({ ...known, twoFactorRemember: null })
    return false
  }
  return store.transaction(check, { account: user.id })
}
