import type { Account, Turn } from '#core'
import type { Clock, Logger } from '#kit'
import type { ClientAddress, PathHandlers } from '#net'
import { AnonymousHub } from './bitwarden/anonymous-hub.ts'
import { handlersForAnyPath } from './bitwarden/any-path.ts'
import { UserHub, type UserHubOptions } from './bitwarden/user-hub.ts'
import type { HubTimes } from './connection/connection-rules.ts'
import { MESSAGE_PACK, PROTOCOLS } from './connection/protocols.ts'
import type { ConnectionLimit } from './connection-limit.ts'
import { type EndpointSurroundings, HubEndpoint } from './endpoint/endpoint.ts'
import { Endpoints } from './endpoint/endpoints.ts'
import type { HubOrigins } from './endpoint/origins.ts'
import type { HubSnapshot } from './hub-counts.ts'

export interface HubDoorOptions
  extends Pick<
    UserHubOptions,
    'authenticate' | 'heard' | 'heardAllUntilMs' | 'organizationsOf' | 'installationId' | 'say'
  > {
  /** Account `VAULT`, where notifications are published. */
  readonly account: Account
  readonly turn: Turn
  readonly clock: Clock
  readonly logger: Logger
  readonly clientAddress: ClientAddress
  /**
   * Where connections are counted, those being authenticated included, and perhaps with those of other hubs; one more is
   * refused with 503.
   */
  readonly connections: ConnectionLimit
  /** Connections of one user at a time; with one more the oldest is closed. Default 64. */
  readonly maxConnectionsPerUser?: number
  /** Connections of one client address to the hub of the users at a time; one more is refused with 429. Default 0: unlimited. */
  readonly maxConnectionsPerAddress?: number
  /** Connections of one client address to the anonymous hub at a time; one more is refused with 429. Default 25; 0: unlimited. */
  readonly maxAnonymousConnectionsPerAddress?: number
  /** From which pages browsers may come, besides those of the apps. Default: from any. */
  readonly origins?: HubOrigins
  /** Bytes that may wait for one device before its events become a single `SyncVault`. Default 256 KiB. */
  readonly maxPendingBytes?: number
  /** A device that takes nothing at all for this long is cut off. Default 30 s. */
  readonly writeDeadlineMs?: number
  /** Default 15 s. */
  readonly handshakeTimeoutMs?: number
  /** Silence from us after which clients are pinged. Default 15 s. */
  readonly keepAliveMs?: number
  /** Silence after which a client counts as gone. Default 30 s. */
  readonly clientTimeoutMs?: number
}

export interface HubDoor {
  /** What serves each path, such as `/notifications/hub`: below that of DOMAIN. */
  readonly routes: ReadonlyMap<string, PathHandlers>
  /** For whoever serves the hub of the users under another path. */
  readonly userHub: Required<Pick<PathHandlers, 'onUpgrade'>>
  /** The hubs of users and of strangers for a listener that has nothing else: told apart by the end of the path alone. */
  readonly handlerForAnyPath: Required<PathHandlers>
  /** Transports that are open or closing. */
  readonly connectionCount: number
  /** Of each of its hubs. */
  snapshots(): readonly HubSnapshot[]
  /**
   * What other machines told since then (milliseconds since the Unix epoch) may not have come here: tells devices to sync
   * whose account has changed, and devices whose session has ended that it has. Rejects when that cannot be found out.
   * With `tellsAgain` those too who were told of the same change by an earlier look: they may not have been able to sync.
   */
  lookAtAll(sinceMs: number, tellsAgain?: boolean): Promise<void>
  /** From now on, for those who are connected too. */
  keepTimes(times: HubTimes): void
  /**
   * Takes nobody in any more and says farewell to the connections one by one over `windowMs`, so that they do not all
   * come back elsewhere in the same moment; until then they hear as ever. Resolves when they are gone and it is
   * written how far each has heard, at once when nobody is there; one that does not answer is cut. Repeated, it goes on
   * with the new window.
   */
  drain(windowMs: number): Promise<void>
  /** `drain` without a window. */
  close(): Promise<void>
}

/** The hubs of Bitwarden: that of the users, and that of strangers who wait to be let in. */
export function createHubDoor(options: HubDoorOptions): HubDoor {
  return new Door(options)
}

class Door implements HubDoor {
  readonly routes: ReadonlyMap<string, PathHandlers>
  readonly handlerForAnyPath: Required<PathHandlers>
  readonly #endpoints: Endpoints
  readonly #userHub: HubEndpoint
  readonly #users: UserHub
  readonly #strangers: AnonymousHub
  #gone: Promise<void> | undefined

  constructor(options: HubDoorOptions) {
    const { account, clock, turn, clientAddress, connections } = options
    const logger = options.logger.child({ door: 'hub' })
    const strangersConnections = connections.forStrangers()
    const surroundings: EndpointSurroundings = {
      account,
      clock,
      logger,
      clientAddress,
      origins: options.origins ?? { sameOrigin: false, allowedOrigins: [] },
      writeDeadlineMs: options.writeDeadlineMs ?? 30_000,
      rules: {
        protocols: PROTOCOLS,
        turn,
        clock,
        maxPendingBytes: options.maxPendingBytes ?? 256 * 1024,
        handshakeTimeoutMs: options.handshakeTimeoutMs ?? 15_000,
        keepAliveMs: options.keepAliveMs ?? 15_000,
        clientTimeoutMs: options.clientTimeoutMs ?? 30_000,
      },
      enter: () => connections.enter(),
    }
    const { authenticate, heard, heardAllUntilMs, organizationsOf, installationId, say } = options
    this.#users = new UserHub({
      account,
      authenticate,
      heard,
      heardAllUntilMs,
      organizationsOf,
      installationId,
      say,
      clock,
      logger,
      protocol: MESSAGE_PACK,
    })
    this.#userHub = new HubEndpoint(
      this.#users,
      {
        maxConnectionsPerUser: options.maxConnectionsPerUser ?? 64,
        maxConnectionsPerAddress: options.maxConnectionsPerAddress ?? 0,
      },
      surroundings,
    )
    this.#users.attend(this.#userHub)
    this.#strangers = new AnonymousHub({ account, clock, logger })
    const anonymousHub = new HubEndpoint(
      this.#strangers,
      {
        maxConnectionsPerUser: 1,
        maxConnectionsPerAddress: options.maxAnonymousConnectionsPerAddress ?? 25,
      },
      { ...surroundings, enter: () => strangersConnections.enter() },
    )
    this.#endpoints = new Endpoints([this.#userHub, anonymousHub], clock)
    this.routes = new Map([
      ...this.#userHub.routes('/notifications/hub'),
      ...anonymousHub.routes('/notifications/anonymous-hub'),
    ])
    this.handlerForAnyPath = handlersForAnyPath({ userHub: this.#userHub, anonymousHub })
  }

  get userHub() {
    return { onUpgrade: this.#userHub.handleUpgrade }
  }

  get connectionCount(): number {
    return this.#endpoints.connectionCount
  }

  snapshots(): readonly HubSnapshot[] {
    return this.#endpoints.snapshots()
  }

  lookAtAll(sinceMs: number, tellsAgain = false): Promise<void> {
    return this.#users.lookAtAll(sinceMs, tellsAgain)
  }

  keepTimes({ handshakeTimeoutMs, keepAliveMs, clientTimeoutMs }: HubTimes): void {
    this.#endpoints.keepTimes({ handshakeTimeoutMs, keepAliveMs, clientTimeoutMs })
  }

  drain(windowMs: number): Promise<void> {
    const drained = this.#endpoints.drain(windowMs)
    this.#gone ??= drained.then(async () => {
      this.#strangers.close()
      await this.#users.close()
    })
    return this.#gone
  }

  close(): Promise<void> {
    return this.drain(0)
  }
}
