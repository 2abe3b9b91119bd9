import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { ServiceTokens } from '#auth'
import type { Options } from '#config'
import type { Authenticate } from '#doors/hub'
import type { Clock, Logger } from '#kit'
import type { PathRouter } from '#net'
import { createRelayApp, RELAY_PATHS, RelayedSessions, serviceGrant, tokenIssuers } from '#relay'
import type { Store } from '#store'

/** Where other servers get their tokens: the vault's route, which does so for its own users too. */
const TOKEN_PATH = '/identity/connect/token'
/** The same, for servers that are told where the Identity service is, and not where the whole server is. */
const SHORT_TOKEN_PATH = '/connect/token'

/** The relay of other servers, without a listener. */
export interface RelayRoom {
  /** Who asks for a token and is no user; for the vault's token route. */
  readonly grant: ReturnType<typeof serviceGrant>
  /** Users of other servers, on the hub of the users. */
  readonly authenticate: Authenticate
  /** Hands its paths, which stand below that of DOMAIN, to the router; `vault` serves the tokens. */
  mount(router: PathRouter, vault: RequestListener): void
  close(): Promise<void>
}

export interface RelayTools {
  readonly store: Pick<Store, 'relayedDevices'>
  readonly serviceTokens: ServiceTokens
  /** In account `VAULT`. */
  readonly publish: (subject: string, payload: Buffer) => void
  readonly clock: Clock
  readonly logger: Logger
}

/** `undefined` when no other server is configured. Rejects with a `ConfigError` for a key that cannot be used. */
export async function openRelayRoom(options: Options, tools: RelayTools): Promise<RelayRoom | undefined> {
  const { installations, internalKey } = options.relay
  if (installations.length === 0 && internalKey === undefined) return undefined
  const { basePath } = options.vault
  const { relayedDevices } = tools.store
  const logger = tools.logger.child({ room: 'relay' })
  const installationKeys = new Map(installations.map(({ id, key }) => [id, key]))
  const issuers = await tokenIssuers(installations, { clock: tools.clock, logger })
  for (const issuer of issuers) issuer.prepare?.()
  const sessions = new RelayedSessions(issuers, relayedDevices)
  const app = await createRelayApp({
    ...tools,
    logger,
    relayedDevices,
    installations: new Set(installationKeys.keys()),
    pathPrefix: basePath,
  })
  return {
    grant: serviceGrant({ installationKeys, internalKey }, { ...tools, logger }),
    authenticate: (token) => sessions.authenticate(token),
    mount(router, vault) {
      const onRequest: RequestListener = (request, response) => app.routing(request, response)
      for (const path of RELAY_PATHS) router.addBelow(`${basePath}${path}`, { onRequest })
      router.add(`${basePath}${SHORT_TOKEN_PATH}`, { onRequest: asIfFor(`${basePath}${TOKEN_PATH}`, vault) })
    },
    close: () => app.close(),
  }
}

/** Hands a request on as one for another path. Of its query nobody would know anything. */
function asIfFor(path: string, handler: RequestListener): RequestListener {
  return (request: IncomingMessage, response: ServerResponse) => {
    request.url = path
    handler(request, response)
  }
}
