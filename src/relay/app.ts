import Fastify, { type FastifyInstance, type FastifyReply } from 'fastify'
import { continueInContext, nameRoute } from '#net'
import type { RelayContext } from './context.ts'
import { errorHandler } from './errors.ts'
import { registerPush } from './push/index.ts'

/** Largest body; bytes. That of a change of some 5,000 devices. */
const MAX_BODY_BYTES = 256 * 1024

/** What lies below these paths, which stand below that of DOMAIN, is the relay's. */
export const RELAY_PATHS = ['/push', '/api/push'] as const

/**
 * The push relay's HTTP API, ready to answer (`app.routing(request, response)`) and without a listener of its own.
 * spec: hub §5.2
 */
export async function createRelayApp(context: RelayContext): Promise<FastifyInstance> {
  const { pathPrefix, logger } = context
  const app = Fastify({
    bodyLimit: MAX_BODY_BYTES,
    // A path that cannot be decoded or is far too long is no route of ours.
    frameworkErrors: (_error, _request, reply) => notFound(reply as unknown as FastifyReply),
  })
  readJson(app)
  app.setErrorHandler(errorHandler(logger))
  app.setNotFoundHandler((_request, reply) => notFound(reply))
  app.addHook('onRequest', async (request, reply) => {
    reply.headers({ 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' })
    // The pattern and not the path, which holds an id.
    nameRoute(request.raw, request.routeOptions.url)
  })
  app.addHook('preValidation', (request, _reply, done) => continueInContext(request.raw, done))
  for (const path of RELAY_PATHS) {
    void app.register(
      (scope, _options, done) => {
        registerPush(scope, context)
        done()
      },
      { prefix: `${pathPrefix}${path}` },
    )
  }
  await app.ready()
  return app
}

/** Vaultwarden posts without a body, and so without a type, where it deletes. */
function readJson(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  const parse = app.getDefaultJsonParser('error', 'error')
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body === '') done(null, undefined)
    else void parse(request, body as string, done)
  })
}

function notFound(reply: FastifyReply): void {
  void reply.code(404).send()
}
