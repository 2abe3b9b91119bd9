import Type from 'typebox'
import type { AuthRequest, Store } from '#store'
import type { VaultContext } from '../context.ts'
import { badRequest } from '../errors.ts'
import { ID, IdParams, Maybe, orNull, type VaultApp } from '../schema.ts'
import { inSession } from '../sessions/index.ts'
import { list } from '../wire.ts'
import { noRequest, PLAIN_TEXT, RequestDeviceId } from './ask.ts'
import { isAlive, isPending } from './lifetime.ts'
import { authRequestResponse } from './response.ts'

/** An RSA key of 4096 bits makes 690 characters of it. */
const MAX_KEY_LENGTH = 2000

const AnswerRequest = Type.Object({
  deviceIdentifier: RequestDeviceId,
  /** The user key, encrypted for the device that asks; of no meaning when it is denied. */
  key: Maybe.text({ maxLength: MAX_KEY_LENGTH, pattern: PLAIN_TEXT }),
  masterPasswordHash: Maybe.text({ maxLength: MAX_KEY_LENGTH, pattern: PLAIN_TEXT }),
  requestApproved: Type.Boolean(),
})

/** What a device that is logged in does about those that ask to be let in. */
export function registerAnswering(scope: VaultApp, context: VaultContext): void {
  const { store, notifier, clock, settings } = context

  for (const url of ['/auth-requests', '/auth-requests/pending']) {
    scope.get(url, async ({ session }) => {
      const requests = await store.authRequests.ofUser(session.user.id)
      const pending = requests.filter((request) => isPending(request, clock))
      return list(pending.map((request) => authRequestResponse(request, settings.origin)))
    })
  }

  scope.get(`/auth-requests/${ID}`, { schema: { params: IdParams } }, async ({ session, params }) =>
    authRequestResponse(await ownRequest(store, session.user.id, params.id), settings.origin),
  )

  scope.put(
    `/auth-requests/${ID}`,
    { schema: { params: IdParams, body: AnswerRequest } },
    async ({ session, params, body }) => {
      // Whoever holds another device's id must not answer in its name.
      if (body.deviceIdentifier !== session.device.id) throw noRequest()
      const key = orNull(body.key)
      if (body.requestApproved && key === null) throw badRequest('key is required', 'key')
      const answered = await inSession(context, session, async (store, user) => {
        const request = await ownRequest(store, user.id, params.id)
        if (request.approved !== null) {
          throw badRequest('An authentication request with the same device already exists')
        }
        request.respondedAt = new Date(clock.now())
        request.approved = body.requestApproved
        if (!body.requestApproved) {
          // Told to nobody and nowhere to be read: who is denied cannot tell that from not being seen.
          await store.authRequests.delete(request.id)
          return request
        }
        if (!isAlive(request, clock)) throw badRequest('This request is no longer valid. Ask for a new one.')
        request.key = key
        request.masterPasswordHash = orNull(body.masterPasswordHash)
        request.responseDeviceId = session.device.id
        await store.authRequests.update(request)
        return request
      })
      const { id, userId, deviceType } = answered
      const verdict = answered.approved ? 'login with device approved' : 'login with device denied'
      context.logger.info({ userId, deviceType }, verdict)
      if (answered.approved) notifier.authRequestResponse({ id, userId }, session.device.id)
      return authRequestResponse(answered, settings.origin)
    },
  )
}

/** The user's own request; throws an ApiError when it is not there or somebody else's. */
async function ownRequest({ authRequests }: Store, userId: string, id: string): Promise<AuthRequest> {
  const request = await authRequests.find(id.toLowerCase())
  if (request?.userId !== userId) throw noRequest()
  return request
}
