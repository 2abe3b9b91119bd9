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
  const { store, notifier, clock } = context

  scope.route({
    method: ['PUT', 'POST'],
    url: '/devices/identifier/:identifier/token',
    schema: { params: DeviceParams, body: TokenRequest },
    handler: async ({ session, params: { identifier }, body: { pushToken } }, reply) => {
      const isNew = await inSession(context, session, async ({ devices }, user) => {
        const device = await devices.find(identifier, user.id)
        if (!device) throw badRequest('No device found')
        if (device.pushToken === pushToken) return false
        await devices.update({ ...device, pushToken, updatedAt: nextRevision(device.updatedAt, clock) })
        return true
      })
      // An app that was installed anew calls itself by another id and may still have its old token: then it would be pushed
      // to twice, or for accounts that have left it. Who knows a token is that app.
      const released = await store.devices.releasePushToken(pushToken, identifier)
      for (const userId of new Set([...(isNew ? [session.user.id] : []), ...released])) notifier.devicesChanged(userId)
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
      const users = await context.store.devices.clearPushToken(params.identifier)
      if (users === undefined) throw new ApiError('NOT_FOUND', 'No device found')
      for (const userId of users) context.notifier.devicesChanged(userId)
      return reply.send()
    },
  })
}
