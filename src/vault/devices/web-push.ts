import Type from 'typebox'
import { ProtocolError } from '#kit'
import { checkWebPushAddress, type WebPushFields } from '#net'
import type { VaultContext } from '../context.ts'
import { ApiError, badRequest } from '../errors.ts'
import { isObject, type VaultApp } from '../schema.ts'
import { inSession } from '../sessions/index.ts'

const DeviceParams = Type.Object({ identifier: Type.String() })

const Text = Type.String({ minLength: 1, maxLength: 2048 })
const WebPushRequest = Type.Object({ endpoint: Text, p256dh: Text, auth: Text })

/**
 * Where the push service of its browser finds a device. The extension says so once for each subscription and user, whatever
 * it is answered: what is right has to be taken, and is kept while Web Push is switched off, too. spec: hub §6
 */
export function registerWebPush(scope: VaultApp, context: VaultContext): void {
  const { settings, clock } = context

  scope.route({
    method: ['PUT', 'POST'],
    url: '/devices/identifier/:identifier/web-push-auth',
    // The official server takes names of members in any case.
    preValidation: async (request) => {
      if (isObject(request.body)) request.body = withLowerCaseNames(request.body) as typeof request.body
    },
    schema: { params: DeviceParams, body: WebPushRequest },
    handler: async ({ session, params, body }, reply) => {
      await inSession(context, session, async ({ devices, webPushSubscriptions }, user) => {
        const device = await devices.find(params.identifier, user.id)
        if (!device) throw new ApiError('NOT_FOUND', 'No device found')
        const subscription = { ...checked(body), userId: user.id, deviceId: device.id }
        await webPushSubscriptions.save(subscription, new Date(clock.now()))
      })
      return reply.send()
    },
  })

  function checked(fields: WebPushFields): WebPushFields {
    try {
      return checkWebPushAddress(fields, settings.outgoing)
    } catch (error) {
      if (error instanceof ProtocolError) throw badRequest(error.message)
      throw error
    }
  }
}

const withLowerCaseNames = (body: object) =>
  Object.fromEntries(Object.entries(body).map(([name, value]) => [name.toLowerCase(), value]))
