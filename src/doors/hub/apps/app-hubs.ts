import type { Account, Turn } from '#core'
import type { Clock, Logger, Timer } from '#kit'
import type { ClientAddress, PathHandlers } from '#net'
import { HEARTBEAT_MS, type HubTimes } from '../connection/connection-rules.ts'
import { GENERAL_PROTOCOLS } from '../connection/protocols.ts'
import type { ConnectionLimit } from '../connection-limit.ts'
import { HubEndpoint } from '../endpoint/endpoint.ts'
import { Endpoints } from '../endpoint/endpoints.ts'
import type { HubOrigins } from '../endpoint/origins.ts'
import type { HubSnapshot } from '../hub-counts.ts'
import { AppHub, guestOf } from './app-hub.ts'
import { AppSubjects } from './app-subjects.ts'
import { AppTokens } from './app-tokens.ts'
import { Memberships } from './memberships.ts'
import { PublishRequests } from './publish-requests.ts'
import { AppPublisher, type HubPublisher } from './publisher.ts'

/** Longest message, as it is published; bytes. */
const MAX_MESSAGE_BYTES = 1024 * 1024

/** In MessagePack a list of small numbers is more than twice as long as in JSON: a message must fit an empty buffer. */
const PENDING_PER_MESSAGE = 4

/** A hub of the operator's own. */
export interface AppHubSettings {
  /** The last segment of its path. */
  readonly name: string
  /** HS256 keys of at least 32 characters, any of which is good. Without one nobody can have a token. */
  readonly keys: readonly string[]
  /** Where its subjects are. */
  readonly account: Account
  /** What its subjects begin with: a literal subject. */
  readonly subject: string
  readonly origins: HubOrigins
  /** Whether clients without a token may come in, who hear what is for all. */
  readonly anonymous: boolean
  /** Whether a connection ends when its token does. */
  readonly closeOnExpiration: boolean
  /** With one more the oldest is closed. */
  readonly maxConnectionsPerUser: number
  /** One more is refused with 429. 0: unlimited. */
  readonly maxConnectionsPerAddress: number
  /** Bytes that may wait for one client before it is closed; a quarter of it, but at most 1 MiB, is what a message may have. */
  readonly maxPendingBytes: number
}

export interface AppHubsOptions {
  readonly hubs: readonly AppHubSettings[]
  /** What stands in front of their paths: '' or such as `/vault`. */
  readonly basePath: string
  readonly turn: Turn
  readonly clock: Clock
  readonly logger: Logger
  /** For what strangers and publishers cause as often as they like: it is bounded. */
  readonly boundedLogger: Logger
  readonly clientAddress: ClientAddress
  /** Where their connections are counted, perhaps with those of other hubs; one more is refused with 503. */
  readonly connections: ConnectionLimit
  /** A client that takes nothing at all for this long is cut off. Default 30 s. */
  readonly writeDeadlineMs?: number
  readonly handshakeTimeoutMs: number
  readonly keepAliveMs: number
  readonly clientTimeoutMs: number
}

/** The hubs of the operator's own. */
export interface AppHubs {
  /** What serves each path exactly, and what serves everything below one. */
  readonly routes: ReadonlyMap<string, PathHandlers>
  readonly routesBelow: ReadonlyMap<string, PathHandlers>
  /** Transports that are open or closing. */
  readonly connectionCount: number
  /** Of each of them. */
  snapshots(): readonly HubSnapshot[]
  /** Throws an `Error` that names those there are when there is none of that name. */
  hub(name: string): HubPublisher
  /** As those of `HubDoor`. */
  keepTimes(times: HubTimes): void
  drain(windowMs: number): Promise<void>
}

/** A hub with all that belongs to it. */
interface Opened {
  readonly endpoint: HubEndpoint
  readonly memberships: Memberships
  readonly publisher: AppPublisher
  readonly requests: PublishRequests
}

/** The hubs of the configuration; nobody can connect before their routes are served. */
export function createAppHubs(options: AppHubsOptions): AppHubs {
  return new Hubs(options)
}

class Hubs implements AppHubs {
  readonly routes = new Map<string, PathHandlers>()
  readonly routesBelow = new Map<string, PathHandlers>()
  readonly #options: AppHubsOptions
  readonly #anonymousConnections: ConnectionLimit
  readonly #byName = new Map<string, Opened>()
  readonly #endpoints: Endpoints
  readonly #expiries: Timer

  constructor(options: AppHubsOptions) {
    const { hubs, basePath, clock, connections } = options
    this.#options = options
    this.#anonymousConnections = connections.forStrangers()
    for (const settings of hubs) {
      const path = `${basePath}/hubs/${settings.name}`
      const hub = this.#open(settings, path)
      this.#byName.set(settings.name, hub)
      for (const [at, handlers] of hub.endpoint.routes(path)) this.routes.set(at, handlers)
      this.routesBelow.set(path, { onRequest: hub.requests.onRequest })
    }
    const all = [...this.#byName.values()].map(({ endpoint }) => endpoint)
    this.#endpoints = new Endpoints(all, clock)
    const expiring = hubs
      .filter(({ closeOnExpiration }) => closeOnExpiration)
      .map(({ name }) => this.#byName.get(name)!.endpoint)
    this.#expiries = clock.every(HEARTBEAT_MS, () => {
      for (const endpoint of expiring) closeExpired(endpoint, clock.now())
    })
  }

  get connectionCount(): number {
    return this.#endpoints.connectionCount
  }

  snapshots(): readonly HubSnapshot[] {
    return this.#endpoints.snapshots()
  }

  hub(name: string): HubPublisher {
    const hub = this.#byName.get(name)
    if (hub === undefined) {
      const names = [...this.#byName.keys()].join(', ')
      throw new Error(`There is no hub ${JSON.stringify(name)}; there are: ${names || 'none'}`)
    }
    return hub.publisher
  }

  keepTimes({ handshakeTimeoutMs, keepAliveMs, clientTimeoutMs }: HubTimes): void {
    this.#endpoints.keepTimes({ handshakeTimeoutMs, keepAliveMs, clientTimeoutMs })
  }

  async drain(windowMs: number): Promise<void> {
    await this.#endpoints.drain(windowMs)
    this.#expiries.cancel()
    for (const { memberships } of this.#byName.values()) memberships.close()
  }

  #open(settings: AppHubSettings, path: string): Opened {
    const { turn, clock, logger, boundedLogger, clientAddress, writeDeadlineMs = 30_000 } = this.#options
    const { name, keys, account, origins, anonymous, maxPendingBytes } = settings
    const subjects = new AppSubjects(settings.subject)
    const tokens = new AppTokens({ hub: name, keys, clock })
    const maxMessageBytes = Math.min(MAX_MESSAGE_BYTES, Math.floor(maxPendingBytes / PENDING_PER_MESSAGE))
    const publisher = new AppPublisher(account, subjects, maxMessageBytes)
    const bounded = boundedLogger.child({ door: 'hub', hub: path })
    const hub = new AppHub({ name: path, account, subjects, tokens, anonymous, maxMessageBytes, logger: bounded })
    const { handshakeTimeoutMs, keepAliveMs, clientTimeoutMs } = this.#options
    const connections = anonymous ? this.#anonymousConnections : this.#options.connections
    const endpoint = new HubEndpoint(hub, settings, {
      account,
      clock,
      logger: logger.child({ door: 'hub' }),
      clientAddress,
      origins,
      writeDeadlineMs,
      rules: {
        protocols: GENERAL_PROTOCOLS,
        turn,
        clock,
        maxPendingBytes,
        handshakeTimeoutMs,
        keepAliveMs,
        clientTimeoutMs,
      },
      enter: () => connections.enter(),
    })
    return {
      endpoint,
      publisher,
      memberships: new Memberships({ account, hub, endpoint, subjects, logger: bounded }),
      requests: new PublishRequests({ path, tokens, subjects, publisher, maxMessageBytes, logger: bounded }),
    }
  }
}

/** They may come back at once, with another token. */
function closeExpired({ connections }: HubEndpoint, nowMs: number): void {
  for (const connection of connections) {
    if (guestOf(connection).expiresAtMs <= nowMs) connection.goAway('token expired')
  }
}
