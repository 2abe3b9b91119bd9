import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { contextOf, continueInContext, nameRoute, REQUEST_ID_HEADER, tellRequestId } from '#net'
import { registerAccountHelp, registerAccounts } from './accounts/index.ts'
import { Afterwards } from './afterwards.ts'
import { registerAttachments, registerDownload } from './attachments/index.ts'
import { registerAnswering, registerAsking } from './auth-requests/index.ts'
import { registerCiphers } from './ciphers/index.ts'
import { registerConfig, registerInfo } from './config/index.ts'
import type { VaultContext, VaultSurroundings } from './context.ts'
import {
  registerDevices,
  registerKnownDevice,
  registerPushTokenRemoval,
  registerPushTokens,
  registerWebPush,
} from './devices/index.ts'
import { registerDomains } from './domains/index.ts'
import { errorHandler } from './error-handler.ts'
import { NOT_FOUND_BODY } from './errors.ts'
import { registerFolders } from './folders/index.ts'
import { COMMON_HEADERS, commonHeaders } from './headers.ts'
import { registerIcons } from './icons/index.ts'
import { registerIdentity, registerPrelogin, registerSendLoginCode } from './identity/index.ts'
import { requireBoundedJson } from './json-bounds.ts'
import { registerKeyRotation } from './key-rotation/index.ts'
import { registerLanding } from './landing.ts'
import { makeLimits } from './limits.ts'
import { registerMailImages } from './mail/static-images.ts'
import { publicAddress } from './public-address.ts'
import { SMALL_BODY, type VaultApp, within } from './schema.ts'
import { registerSendAccess, registerSends } from './sends/index.ts'
import { requireSession } from './sessions/index.ts'
import { registerSync } from './sync/index.ts'
import { registerAppFacets, registerTwoFactor } from './two-factor/index.ts'
import { list } from './wire.ts'

/** What users may send; decimal megabytes, as Vaultwarden counts them. */
const JSON_BYTES = 20_000_000

/**
 * The vault's HTTP API, ready to answer (`app.routing(request, response)`, `app.inject`) and without a listener of its
 * own. Every route stands below the path of DOMAIN. `observe` may add hooks that look on; tests do.
 */
export async function createVaultApp(
  surroundings: VaultSurroundings,
  observe: (app: FastifyInstance) => void = () => {},
): Promise<FastifyInstance> {
  const { settings, logger, clock, shareLimit } = surroundings
  const afterwards = new Afterwards(logger)
  const context: VaultContext = { ...surroundings, limits: makeLimits(settings, clock, shareLimit), afterwards }
  const app = Fastify({
    bodyLimit: SMALL_BODY,
    // As at both servers that clients are made for: some write a slash at the end.
    routerOptions: { ignoreTrailingSlash: true },
    // What is wrong is refused and not bent until it fits: null is not the empty text, "5" is not 5.
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false, useDefaults: false, allowUnionTypes: true } },
    // A path that cannot be decoded or is far too long is no route of ours, and comes by no hook.
    frameworkErrors: (_error, { raw }, reply) => {
      tellRequestId(raw, reply.raw)
      notFound(reply.headers(COMMON_HEADERS) as unknown as FastifyReply)
    },
  }) as unknown as VaultApp

  readJson(app, SMALL_BODY)
  app.decorateRequest('address', {
    getter(this: FastifyRequest) {
      return publicAddress(settings, this)
    },
  })
  // Before who answers at once what browsers ask before they call.
  knowRequests(app)
  app.addHook('onRequest', commonHeaders(settings))
  app.setErrorHandler(errorHandler(logger))
  app.setNotFoundHandler((request, reply) => {
    if (surroundings.webVault !== undefined) tellRequestId(request.raw, reply.raw)
    if (surroundings.webVault?.(request.raw, reply.raw)) {
      nameRoute(request.raw, 'file of the web vault')
      reply.hijack()
    } else notFound(reply)
  })
  app.addHook('onClose', () => afterwards.settle())
  observe(app as unknown as FastifyInstance)
  within(app, settings.pathPrefix, (root) => registerRoutes(root, context))
  await app.ready()
  return app as unknown as FastifyInstance
}

function registerRoutes(root: VaultApp, context: VaultContext): void {
  if (context.webVault === undefined) registerLanding(root, context.settings)
  registerAppFacets(root, context.settings)
  registerIcons(root, context)
  registerInfo(root, context)
  registerMailImages(root)
  registerDownload(root, context)
  within(root, '/notifications', (scope) => registerInfo(scope, context))
  within(root, '/identity', (scope) => registerIdentity(scope, context))
  within(root, '/api', (scope) => registerApi(scope, context))
}

function registerApi(scope: VaultApp, context: VaultContext): void {
  registerConfig(scope, context)
  registerPrelogin(scope, context, '/accounts/prelogin')
  registerKnownDevice(scope, context)
  registerAccountHelp(scope, context)
  registerPushTokenRemoval(scope, context)
  registerAsking(scope, context)
  registerSendLoginCode(scope, context)
  registerSendAccess(scope, context)
  scope.get('/tasks', async () => ({ data: [], object: 'list' }))
  within(scope, '', (own) => {
    requireSession(own, context)
    readJson(own, JSON_BYTES)
    registerAccounts(own, context)
    registerDevices(own, context)
    registerTwoFactor(own, context)
    registerPushTokens(own, context)
    registerWebPush(own, context)
    registerAnswering(own, context)
    registerKeyRotation(own, context)
    registerSync(own, context)
    registerCiphers(own, context)
    registerAttachments(own, context)
    registerFolders(own, context)
    registerSends(own, context)
    registerDomains(own, context)
    // Clients ask whether or not the user has any, and take a 404 for a failure.
    own.get('/webauthn', { config: { stampException: 'get_api_webauthn' } }, async () => list([]))
  })
}

/** Reads JSON up to `bodyLimit` bytes and nothing else. Clients send its type also with requests that have no body. */
function readJson(app: VaultApp, bodyLimit: number): void {
  app.removeAllContentTypeParsers()
  const parse = app.getDefaultJsonParser('error', 'error')
  app.addContentTypeParser('application/json', { parseAs: 'string', bodyLimit }, (request, body: string, done) => {
    if (body === '') return done(null, undefined)
    requireBoundedJson(body).then(() => void parse(request, body, done), done)
  })
}

/**
 * Tells who logs and counts requests which route one is for, and the client which id it has, and sees to it that its handler
 * runs in its context.
 */
function knowRequests(app: VaultApp): void {
  app.addHook('onRequest', (request, reply, done) => {
    const id = contextOf(request.raw)?.id
    if (id !== undefined) reply.header(REQUEST_ID_HEADER, id)
    // The pattern and not the path: paths hold ids, queries may hold tokens.
    nameRoute(request.raw, request.routeOptions.url)
    done()
  })
  app.addHook('preValidation', (request, _reply, done) => continueInContext(request.raw, done))
}

function notFound(reply: FastifyReply): void {
  reply.code(404).send(NOT_FOUND_BODY)
}
