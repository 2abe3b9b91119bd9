import Type from 'typebox'
import type { Device } from '#store'
import { isPending } from '../auth-requests/index.ts'
import type { VaultContext } from '../context.ts'
import { ApiError, badRequest } from '../errors.ts'
import type { VaultApp } from '../schema.ts'
import { inSession } from '../sessions/index.ts'
import { formatDate, list } from '../wire.ts'

const DeviceParams = Type.Object({ identifier: Type.String() })

/** The devices that have logged in. */
export function registerDevices(scope: VaultApp, context: VaultContext): void {
  const { store, notifier, clock } = context

  scope.get('/devices', async ({ session }) => {
    const [devices, requests] = await Promise.all([
      store.devices.ofUser(session.user.id),
      store.authRequests.ofUser(session.user.id),
    ])
    const pending = requests.filter((request) => isPending(request, clock))
    return list(
      devices.map((device) => {
        const request = pending.find(({ deviceId }) => deviceId === device.id)
        return {
          ...deviceResponse(device),
          devicePendingAuthRequest: request ? { id: request.id, creationDate: formatDate(request.createdAt) } : null,
          encryptedPublicKey: null,
          encryptedUserKey: null,
        }
      }),
    )
  })

  scope.get('/devices/identifier/:identifier', { schema: { params: DeviceParams } }, async ({ session, params }) => {
    const device = await store.devices.find(params.identifier, session.user.id)
    if (!device) throw badRequest('No device found')
    return deviceResponse(device)
  })

  // As the official server has them; Vaultwarden has neither.
  for (const [method, url] of [
    ['DELETE', '/devices/:identifier'],
    ['POST', '/devices/:identifier/deactivate'],
  ] as const) {
    scope.route({
      method,
      url,
      schema: { params: DeviceParams },
      handler: async ({ session, params }, reply) => {
        await inSession(context, session, async ({ devices }, user) => {
          if (!(await devices.find(params.identifier, user.id))) throw new ApiError('NOT_FOUND', 'No device found')
          await devices.delete(params.identifier, user.id)
        })
        notifier.devicesRevoked(session.user.id, [params.identifier], session.device.id)
        return reply.send()
      },
    })
  }
}

function deviceResponse(device: Device) {
  return {
    id: device.id,
    name: device.name,
    type: device.type,
    identifier: device.id,
    creationDate: formatDate(device.createdAt),
    // When it last got an access token: every two hours while it is used.
    lastActivityDate: formatDate(device.updatedAt),
    isTrusted: false,
    object: 'device',
  }
}
