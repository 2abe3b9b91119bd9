import { deviceTypeName } from '#auth'
import type { IncompleteLogin } from '#store'
import type { Job } from './runner.ts'
import type { JobTools } from './tools.ts'

const MINUTE_MS = 60_000

/** How long a letter is tried: an address that takes none must not be in the way of others for good. */
const GIVE_UP_MS = 24 * 60 * MINUTE_MS

/**
 * Tells users by mail of logins with their password that have not come up with a second factor in the time of the setting:
 * somebody may know the password. A letter that cannot be sent is tried again the next time.
 */
export function reportIncompleteLogins({ store, clock, logger, mailer, settings }: JobTools): Job['run'] {
  const minutes = settings.twoFactor.incompleteAfterMinutes
  return async (signal) => {
    if (mailer === undefined || minutes === 0) return undefined
    let [told, failed] = [0, 0]
    for (const login of await store.incompleteLogins.before(new Date(clock.now() - minutes * MINUTE_MS))) {
      signal.throwIfAborted()
      try {
        await tell(login)
        told++
      } catch (error) {
        failed++
        if (clock.now() - login.at.getTime() > GIVE_UP_MS)
          await store.incompleteLogins.end(login.userId, login.deviceId)
        const reason = (error as Error).message
        logger.error({ userId: login.userId, error: reason }, 'letter incomplete_2fa_login could not be sent')
      }
    }
    return told + failed === 0 ? undefined : { told, failed }
  }

  async function tell({ userId, deviceId, ...login }: IncompleteLogin): Promise<void> {
    const user = await store.users.find(userId)
    if (user !== undefined) {
      await mailer?.send(user.email, 'incomplete_2fa_login', {
        ip: login.address,
        device_name: login.deviceName,
        device_type: deviceTypeName(login.deviceType),
        datetime: login.at,
        time_limit: minutes,
      })
    }
    await store.incompleteLogins.end(userId, deviceId)
  }
}
