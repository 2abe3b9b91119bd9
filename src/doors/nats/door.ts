import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Account } from '#core'
import { acceptWebSocketStream, type Carrier, type StreamReceiver, TcpCarrier, type UpgradeHandler } from '#net'
import { ClientConnection } from './client-connection.ts'
import { Congestion } from './congestion.ts'
import type { DoorContext } from './context.ts'
import { DeliveryHeads } from './delivery-heads.ts'
import { infoFor, type ListenerFacts, type ServerIdentity } from './identity.ts'

/** How often connections are looked at for signs of life, at most. */
const LIFE_CHECK_MS = 1_000

export interface NatsDoorOptions extends Omit<DoorContext, 'heads' | 'congestion' | 'onGone'> {
  /** The account of every client. */
  readonly account: Account
  readonly identity: ServerIdentity
}

export interface NatsUpgradeOptions {
  /** The listener that a request came in by. */
  listener(request: IncomingMessage): ListenerFacts
  /** What speaks against a request that is well-formed, for the log; the client gets 403. */
  objection(request: IncomingMessage): string | undefined
}

/** The NATS client protocol, over TCP and over WebSocket. */
export class NatsDoor {
  readonly #options: NatsDoorOptions
  readonly #context: DoorContext
  readonly #connections = new Set<ClientConnection>()
  readonly #stopChecking: () => void
  #lastClientId = 0
  #isClosed = false

  constructor(options: NatsDoorOptions) {
    this.#options = options
    this.#context = {
      ...options,
      heads: new DeliveryHeads(),
      congestion: new Congestion(),
      onGone: (connection) => this.#connections.delete(connection),
    }
    const { clock, limits } = options
    const checks = clock.every(Math.min(LIFE_CHECK_MS, limits.pingIntervalMs / 2), () => {
      const now = clock.now()
      for (const connection of this.#connections) connection.checkLife(now)
    })
    this.#stopChecking = () => checks.cancel()
  }

  get connectionCount(): number {
    return this.#connections.size
  }

  /** Takes over a connection of a TCP or TLS listener. */
  acceptSocket(socket: Socket, listener: ListenerFacts): void {
    const carrier = new TcpCarrier(socket, {
      clock: this.#options.clock,
      logger: this.#options.logger,
      writeDeadlineMs: this.#options.limits.writeDeadlineMs,
    })
    carrier.start(this.#welcome(carrier, listener))
  }

  /** The handler for upgrades to NATS over WebSocket. */
  upgradeHandler({ listener, objection }: NatsUpgradeOptions): UpgradeHandler {
    const { clock, limits, logger } = this.#options
    return (request, socket, head) => {
      acceptWebSocketStream(request, socket, head, {
        clock,
        logger,
        writeDeadlineMs: limits.writeDeadlineMs,
        objection,
        onRefused: (reason) => logger.info({ address: request.socket.remoteAddress, reason }, 'upgrade refused'),
        receiver: (carrier) => this.#welcome(carrier, listener(request)),
      })
    }
  }

  /** Ends every connection, and refuses those that still come. */
  close(): void {
    this.#isClosed = true
    this.#stopChecking()
    for (const connection of this.#connections) connection.close('Server Shutdown')
  }

  #welcome(carrier: Carrier, listener: ListenerFacts): StreamReceiver {
    const { account, identity, limits } = this.#options
    const connection = new ClientConnection(++this.#lastClientId, carrier, account, this.#context)
    connection.greet(
      infoFor({
        identity,
        listener,
        remote: carrier.remote,
        clientId: connection.id,
        maxPayloadBytes: limits.maxPayloadBytes,
      }),
    )
    // Those that are refused do not count: they would keep others out while they say goodbye.
    if (this.#isClosed) connection.close('Server Shutdown')
    else if (this.#connections.size >= limits.maxConnections) {
      connection.close('Maximum Connections Exceeded', 'maximum connections exceeded')
    } else this.#connections.add(connection)
    return connection
  }
}
