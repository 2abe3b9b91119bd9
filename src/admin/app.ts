import type { IncomingMessage, ServerResponse } from 'node:http'
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest, type HTTPMethods } from 'fastify'
import Type, { type Static } from 'typebox'
import type { Clock, Logger } from '#kit'
import type { ClientAddress } from '#net'
import { Access, type AccessOptions, type AdminAccess } from './access.ts'
import { type Doctor, DoctorOrder, DoctorRuns } from './doctor.ts'

/** Largest body of a request; bytes. */
const MAX_BODY_BYTES = 8_192

const HEADERS = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
}

/** To say `{}` at least takes a `Content-Type`, without which any site could write. */
const Given = Type.Record(Type.String(), Type.Unknown())

const LogIn = Type.Object({ token: Type.String({ minLength: 1, maxLength: 1024 }) })

/** What those who have logged in may ask of the server, by the requests of the control socket. */
const OPERATIONS = ['GET /status', 'POST /reload', 'PUT /log-level'] as const

/** What the pages show and do; `services/admin.ts` joins it to the rest of the server. */
export interface AdminTools {
  /** Undefined: whoever gets there. */
  readonly access: AdminAccess
  /** What stands in front of `/admin`: '' or a path without a slash at its end. */
  readonly basePath: string
  /** `DOMAIN`; undefined when it is not set. */
  readonly domain: string | undefined
  /** Takes what is a file of the pages (`index.html`, `assets/…`); false when it is none, and nothing was answered. */
  readonly page: (name: string, request: IncomingMessage, response: ServerResponse) => boolean
  readonly clientAddress: ClientAddress
  readonly reachedBy: AccessOptions['reachedBy']
  /** Whether this address may try a token now. */
  readonly mayTry: (address: string) => boolean
  readonly logger: Logger
  readonly clock: Clock
  /**
   * What operators ask of a running server: `GET /status`, `POST /reload`, `PUT /log-level`. Answers with a status of HTTP
   * and JSON.
   */
  control(request: string, body: Record<string, unknown>): Promise<{ readonly status: number; readonly body: object }>
  readonly doctor: Doctor
}

/**
 * The admin pages and what they ask for, ready to answer (`app.routing(request, response)`) and without a listener of their
 * own. Whoever writes must say that it is JSON, which no form of another site can.
 */
export async function createAdminApp(tools: AdminTools): Promise<FastifyInstance> {
  const prefix = `${tools.basePath}/admin`
  const access = new Access(tools.access, { ...tools, path: prefix })
  const app = Fastify({
    bodyLimit: MAX_BODY_BYTES,
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false } },
    frameworkErrors: (_error, _request, reply) =>
      refuse(reply as unknown as FastifyReply, 404, 'There is no such page'),
  })
  app.removeContentTypeParser('text/plain')
  app.addHook('onRequest', async (_request, reply) => void reply.headers(HEADERS))
  app.setNotFoundHandler((_request, reply) => refuse(reply, 404, 'There is no such page'))
  app.setErrorHandler((error: Error & { statusCode?: number }, request, reply) => {
    const status = error.statusCode ?? 500
    if (status < 500) return refuse(reply, status, error.message)
    tools.logger.error(
      { route: request.routeOptions.url, error: error.message, stack: error.stack },
      'admin page failed',
    )
    return refuse(reply, 500, 'An error has occurred on the server: see its log')
  })
  void app.register(
    (scope, _options, done) => {
      pages(scope, prefix, tools)
      sessions(scope, access, tools)
      operations(scope, access, tools)
      done()
    },
    { prefix },
  )
  await app.ready()
  return app
}

function pages(scope: FastifyInstance, prefix: string, { page }: AdminTools): void {
  scope.get('', (_request, reply) => reply.redirect(`${prefix}/`, 303))
  scope.get('/*', (request, reply) => {
    const name = (request.params as { '*': string })['*'] || 'index.html'
    for (const header of Object.keys(HEADERS)) reply.removeHeader(header)
    if (page(name, request.raw, reply.raw)) reply.hijack()
    else refuse(reply.headers(HEADERS), 404, 'There is no such page')
    return reply
  })
}

function sessions(scope: FastifyInstance, access: Access, { mayTry, clientAddress, domain, logger }: AdminTools): void {
  scope.get('/session', async ({ raw }, reply) => {
    const objection = await access.objectionTo(raw)
    if (objection !== undefined && !access.asksForToken) return refuse(reply, objection.status, objection.message)
    return { isOpen: objection === undefined, asksForToken: access.asksForToken, domain }
  })

  scope.post('/session', { schema: { body: LogIn } }, async (request, reply) => {
    const address = clientAddress(request.raw)
    if (!mayTry(address)) {
      logger.warn({ address }, 'admin login refused: too many attempts')
      return refuse(reply, 429, 'Too many attempts: wait a few minutes')
    }
    const cookie = await access.logIn((request.body as Static<typeof LogIn>).token, request.raw)
    if (cookie === undefined) {
      logger.warn({ address }, 'admin login failed')
      return refuse(reply, 401, 'That is not the admin token')
    }
    logger.info({ address }, 'admin logged in')
    return reply.header('Set-Cookie', cookie).code(204).send()
  })

  scope.delete('/session', (request, reply) => reply.header('Set-Cookie', access.logOut(request.raw)).code(204).send())
}

/** For those who have logged in. */
function operations(scope: FastifyInstance, access: Access, tools: AdminTools): void {
  const { logger, clientAddress } = tools
  const onRequest = async ({ raw }: FastifyRequest, reply: FastifyReply) => {
    const objection = await access.objectionTo(raw)
    if (objection !== undefined) return refuse(reply, objection.status, objection.message)
  }

  for (const what of OPERATIONS) {
    const [method, url] = what.split(' ') as [HTTPMethods, string]
    scope.route({
      method,
      url,
      onRequest,
      ...(method !== 'GET' && { schema: { body: Given } }),
      handler: async (request, reply) => {
        const given = (request.body ?? {}) as Static<typeof Given>
        // In a field of its own: it may call itself anything.
        if (method !== 'GET') logger.info({ address: clientAddress(request.raw), given }, `admin asks for ${what}`)
        const { status, body } = await tools.control(what, given)
        return reply.code(status).send(body)
      },
    })
  }

  const runs = new DoctorRuns(tools)
  const schema = { body: DoctorOrder }
  scope.post('/doctor', { onRequest, schema }, (request, reply) => runs.answer(request, reply))
}

/** The text is for people. */
function refuse(reply: FastifyReply, status: number, message: string): FastifyReply {
  return reply.code(status).send({ message })
}
