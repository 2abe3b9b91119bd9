import type { FastifyReply, FastifyRequest } from 'fastify'
import type { VaultContext } from '../context.ts'
import { ApiError } from '../errors.ts'
import { publicAddress } from '../public-address.ts'
import type { VaultApp } from '../schema.ts'
import { bearerToken } from '../sessions/index.ts'
import { isSignupHidden } from '../settings.ts'
import { formatDate } from '../wire.ts'
import { WebPushOffers } from './web-push-offers.ts'

/** What clients ask a server about itself; below `/api`. */
export function registerConfig(scope: VaultApp, context: VaultContext): void {
  const { settings, store, tokens, webPush, clock, logger } = context
  const offers = new WebPushOffers({
    subscriptions: store.webPushSubscriptions,
    isReachable: (endpoint) => webPush?.isReachable(endpoint) ?? true,
    clock,
    logger,
  })
  scope.get('/config', async (request) => {
    // Clients that are logged in say who they are, unless they are locked.
    const token = bearerToken(request)
    const claims = token === undefined ? undefined : await tokens.verifyAccess(token)
    const publicKey = webPush?.publicKey
    // While there is none nobody is offered it, and so nobody is held to have been.
    const isOffered = publicKey !== undefined && (await offers.isFor(claims))
    return configResponse(context, publicAddress(settings, request), isOffered ? publicKey : null)
  })
  registerInfo(scope, context)
}

/** For whoever watches over the server. `/alive` is good only while the database answers. */
export function registerInfo(scope: VaultApp, { settings, store, clock, logger }: VaultContext): void {
  scope.get('/version', async (_request, reply) => sendText(reply, settings.serverVersion))
  scope.get('/now', async (_request, reply) => sendText(reply, formatDate(new Date(clock.now()))))
  scope.get('/alive', async (_request: FastifyRequest, reply: FastifyReply) => {
    try {
      await store.ping()
    } catch (error) {
      logger.error({ error: (error as Error).message }, 'database does not answer')
      throw new ApiError('UNAVAILABLE', 'The database does not answer.')
    }
    return sendText(reply, formatDate(new Date(clock.now())))
  })
}

function configResponse({ settings, mailer }: VaultContext, domain: string, vapidPublicKey: string | null) {
  return {
    version: settings.serverVersion,
    gitHash: null,
    // Not null: this is not Bitwarden's own server.
    server: { name: 'Belfry', url: domain },
    settings: {
      disableUserRegistration: isSignupHidden(settings, mailer !== undefined),
      suppressOnboardingInterstitials: settings.suppressesOnboarding,
    },
    environment: {
      vault: domain,
      api: `${domain}/api`,
      identity: `${domain}/identity`,
      notifications: `${domain}/notifications`,
      sso: '',
      cloudRegion: null,
    },
    // 0 is SignalR, 1 is Web Push. Clients that cannot do it use SignalR all the same.
    push: { pushTechnology: vapidPublicKey === null ? 0 : 1, vapidPublicKey },
    featureStates: {
      ...Object.fromEntries(settings.featureFlags.map((flag) => [flag, true])),
      'pm-19148-innovation-archive': true,
    },
    communication: null,
    object: 'config',
  }
}

const sendText = (reply: FastifyReply, text: string) =>
  reply.type('application/json; charset=utf-8').send(JSON.stringify(text))
