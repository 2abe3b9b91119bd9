import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { type Account, Subscription, type Turn } from '#core'
import type { Clock, Logger, Timer } from '#kit'
import { acceptWebSocket, type ClientAddress, type UpgradeHandler } from '#net'
import { allOfUser } from '#notify'
import { HubDecoder } from '#wire/signalr'
import { type Authenticate, admit, type HubSession } from './admission.ts'
import { HEARTBEAT_MS, HubConnection } from './connection.ts'
import { Connections } from './connections.ts'
import { NotificationEncoder } from './encoder.ts'
import { refuse } from './refuse.ts'

/** Longest WebSocket message taken from a client; bytes, as ASP.NET's MaximumReceiveMessageSize. */
const MAX_MESSAGE_BYTES = 32_768

/** Longest list or map in a client's message. The hub has no methods, so honest messages have a handful of items. */
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
  /** Connections at a time, those being authenticated included; one more is refused with 503. Default 10,000. */
  readonly maxConnections?: number
  /** Connections of one user at a time; with one more the oldest is closed. Default 64. */
  readonly maxConnectionsPerUser?: number
  /** Bytes that may wait for one device before its events become a single `SyncVault`. Default 256 KiB. */
  readonly maxPendingBytes?: number
  /** A device that takes nothing at all for this long is cut off. Default 30 s. */
  readonly writeDeadlineMs?: number
}

export interface HubDoor {
  /** For `/notifications/hub`. */
  readonly handleUpgrade: UpgradeHandler
  /** WebSockets that are open or closing. */
  readonly connectionCount: number
  /**
   * Takes nobody in any more and says farewell to the connections one by one over `windowMs`, so that they do not all
   * come back elsewhere in the same moment. Resolves when they are gone; one that does not answer is cut.
   */
  drain(windowMs: number): Promise<void>
  /** `drain` without a window. */
  close(): Promise<void>
}

/** The hub every logged-in device listens on. */
export function createHubDoor(options: HubDoorOptions): HubDoor {
  return new UserHub(options)
}

class UserHub implements HubDoor {
  readonly handleUpgrade: UpgradeHandler
  readonly #options: HubDoorOptions
  readonly #logger: Logger
  readonly #encoder: NotificationEncoder
  readonly #decoder = new HubDecoder(MAX_ITEMS)
  readonly #connections: Connections
  readonly #heartbeat: Timer
  #admitting = 0
  #isDraining = false

  constructor(options: HubDoorOptions) {
    this.#options = options
    this.#logger = options.logger.child({ door: 'hub' })
    this.#encoder = new NotificationEncoder(this.#logger)
    this.#connections = new Connections(options.maxConnectionsPerUser ?? 64)
    this.#heartbeat = options.clock.every(HEARTBEAT_MS, () => {
      for (const connection of this.#connections) connection.beat()
    })
    this.handleUpgrade = (request, socket, head) => {
      void this.#receive(request, socket, head)
    }
  }

  get connectionCount(): number {
    return this.#connections.size
  }

  async drain(windowMs: number): Promise<void> {
    this.#isDraining = true
    const { clock } = this.#options
    const timers: Timer[] = []
    const connections = [...this.#connections]
    connections.forEach((connection, i) => {
      const sayFarewell = () => connection.goAway('server is shutting down')
      const delayMs = (windowMs * i) / connections.length
      if (delayMs === 0) sayFarewell()
      else timers.push(clock.after(delayMs, sayFarewell))
    })
    timers.push(
      clock.after(windowMs + FAREWELL_MS, () => {
        for (const connection of this.#connections) connection.destroy()
      }),
    )
    await this.#connections.empty()
    for (const timer of timers) timer.cancel()
    this.#heartbeat.cancel()
  }

  close(): Promise<void> {
    return this.drain(0)
  }

  async #receive(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    if (this.#isDraining || this.#connections.size + this.#admitting >= (this.#options.maxConnections ?? 10_000)) {
      refuse(socket, 503, 'Service unavailable')
      return
    }
    this.#admitting++
    try {
      const session = await admit(request, socket, { ...this.#options, logger: this.#logger })
      if (session === undefined) return
      if (this.#isDraining) refuse(socket, 503, 'Service unavailable')
      else this.#accept(request, socket, head, session)
    } catch (error) {
      this.#logger.error({ error }, 'hub connection failed')
      socket.destroy()
    } finally {
      this.#admitting--
    }
  }

  #accept(request: IncomingMessage, socket: Duplex, head: Buffer, session: HubSession): void {
    const { clock, writeDeadlineMs = 30_000 } = this.#options
    acceptWebSocket(request, socket, head, {
      clock,
      logger: this.#logger,
      writeDeadlineMs,
      maxMessageBytes: MAX_MESSAGE_BYTES,
      receiver: (carrier) => {
        const logger = this.#logger.child({
          user: session.user.id,
          device: session.device.id,
          remote: this.#options.clientAddress(request),
        })
        const { account, turn, maxPendingBytes = 256 * 1024 } = this.#options
        const connection: HubConnection = new HubConnection(carrier, {
          userId: session.user.id,
          clock,
          turn,
          encoder: this.#encoder,
          decoder: this.#decoder,
          maxPendingBytes,
          onEnding: (why) => {
            account.unsubscribe(subscription)
            this.#connections.ending(connection)
            logger.info({ reason: why }, 'hub connection closed')
          },
          onClosed: (error) => {
            this.#connections.gone(connection)
            if (error !== undefined) logger.debug({ error: error.message }, 'hub connection broke')
          },
        })
        // From here on nothing is missed; what is published before the handshake waits for it.
        const subscription = new Subscription(connection, allOfUser(session.user.id), '')
        account.subscribe(subscription)
        this.#connections.add(connection)
        logger.info({}, 'hub connection opened')
        return connection
      },
    })
  }
}
