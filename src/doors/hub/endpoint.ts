import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Account } from '#core'
import type { Clock, Logger } from '#kit'
import { AddressLimit, acceptWebSocket, type ClientAddress, type PathHandlers } from '#net'
import { admit, TOO_MANY_OF_ADDRESS, UNAVAILABLE } from './admission.ts'
import { type ConnectionOwner, type ConnectionRules, HubConnection } from './connection.ts'
import { Connections } from './connections.ts'
import { Groups } from './groups.ts'
import { type Guest, type Hub, isRefusal, type Refusal } from './hub.ts'
import { refuse } from './refuse.ts'

/** Longest message taken from a client; bytes, as ASP.NET's MaximumReceiveMessageSize. */
const MAX_MESSAGE_BYTES = 32_768

/** What all endpoints of a door have in common. */
export interface EndpointSurroundings {
  /** Where the subjects of guests are. */
  readonly account: Account
  readonly clock: Clock
  readonly logger: Logger
  readonly clientAddress: ClientAddress
  readonly rules: ConnectionRules
  /** A client that takes nothing at all for this long is cut off. */
  readonly writeDeadlineMs: number
  /** Counts a connection in, that of a request still being looked at too; undefined when there are too many. */
  enter(): (() => void) | undefined
}

export interface EndpointLimits {
  /** Connections of one user at a time; with one more the oldest is closed. */
  readonly maxConnectionsPerUser: number
  /** Connections of one client address at a time; one more is refused with 429. 0: unlimited. */
  readonly maxConnectionsPerAddress: number
}

/** The HTTP side of one hub, whatever path it is served at. */
export class HubEndpoint implements ConnectionOwner {
  readonly hub: Hub
  readonly rules: ConnectionRules
  readonly connections: Connections
  readonly groups: Groups
  readonly #surroundings: EndpointSurroundings
  readonly #logger: Logger
  /** Undefined where there is no limit: nobody has to be counted then. */
  readonly #addresses: AddressLimit | undefined
  /** By connection: takes it out of the count. */
  readonly #leave = new WeakMap<HubConnection, () => void>()
  #isDraining = false

  constructor(hub: Hub, limits: EndpointLimits, surroundings: EndpointSurroundings) {
    this.hub = hub
    this.rules = surroundings.rules
    this.connections = new Connections(limits.maxConnectionsPerUser)
    this.groups = new Groups(surroundings.account, hub)
    this.#surroundings = surroundings
    this.#addresses =
      limits.maxConnectionsPerAddress > 0 ? new AddressLimit(limits.maxConnectionsPerAddress) : undefined
    this.#logger = surroundings.logger.child({ hub: hub.name })
  }

  /** What serves the hub at `path`, for a router. */
  *routes(path: string): Iterable<[path: string, handlers: PathHandlers]> {
    yield [path, { onUpgrade: this.handleUpgrade }]
  }

  readonly handleUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    void this.#receive(request, socket, head)
  }

  /** Takes nobody in from now on. */
  closeDoors(): void {
    this.#isDraining = true
  }

  beat(): void {
    for (const connection of this.connections) connection.beat()
  }

  onOpen(connection: HubConnection): void {
    this.hub.onOpen?.(connection)
  }

  onEnding(connection: HubConnection, why: string): void {
    const { subjects, userId, deviceId } = connection.guest
    for (const subject of subjects) this.groups.leave(connection, subject)
    this.connections.ending(connection)
    this.hub.onEnding?.(connection)
    this.#logger.info({ user: userId, device: deviceId, reason: why }, 'hub connection closed')
  }

  onClosed(connection: HubConnection, error: Error | undefined): void {
    this.connections.gone(connection)
    this.#leave.get(connection)?.()
    if (error !== undefined) this.#logger.debug({ error: error.message }, 'hub connection broke')
  }

  async #receive(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const leave = this.#enter(request)
    if (typeof leave === 'object') {
      refuse(socket, leave.status, leave.message)
      return
    }
    let connection: HubConnection | undefined
    try {
      const answer = await admit(this.hub, request, { ...this.#surroundings, logger: this.#logger })
      if (answer === undefined) return
      if (isRefusal(answer)) refuse(socket, answer.status, answer.message)
      else if (this.#isDraining) refuse(socket, UNAVAILABLE.status, UNAVAILABLE.message)
      else connection = this.#accept(request, socket, head, answer)
    } catch (error) {
      this.#logger.error({ error }, 'hub connection failed')
      socket.destroy()
    } finally {
      if (connection === undefined) leave()
      else this.#leave.set(connection, leave)
    }
  }

  /** Counts a connection in, unless there are too many. */
  #enter(request: IncomingMessage): (() => void) | Refusal {
    if (this.#isDraining) return UNAVAILABLE
    const leaveAddress = this.#addresses?.enter(this.#surroundings.clientAddress(request))
    if (this.#addresses !== undefined && leaveAddress === undefined) return TOO_MANY_OF_ADDRESS
    const leaveDoor = this.#surroundings.enter()
    if (leaveDoor === undefined) leaveAddress?.()
    if (leaveDoor === undefined || leaveAddress === undefined) return leaveDoor ?? UNAVAILABLE
    return () => {
      leaveDoor()
      leaveAddress()
    }
  }

  #accept(request: IncomingMessage, socket: Duplex, head: Buffer, guest: Guest): HubConnection | undefined {
    const { clock, writeDeadlineMs, clientAddress } = this.#surroundings
    let made: HubConnection | undefined
    acceptWebSocket(request, socket, head, {
      clock,
      logger: this.#logger,
      writeDeadlineMs,
      maxMessageBytes: MAX_MESSAGE_BYTES,
      receiver: (carrier) => {
        const connection = new HubConnection(carrier, guest, this)
        made = connection
        // From here on nothing is missed; what is published before the handshake waits for it.
        for (const subject of guest.subjects) this.groups.join(connection, subject)
        this.connections.add(connection)
        const { userId, deviceId } = guest
        this.#logger.info({ user: userId, device: deviceId, remote: clientAddress(request) }, 'hub connection opened')
        return connection
      },
    })
    return made
  }
}
