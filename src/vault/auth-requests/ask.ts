import { randomUUID } from 'node:crypto'
import Type from 'typebox'
import { equalSecrets, parseDeviceType } from '#auth'
import type { AuthRequest } from '#store'
import type { VaultContext } from '../context.ts'
import { badRequest } from '../errors.ts'
import { limitUnauthenticated } from '../limits.ts'
import { ID, IdParams, type VaultApp } from '../schema.ts'
import { authRequestResponse } from './response.ts'

/** Requests kept of one user: the oldest goes for the next. */
const MAX_PER_USER = 10

/** Type of a request that an organization's administrators answer. */
const ADMIN_APPROVAL = 2

/** Visible ASCII: PostgreSQL refuses some of the rest. */
export const PLAIN_TEXT = '^[\\x21-\\x7e]*$'

/** The column of Vaultwarden's schema holds no more on PostgreSQL; clients send a UUID. */
export const RequestDeviceId = Type.String({ minLength: 1, maxLength: 36, pattern: PLAIN_TEXT })

const AskRequest = Type.Object({
  email: Type.String({ maxLength: 256 }),
  /** SPKI in base64; an RSA key of 2048 bits has 392 characters. */
  publicKey: Type.String({ minLength: 1, maxLength: 2000, pattern: PLAIN_TEXT }),
  deviceIdentifier: RequestDeviceId,
  /** Clients make one of 25 characters, which is all that the official server takes. */
  accessCode: Type.String({ minLength: 1, maxLength: 25, pattern: PLAIN_TEXT }),
  type: Type.Optional(Type.Integer()),
})

const ResponseQuery = Type.Object({ code: Type.String() })

/**
 * What a device that is not logged in may do: ask those that are to let it in, and look whether they have. It asks from
 * one address, and only there it gets the answer.
 */
export function registerAsking(scope: VaultApp, context: VaultContext): void {
  const { store, notifier, clock, settings } = context

  scope.post(
    '/auth-requests',
    { onRequest: limitUnauthenticated(context), schema: { body: AskRequest } },
    async ({ body, headers, raw }) => {
      if (body.type === ADMIN_APPROVAL) {
        throw badRequest('You must be authenticated to create a request of that type.', 'type')
      }
      const user = await store.users.findByEmail(body.email.trim())
      // Looked for also when there is no user, so that the answer takes as long.
      const device = await store.devices.find(body.deviceIdentifier, user?.id ?? '')
      const deviceType = parseDeviceType(headers['device-type'])
      if (!user?.enabled || device?.type !== deviceType) throw noRequest()
      const request: AuthRequest = {
        id: randomUUID(),
        userId: user.id,
        organizationId: null,
        deviceId: device.id,
        deviceType,
        address: context.clientAddress(raw),
        accessCode: body.accessCode,
        publicKey: body.publicKey,
        responseDeviceId: null,
        key: null,
        masterPasswordHash: null,
        approved: null,
        createdAt: new Date(clock.now()),
        respondedAt: null,
        authenticatedAt: null,
      }
      await store.transaction(
        async ({ authRequests }) => {
          const older = await authRequests.ofUser(user.id)
          for (const { id } of older.slice(MAX_PER_USER - 1)) await authRequests.delete(id)
          await authRequests.insert(request)
        },
        { account: user.id },
      )
      context.logger.info({ userId: user.id, deviceType, address: request.address }, 'login with device asked for')
      notifier.authRequest(request, device.id)
      // Vaultwarden says so here, and null later until it is answered.
      return { ...authRequestResponse(request, settings.origin), requestApproved: false }
    },
  )

  scope.get(
    `/auth-requests/${ID}/response`,
    { schema: { params: IdParams, querystring: ResponseQuery } },
    async ({ params, query, headers, raw }) => {
      const request = await store.authRequests.find(params.id.toLowerCase())
      const isRight =
        request !== undefined &&
        equalSecrets(request.accessCode, query.code) &&
        request.deviceType === parseDeviceType(headers['device-type']) &&
        request.address === context.clientAddress(raw)
      if (!isRight) throw noRequest()
      return authRequestResponse(request, settings.origin)
    },
  )
}

/** One text for whatever is wrong, so that nobody learns who has an account, or from where somebody asked. */
export const noRequest = () => badRequest("AuthRequest doesn't exist")
