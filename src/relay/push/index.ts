import type { FastifyInstance, FastifyRequest } from 'fastify'
import { bearerToken } from '#net'
import type { RelayContext } from '../context.ts'
import { RelayError } from '../errors.ts'
import { registerDevices } from './devices.ts'
import { registerSend } from './send.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Which server asks. Set on every route of `/push`. */
    installationId: string
  }
}

/** Everything below `/push`, for servers with a token of scope `api.push`. */
export function registerPush(scope: FastifyInstance, context: RelayContext): void {
  scope.decorateRequest('installationId', '')
  // Before the body is read: that of a stranger is not worth receiving.
  scope.addHook('onRequest', async (request: FastifyRequest) => {
    request.installationId = await installationOf(request, context)
  })
  registerDevices(scope, context)
  registerSend(scope, context)
}

async function installationOf(request: FastifyRequest, context: RelayContext): Promise<string> {
  const token = bearerToken(request)
  const claims = token === undefined ? undefined : await context.serviceTokens.verify(token)
  if (claims === undefined) throw new RelayError(401)
  if (claims.scope !== 'api.push') throw new RelayError(403)
  // The token outlives a restart after which its installation may be gone from the configuration.
  if (!context.installations.has(claims.sub)) throw new RelayError(400, 'Not correctly configured for push relays.')
  return claims.sub
}
