import type { RequestListener } from 'node:http'
import type { Options } from '#config'
import type { AppHubs } from '#doors/hub'
import type { Logger } from '#kit'
import { type ListenerProbe, type PathHandlers, tellRequestId, type UpgradeHandler } from '#net'
import type { MetricsService } from '../metrics/metrics-service.ts'
import type { NatsService } from '../nats/nats-service.ts'
import type { VaultRooms } from '../vault/vault-rooms.ts'
import type { WebClients } from './web-clients.ts'
import { WebListeners } from './web-listeners.ts'
import { WebRequests } from './web-requests.ts'
import { webRoutes } from './web-routes.ts'

/** What is reached by HTTP. */
export interface WebRooms {
  readonly vault: VaultRooms
  readonly nats: NatsService
  readonly appHubs: AppHubs
  /** What answers at `/admin`. */
  readonly admin: RequestListener
  readonly metrics: MetricsService | undefined
  readonly probe: ListenerProbe
  readonly clients: WebClients
  readonly logger: Logger
}

export interface Web {
  readonly listeners: WebListeners
  /** As the web listener takes upgrades, for somebody else's. */
  readonly handleUpgrade: UpgradeHandler
}

/** Opens the web listeners. Rejects with a `ConfigError` when one cannot be had; none is left open then. */
export async function openWeb(options: Options, rooms: WebRooms): Promise<Web> {
  const { vault, metrics, probe, clients, logger } = rooms
  const { address: clientAddress } = clients
  const router = await webRoutes(options, { ...rooms, clientAddress, onMetrics: metrics?.onWebRequest })
  const requests = new WebRequests(options, { clients, logger, onAnswered: metrics?.onAnswered })
  const handlers = requests.wrap({
    onRequest: (request, response) => {
      if (!router.handleRequest(request, response)) vault.onRequest(request, response)
    },
    onUpgrade: (request, socket, head) => router.handleUpgrade(request, socket, head),
  })
  const oldHub = vault.hubDoor && requests.wrap(tellingIds(vault.hubDoor.handlerForAnyPath))
  return {
    listeners: await WebListeners.open(options, { ...handlers, oldHub, probe }, logger),
    handleUpgrade: (request, socket, head) => {
      if (!probe.takeUpgrade(request, socket, head)) router.handleUpgrade(request, socket, head)
    },
  }
}

function tellingIds({ onRequest, onUpgrade }: Required<PathHandlers>): Required<PathHandlers> {
  return {
    onRequest: (request, response) => {
      tellRequestId(request, response)
      onRequest(request, response)
    },
    onUpgrade,
  }
}
