import type { ServiceTokens } from '#auth'
import type { Options } from '#config'
import type { Authenticate } from '#doors/hub'
import type { Clock, Logger } from '#kit'
import type { PathHandlers, PathRouter } from '#net'
import { IdentityTokens, IssuerSource, identityAuthenticator, scopesOf, sendHandler } from '#relay'

/** Where the services of an official server post what devices shall be told. */
const SEND_PATHS = ['/send', '/notifications/send'] as const

/** What the nginx of an official server takes off before it hands a request to the Notifications service. */
const PREFIX_OF_NGINX = '/notifications'

/** An official server for whose Notifications service this one stands in, without a listener. */
export interface OfficialServer {
  /** For the hub, instead of our own users; absent where that server has no Identity service of its own. */
  readonly authenticate: Authenticate | undefined
  /** Hands its paths, which stand below that of DOMAIN, to the router; `hubRoutes` are those of the hubs. */
  mount(router: PathRouter, hubRoutes: ReadonlyMap<string, PathHandlers>): void
}

export interface OfficialServerTools {
  readonly serviceTokens: Pick<ServiceTokens, 'verify'>
  /** In account `VAULT`. */
  readonly publish: (subject: string, payload: Buffer) => void
  readonly clock: Clock
  readonly logger: Logger
}

/** `undefined` when there is none. */
export function openOfficialServer(options: Options, tools: OfficialServerTools): OfficialServer | undefined {
  const { identity, relay, vault } = options
  if (identity === undefined && relay.internalKey === undefined) return undefined
  const logger = tools.logger.child({ room: 'relay' })
  if (identity !== undefined)
    logger.info({ authority: identity.authority }, 'hub is for the users of an official server')
  const theirs = identity && theirTokens(identity.authority, { clock: tools.clock, logger })
  const maySend = theirs?.maySend ?? ourTokens(tools.serviceTokens)
  const onRequest = sendHandler({ maySend, publish: tools.publish, logger })
  return {
    authenticate: theirs?.authenticate,
    mount(router, hubRoutes) {
      for (const path of SEND_PATHS) router.add(`${vault.basePath}${path}`, { onRequest })
      if (theirs === undefined) return
      for (const [path, handlers] of hubRoutes) {
        if (path.startsWith(PREFIX_OF_NGINX)) router.add(vault.basePath + path.slice(PREFIX_OF_NGINX.length), handlers)
      }
    },
  }
}

/** Those of its own Identity service. */
function theirTokens(authority: string, tools: { clock: Clock; logger: Logger }) {
  const issuer = new IssuerSource({ authority, ...tools })
  const tokens = new IdentityTokens({ issuer, clock: tools.clock })
  // So that the first device need not wait. What is wrong is logged there.
  void issuer.current().catch(() => {})
  return {
    authenticate: identityAuthenticator(tokens),
    async maySend(token: string) {
      const claims = await tokens.verify(token)
      return claims && scopesOf(claims).includes('internal')
    },
  }
}

/** Those that its services get from us. */
function ourTokens(tokens: OfficialServerTools['serviceTokens']) {
  return async (token: string) => {
    const claims = await tokens.verify(token)
    return claims && claims.scope === 'internal'
  }
}
