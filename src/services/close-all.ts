import type { AppHubs } from '#doors/hub'
import { type Logger, systemClock } from '#kit'
import type { Probe } from '#net'
import type { MetricsService } from './metrics/metrics-service.ts'
import type { NatsService } from './nats/nats-service.ts'
import type { VaultRooms } from './vault/vault-rooms.ts'
import type { WebListeners } from './web/web-listeners.ts'

/** How long requests and connections under way may take to end before they are cut. */
const CLOSE_GRACE_MS = 3_000

/** All that a running server has. */
export interface Everything {
  readonly vault: VaultRooms
  readonly appHubs: AppHubs
  readonly nats: NatsService
  readonly web: WebListeners
  readonly metrics: MetricsService | undefined
  readonly probe: Probe | undefined
  readonly logger: Logger
}

/** Who listens leaves, over `drainWindowMs`; then the last request ends, then the database may close. */
export async function closeAll(everything: Everything, drainWindowMs: number): Promise<void> {
  const { vault, appHubs, nats, web, probe, metrics, logger } = everything
  logger.info({}, 'closing')
  nats.stop()
  probe?.close()
  // What is changed meanwhile is told to those who are still there; who was sent away is made up for when it returns.
  const lastDevice = Promise.all([vault.hubDoor?.drain(drainWindowMs), appHubs.drain(drainWindowMs)])
  await upTo(drainWindowMs, lastDevice)
  const lastRequest = web.close(CLOSE_GRACE_MS)
  // What the last request changes is told on other machines too.
  const lastWord = lastRequest.then(() => vault.cluster?.close())
  const lastClient = nats.close(CLOSE_GRACE_MS, lastWord)
  await lastDevice
  await lastClient
  await lastRequest
  await metrics?.close()
  await vault.close()
  logger.info({}, 'closed')
}

/** Resolves with `end`, but after `ms` at the latest. */
async function upTo(ms: number, end: Promise<unknown>): Promise<void> {
  const { promise: late, resolve } = Promise.withResolvers<void>()
  const timer = systemClock.after(ms, resolve)
  await Promise.race([end, late])
  timer.cancel()
}
