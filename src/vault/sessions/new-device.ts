import { deviceTypeName } from '#auth'
import type { Device, Store, User } from '#store'
import type { VaultContext } from '../context.ts'
import { badRequest } from '../errors.ts'

/**
 * Sends the user a letter about a device that has just logged in for the first time. Nobody waits for it unless the
 * setting demands that letter: then, when it cannot be sent, the device is forgotten, its session with it, and an ApiError
 * is thrown.
 */
export async function tellOfNewDevice(
  context: VaultContext,
  { user, device }: { user: User; device: Device },
  address: string,
): Promise<void> {
  const { mailer, settings, afterwards, store, logger } = context
  if (mailer === undefined) return
  const letter = {
    ip: address,
    device_name: device.name,
    device_type: deviceTypeName(device.type),
    datetime: device.createdAt,
  }
  const send = () => mailer.send(user.email, 'new_device_logged_in', letter)
  if (!settings.requiresDeviceEmail) {
    afterwards.run('letter new_device_logged_in', send)
    return
  }
  try {
    await send()
  } catch (error) {
    logger.error({ userId: user.id, error: (error as Error).message }, 'login refused: no letter about the new device')
    await store.transaction(({ devices }: Store) => devices.delete(device.id, user.id), { account: user.id })
    throw badRequest('Could not send login notification email. Please contact your administrator.')
  }
}
