import type { Options } from '#config'
import type { AppHubs } from '#doors/hub'
import type { ListenAddress } from '#net'
import { firstEndOf } from '../certificates/certified-listener.ts'
import type { NatsService } from '../nats/nats-service.ts'
import type { VaultRooms } from '../vault/vault-rooms.ts'
import type { WebListeners } from '../web/web-listeners.ts'

/** How a server is: what one asks first. Plain data. */
export interface ServerStatus {
  readonly pid: number
  /** ISO 8601. */
  readonly startedAt: string
  readonly dataFolder: string
  /** Whether the database answers, and of which kind it is. */
  readonly database: { readonly kind: Options['vault']['database']['kind']; readonly answers: boolean }
  /** Where it listens, by the names of the configuration. */
  readonly listeners: Readonly<Record<string, ListenerStatus>>
  readonly connections: {
    /** Devices and browsers at the hub of the vault, and clients of hubs of the operator's own. */
    readonly hub: number
    readonly hubs: number
    readonly nats: number
    readonly leafnodes: number
  }
  /** The link to the cluster of other instances; undefined where there is none. */
  readonly cluster: 'up' | 'down' | undefined
}

export interface ListenerStatus extends ListenAddress {
  readonly isTls: boolean
  /** When the certificate runs out, of several the first; ISO 8601. Undefined without one. */
  readonly certificateExpires: string | undefined
}

/** What it is told of. */
export interface StatusSources {
  readonly startMs: number
  readonly options: Options
  readonly vault: VaultRooms
  readonly nats: NatsService
  readonly appHubs: AppHubs
  readonly web: WebListeners
}

/** Asks the database, and the rest of what is running. Never rejects. */
export async function serverStatus(sources: StatusSources): Promise<ServerStatus> {
  const { startMs, options, vault, nats, appHubs } = sources
  const isLinked = vault.cluster?.health.isLinked
  const answers = await vault.pingDatabase().then(
    () => true,
    () => false,
  )
  return {
    pid: process.pid,
    startedAt: new Date(startMs).toISOString(),
    dataFolder: options.vault.dataFolder,
    database: { kind: options.vault.database.kind, answers },
    listeners: listenersOf(sources),
    connections: {
      hub: vault.hubDoor?.connectionCount ?? 0,
      hubs: appHubs.connectionCount,
      nats: nats.door.connectionCount,
      leafnodes: [...nats.leafDoor.connections()].length,
    },
    cluster: isLinked === undefined ? undefined : isLinked ? 'up' : 'down',
  }
}

function listenersOf({ web, nats }: StatusSources): Record<string, ListenerStatus> {
  const certified = new Map([...web.certified, ...nats.certified].map((one) => [one.name, one]))
  const { monitoring, websockets, ...others } = nats.addresses
  const addresses: Record<string, ListenAddress | undefined> = {
    web: web.addresses.web,
    'web.https': web.addresses.https,
    'old hub': web.addresses.oldHub,
    ...others,
    ...Object.fromEntries(
      websockets.map((address, i) => [websockets.length === 1 ? 'websocket' : `websocket[${i}]`, address]),
    ),
    'monitoring over http': monitoring.http,
    monitoring: monitoring.https,
  }
  const listening = Object.entries(addresses).filter(
    (entry): entry is [string, ListenAddress] => entry[1] !== undefined,
  )
  return Object.fromEntries(
    listening.map(([name, { host, port }]) => {
      const listener = certified.get(name)
      const end = listener && firstEndOf(listener)
      return [name, { host, port, isTls: listener !== undefined, certificateExpires: end?.toISOString() }]
    }),
  )
}
