import type { Account, Turn } from '#core'
import type { Clock, Logger, Timer } from '#kit'
import type { ClientAddress, PathHandlers } from '#net'
import { messagePackProtocol } from '#wire/signalr'
import { type Authenticate, UserHub } from './bitwarden/user-hub.ts'
import { HEARTBEAT_MS, type HubConnection } from './connection.ts'
import { type EndpointSurroundings, HubEndpoint } from './endpoint.ts'

/** Longest list or map in a client's message. Hubs have no methods, so honest messages have a handful of items. */
const MAX_ITEMS = 256

/** How long connections may take to go away once they were all told to, before they are cut. */
const FAREWELL_MS = 2_500

export interface HubDoorOptions {
  /** Account `VAULT`, where notifications are published. */
  readonly account: Account
  readonly turn: Turn
  readonly clock: Clock
  readonly logger: Logger
  readonly authenticate: Authenticate
  readonly clientAddress: ClientAddress
  /** Connections of all hubs at a time, those being authenticated included; one more is refused with 503. Default 65,536. */
  readonly maxConnections?: number
  /** Connections of one user at a time; with one more the oldest is closed. Default 64. */
  readonly maxConnectionsPerUser?: number
  /** Connections of one client address to the hub of the users at a time; one more is refused with 429. Default 0: unlimited. */
  readonly maxConnectionsPerAddress?: number
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
  /** What serves each path of the hubs, such as `/notifications/hub`: below that of DOMAIN. */
  readonly routes: ReadonlyMap<string, PathHandlers>
  /** For whoever serves the hub of the users under another path. */
  readonly userHub: Required<Pick<PathHandlers, 'onUpgrade'>>
  /** Transports that are open or closing. */
  readonly connectionCount: number
  /**
   * Takes nobody in any more and says farewell to the connections one by one over `windowMs`, so that they do not all
   * come back elsewhere in the same moment. Resolves when they are gone; one that does not answer is cut.
   */
  drain(windowMs: number): Promise<void>
  /** `drain` without a window. */
  close(): Promise<void>
}

/** All hubs of a server. */
export function createHubDoor(options: HubDoorOptions): HubDoor {
  return new Door(options)
}

class Door implements HubDoor {
  readonly routes: ReadonlyMap<string, PathHandlers>
  readonly #clock: Clock
  readonly #maxConnections: number
  readonly #endpoints: readonly HubEndpoint[]
  readonly #userHub: HubEndpoint
  readonly #heartbeat: Timer
  #entered = 0

  constructor(options: HubDoorOptions) {
    const { account, clock, turn, clientAddress, authenticate } = options
    const logger = options.logger.child({ door: 'hub' })
    this.#clock = clock
    this.#maxConnections = options.maxConnections ?? 65_536
    const messagePack = messagePackProtocol(MAX_ITEMS)
    const surroundings: EndpointSurroundings = {
      account,
      clock,
      logger,
      clientAddress,
      writeDeadlineMs: options.writeDeadlineMs ?? 30_000,
      rules: {
        protocols: [messagePack],
        turn,
        clock,
        maxPendingBytes: options.maxPendingBytes ?? 256 * 1024,
        handshakeTimeoutMs: options.handshakeTimeoutMs ?? 15_000,
        keepAliveMs: options.keepAliveMs ?? 15_000,
        clientTimeoutMs: options.clientTimeoutMs ?? 30_000,
      },
      enter: () => this.#enter(),
    }
    this.#userHub = new HubEndpoint(
      new UserHub({ authenticate, clock, logger, protocol: messagePack }),
      {
        maxConnectionsPerUser: options.maxConnectionsPerUser ?? 64,
        maxConnectionsPerAddress: options.maxConnectionsPerAddress ?? 0,
      },
      surroundings,
    )
    this.#endpoints = [this.#userHub]
    this.routes = new Map(this.#userHub.routes('/notifications/hub'))
    this.#heartbeat = clock.every(HEARTBEAT_MS, () => {
      for (const endpoint of this.#endpoints) endpoint.beat()
    })
  }

  get userHub() {
    return { onUpgrade: this.#userHub.handleUpgrade }
  }

  get connectionCount(): number {
    return this.#endpoints.reduce((sum, { connections }) => sum + connections.size, 0)
  }

  async drain(windowMs: number): Promise<void> {
    for (const endpoint of this.#endpoints) endpoint.closeDoors()
    const connections = this.#endpoints.flatMap((endpoint) => [...endpoint.connections])
    const timers = connections.flatMap((connection, i) =>
      this.#sayFarewell(connection, (windowMs * i) / connections.length),
    )
    timers.push(
      this.#clock.after(windowMs + FAREWELL_MS, () => {
        for (const { connections } of this.#endpoints) for (const connection of connections) connection.destroy()
      }),
    )
    await Promise.all(this.#endpoints.map(({ connections }) => connections.empty()))
    for (const timer of timers) timer.cancel()
    this.#heartbeat.cancel()
  }

  close(): Promise<void> {
    return this.drain(0)
  }

  #sayFarewell(connection: HubConnection, delayMs: number): readonly Timer[] {
    const goAway = () => connection.goAway('server is shutting down')
    if (delayMs > 0) return [this.#clock.after(delayMs, goAway)]
    goAway()
    return []
  }

  #enter(): (() => void) | undefined {
    if (this.#entered >= this.#maxConnections) return undefined
    this.#entered++
    return () => {
      this.#entered--
    }
  }
}
