import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Session, StampExceptionRoute } from '#auth'
import { contextOf } from '#net'
import type { VaultContext } from '../context.ts'
import { ApiError } from '../errors.ts'
import type { VaultApp } from '../schema.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Set on every route behind `requireSession`. */
    session: Session
    /** Where this server is to be found, without a slash at its end. */
    readonly address: string
  }
  interface FastifyContextConfig {
    /** The route stays open to the old security stamp for two minutes after a change of the password. */
    stampException?: StampExceptionRoute
  }
}

/** Lets only requests with a valid access token into the routes of `scope`, and hands them their session. */
export function requireSession(scope: VaultApp, context: VaultContext): void {
  // Before the body is read: a stranger's 20 MB are not worth receiving.
  scope.addHook('onRequest', async (request: FastifyRequest, _reply: FastifyReply) => {
    const token = bearerToken(request)
    const session = token && (await context.sessions.authenticate(token, request.routeOptions.config.stampException))
    if (!session) throw new ApiError('UNAUTHORIZED')
    request.session = session
    const current = contextOf(request.raw)
    if (current === undefined) return
    current.userId = session.user.id
    current.deviceId = session.device.id
  })
}

/** Empty or undefined without one. */
export function bearerToken({ headers }: FastifyRequest): string | undefined {
  return headers.authorization?.split('Bearer ').at(-1)
}
