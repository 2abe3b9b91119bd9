import Type from 'typebox'
import type { Device } from '#store'
import type { VaultContext } from '../context.ts'
import { badRequest } from '../errors.ts'
import type { VaultApp } from '../schema.ts'
import { formatDate, list } from '../wire.ts'

const DeviceParams = Type.Object({ identifier: Type.String() })

/** The devices that have logged in. */
export function registerDevices(scope: VaultApp, { store }: VaultContext): void {
  scope.get('/devices', async ({ session }) => {
    const devices = await store.devices.ofUser(session.user.id)
    return list(
      devices.map((device) => ({
        ...deviceResponse(device),
        devicePendingAuthRequest: null,
        encryptedPublicKey: null,
        encryptedUserKey: null,
      })),
    )
  })

  scope.get('/devices/identifier/:identifier', { schema: { params: DeviceParams } }, async ({ session, params }) => {
    const device = await store.devices.find(params.identifier, session.user.id)
    if (!device) throw badRequest('No device found')
    return deviceResponse(device)
  })
}

function deviceResponse(device: Device) {
  return {
    id: device.id,
    name: device.name,
    type: device.type,
    identifier: device.id,
    creationDate: formatDate(device.createdAt),
    isTrusted: false,
    object: 'device',
  }
}
