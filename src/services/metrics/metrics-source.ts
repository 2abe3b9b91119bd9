import type { AppHubs } from '#doors/hub'
import type { MetricsSource } from '#ops/metrics'
import packageJson from '../../../package.json' with { type: 'json' }
import { type CertifiedListener, firstEndOf } from '../certificates/certified-listener.ts'
import type { NatsService } from '../nats/nats-service.ts'
import type { VaultRooms } from '../vault/vault-rooms.ts'

/** The parts of a server that metrics tell of. */
export interface WatchedRooms {
  readonly vault: Pick<VaultRooms, 'hubDoor' | 'counted'>
  readonly nats: Pick<NatsService, 'monitoring' | 'certified'>
  readonly appHubs: Pick<AppHubs, 'snapshots'>
  readonly web: { readonly certified: readonly CertifiedListener[] }
}

/** Tells metrics of the rooms, none of which they know. `rooms` is asked when somebody wants metrics, never before. */
export function metricsSource(rooms: () => WatchedRooms): MetricsSource {
  const { version } = packageJson
  return {
    version,
    get monitoring() {
      return rooms().nats.monitoring
    },
    hubs() {
      const { vault, appHubs } = rooms()
      return [...(vault.hubDoor?.snapshots() ?? []), ...appHubs.snapshots()]
    },
    notifications: () => rooms().vault.counted.notifications(),
    logins: () => rooms().vault.counted.logins(),
    letters: () => rooms().vault.counted.letters(),
    jobs: () => rooms().vault.counted.jobs(),
    cluster: () => rooms().vault.counted.cluster(),
    *certificates() {
      const { web, nats } = rooms()
      for (const listener of [...web.certified, ...nats.certified]) {
        const end = firstEndOf(listener)
        if (end !== undefined) yield { listener: listener.name, endsMs: end.getTime() }
      }
    },
    ask: () => rooms().vault.counted.ask(),
  }
}
