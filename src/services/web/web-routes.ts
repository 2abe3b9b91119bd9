import type { IncomingMessage, RequestListener } from 'node:http'
import type { Options } from '#config'
import type { AppHubs } from '#doors/hub'
import { type ClientAddress, isLocalRequest, type PathHandlers, PathRouter, type UpgradeHandler } from '#net'
import { metricsPath } from '../metrics/metrics-service.ts'
import { mountOptions } from '../nats/mount-options.ts'
import type { NatsService } from '../nats/nats-service.ts'
import type { Mount } from '../nats/websocket-entrance.ts'
import type { VaultRooms } from '../vault/vault-rooms.ts'

export interface Routed {
  /** Absent when metrics are not for whoever reaches the web listener. */
  readonly onMetrics?: RequestListener | undefined
  readonly vault: VaultRooms
  readonly appHubs: AppHubs
  readonly nats: NatsService
  /** What answers at `/admin`. */
  readonly admin: RequestListener
  readonly clientAddress: ClientAddress
}

/** Which room takes which path of the web listener. What is nobody's is for the vault. */
export async function webRoutes(options: Options, routed: Routed): Promise<PathRouter> {
  const { basePath } = options.vault
  const { hubDoor, relay, officialServer, onRequest } = routed.vault
  const router = new PathRouter()
  const hubRoutes = hubDoor?.routes ?? new Map<string, PathHandlers>()
  for (const [path, handlers] of hubRoutes) router.add(`${basePath}${path}`, handlers)
  relay?.mount(router, onRequest)
  officialServer?.mount(router, hubRoutes)
  for (const [path, handlers] of routed.appHubs.routes) router.add(path, handlers)
  for (const [path, handlers] of routed.appHubs.routesBelow) router.addBelow(path, handlers)
  const { onMetrics } = routed
  if (onMetrics !== undefined) router.add(metricsPath(basePath), { onRequest: onMetrics })
  router.add(`${basePath}/admin`, { onRequest: routed.admin })
  router.addBelow(`${basePath}/admin`, { onRequest: routed.admin })
  const onUpgrade = await natsUpgrades(options, routed)
  if (onUpgrade === undefined) return router
  const path = `${basePath}/nats`
  router.add(path, { onUpgrade })
  // As nats-servers ask for it whose remote names this path: see `isLeafPath` of WebSocket entrances.
  const leafPaths = options.leafnodes.listener === undefined ? [] : [`${path}/leafnode`, `/leafnode${path.slice(1)}`]
  for (const leafPath of leafPaths) router.add(leafPath, { onUpgrade })
  return router
}

/** NATS for everybody, or for the vault's users where others may not even try; `undefined` when it is for nobody. */
async function natsUpgrades(
  { web }: Options,
  { vault, nats, clientAddress }: Routed,
): Promise<UpgradeHandler | undefined> {
  const mount = (more: Mount) => nats.mount(mountOptions({}, { cwd: '/', env: {} }), { clientAddress, ...more })
  const mayAll = (request: IncomingMessage) => web.nats === 'all' || isLocalRequest(request)
  const objection = (request: IncomingMessage) =>
    mayAll(request) ? undefined : 'only for programs on this machine (web.nats)'
  const forAll = web.nats === 'off' ? undefined : await mount({ objection })
  const forVaultUsers = web.admitsVaultUsers ? await mount({ authenticator: vault.login.authenticator }) : undefined
  if (forAll === undefined || forVaultUsers === undefined) return forAll ?? forVaultUsers
  return (request, socket, head) => (mayAll(request) ? forAll : forVaultUsers)(request, socket, head)
}
