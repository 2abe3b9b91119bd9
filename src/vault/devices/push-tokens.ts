import Type from 'typebox'
import { nextRevision, type VaultContext } from '../context.ts'
import { ApiError, badRequest } from '../errors.ts'
import { limitUnauthenticated } from '../limits.ts'
import type { VaultApp } from '../schema.ts'
import { inSession } from '../sessions/index.ts'

const DeviceParams = Type.Object({ identifier: Type.String() })

/** Apple's and Google's have some 160 characters, and may become longer. */
const TokenRequest = Type.Object({ pushToken: Type.String({ minLength: 1, maxLength: 4096 }) })

/** Where the push service of its maker finds a device. */
export function registerPushTokens(scope: VaultApp, context: VaultContext): void {
  scope.route({
    method: ['PUT', 'POST'],
    url: '/devices/identifier/:identifier/token',
    schema: { params: DeviceParams, body: TokenRequest },
    handler: async ({ session, params, body }, reply) => {
      await inSession(context, session, async ({ devices }, user) => {
        const device = await devices.find(params.identifier, user.id)
        if (!device) throw badRequest('No device found')
        if (device.pushToken === body.pushToken) return
        const updatedAt = nextRevision(device.updatedAt, context.clock)
        await devices.update({ ...device, pushToken: body.pushToken, updatedAt })
      })
      return reply.send()
    },
  })
}

/** Apps forget their token after they have logged out, so nobody asks who they are. */
export function registerPushTokenRemoval(scope: VaultApp, context: VaultContext): void {
  scope.route({
    method: ['PUT', 'POST'],
    url: '/devices/identifier/:identifier/clear-token',
    onRequest: limitUnauthenticated(context),
    schema: { params: DeviceParams },
    handler: async ({ params }, reply) => {
      const isThere = await context.store.devices.clearPushToken(params.identifier)
      if (!isThere) throw new ApiError('NOT_FOUND', 'No device found')
      return reply.send()
    },
  })
}
