import type { FastifyInstance, FastifyRequest } from 'fastify'
import { Body } from '../body.ts'
import type { RelayContext } from '../context.ts'

/** Devices that one installation may have registered; with one more, the one goes that was registered longest ago. */
const MAX_DEVICES = 100_000

/** Characters of an id that another server gave a device, and of the device's own. */
const MAX_ID_LENGTH = 255
const MAX_PUSH_TOKEN_LENGTH = 4096
const MAX_ORGANIZATIONS = 1000
/** The body ends before there are as many. */
const MAX_DEVICES_PER_REQUEST = 10_000

/** Which devices an installation has, and which organizations they belong to. */
export function registerDevices(scope: FastifyInstance, { relayedDevices, clock, logger }: RelayContext): void {
  scope.post('/register', async ({ installationId, body }, reply) => {
    const device = new Body(body)
    // The installation that the body names is not asked: the token says which one it is.
    const registered = {
      installationId,
      deviceId: device.text('DeviceId', MAX_ID_LENGTH),
      pushToken: device.text('PushToken', MAX_PUSH_TOKEN_LENGTH),
      userId: device.guid('UserId'),
      type: device.byte('Type'),
      identifier: device.text('Identifier', MAX_ID_LENGTH),
      organizationIds: device.guids('OrganizationIds', MAX_ORGANIZATIONS),
    }
    await relayedDevices.register(registered, { at: new Date(clock.now()), maxDevices: MAX_DEVICES })
    logger.info({ installation: installationId, user: registered.userId, type: registered.type }, 'device registered')
    return reply.send()
  })

  scope.post('/delete', async ({ installationId, body }, reply) => {
    await relayedDevices.delete(installationId, new Body(body).text('Id', MAX_ID_LENGTH))
    return reply.send()
  })
  // Vaultwarden's form of it.
  scope.post<{ Params: { id: string } }>('/delete/:id', async ({ installationId, params }, reply) => {
    await relayedDevices.delete(installationId, params.id)
    return reply.send()
  })

  scope.put('/add-organization', async (request, reply) => {
    const { installationId, deviceIds, organizationId } = membershipIn(request)
    await relayedDevices.addOrganization(installationId, deviceIds, organizationId)
    return reply.send()
  })
  scope.put('/delete-organization', async (request, reply) => {
    const { installationId, deviceIds, organizationId } = membershipIn(request)
    await relayedDevices.deleteOrganization(installationId, deviceIds, organizationId)
    return reply.send()
  })
}

function membershipIn({ installationId, body }: FastifyRequest) {
  const change = new Body(body)
  const devices = change.list('Devices', MAX_DEVICES_PER_REQUEST)
  return {
    installationId,
    deviceIds: devices.map((device) => new Body(device, 'An item of Devices').text('Id', MAX_ID_LENGTH)),
    organizationId: change.guid('OrganizationId'),
  }
}
