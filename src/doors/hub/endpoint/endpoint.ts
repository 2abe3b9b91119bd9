import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Account, Message } from '#core'
import type { Clock, Logger } from '#kit'
import {
  AddressLimit,
  acceptWebSocket,
  type Carrier,
  type ClientAddress,
  contextOf,
  type MessageReceiver,
  type PathHandlers,
} from '#net'
import { HubConnection } from '../connection/connection.ts'
import type { ConnectionOptions, ConnectionOwner, ConnectionRules, HubTimes } from '../connection/connection-rules.ts'
import { type Guest, type Hub, isRefusal, type Refusal } from '../hub.ts'
import { HubCounts, type HubSnapshot } from '../hub-counts.ts'
import { admit, FOREIGN_ORIGIN, TOO_MANY_OF_ADDRESS, UNAVAILABLE } from './admission.ts'
import { objectToUpgrade, refuse } from './answers.ts'
import { Connections } from './connections.ts'
import { Groups } from './groups.ts'
import { type Negotiation, Negotiations } from './negotiations.ts'
import { type HubOrigins, originObjection } from './origins.ts'
import { queryParameter } from './query.ts'
import { ALREADY_ACTIVE, HubRequests, NO_SUCH_CONNECTION, OTHER_TRANSPORT } from './requests.ts'

/** Longest message taken from a client; bytes, as ASP.NET's MaximumReceiveMessageSize. */
const MAX_MESSAGE_BYTES = 32_768

const STATEFUL: ConnectionOptions = { isStateful: true }

/** What all endpoints of a door have in common. */
export interface EndpointSurroundings {
  /** Where the subjects of guests are. */
  readonly account: Account
  readonly clock: Clock
  readonly logger: Logger
  readonly clientAddress: ClientAddress
  readonly origins: HubOrigins
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

/** How a connection came to be. */
interface Opening {
  readonly request: IncomingMessage
  readonly guest: Guest
  readonly options?: ConnectionOptions | undefined
  /** To be called when it is gone. */
  readonly leave: () => void
}

/** The HTTP side of one hub, whatever path it is served at: who comes in, and is counted. */
export class HubEndpoint implements ConnectionOwner {
  readonly hub: Hub
  readonly rules: ConnectionRules
  readonly connections: Connections
  readonly groups: Groups
  readonly counts = new HubCounts()
  readonly #surroundings: EndpointSurroundings
  readonly #logger: Logger
  readonly #negotiations: Negotiations
  readonly #requests: HubRequests
  /** Undefined where there is no limit: nobody has to be counted then. */
  readonly #addresses: AddressLimit | undefined
  #isDraining = false

  constructor(hub: Hub, limits: EndpointLimits, surroundings: EndpointSurroundings) {
    const { maxConnectionsPerUser, maxConnectionsPerAddress } = limits
    this.hub = hub
    this.rules = surroundings.rules
    this.connections = new Connections(maxConnectionsPerUser)
    this.groups = new Groups(surroundings.account, hub, (...told) => this.#onTold(...told))
    this.#surroundings = surroundings
    this.#logger = surroundings.logger.child({ hub: hub.name })
    this.#addresses = maxConnectionsPerAddress > 0 ? new AddressLimit(maxConnectionsPerAddress) : undefined
    this.#negotiations = new Negotiations(maxConnectionsPerUser)
    this.#requests = new HubRequests({
      ...surroundings,
      logger: this.#logger,
      negotiations: this.#negotiations,
      maxMessageBytes: MAX_MESSAGE_BYTES,
      isForeign: (request) => this.#isForeign(request),
      onRefused: (refusal) => this.#onRefused(refusal),
      enter: (request) => this.#enter(request),
      admit: (request) => this.#admit(request),
      admitNewcomer: (request) => this.#admitNewcomer(request),
      connect: ({ request, guest, negotiation }, carrier, options) =>
        this.#connect(carrier, { request, guest, options, leave: this.#leaving(negotiation) }),
    })
  }

  /** What serves the hub at `path`, for a router. A slash at its end does not matter, as at Vaultwarden and in ASP.NET. */
  *routes(path: string): Iterable<[path: string, handlers: PathHandlers]> {
    const handlers = { onUpgrade: this.handleUpgrade, onRequest: this.#requests.onConnectRequest }
    yield [path, handlers]
    yield [`${path}/`, handlers]
    yield [`${path}/negotiate`, { onRequest: this.#requests.onNegotiateRequest }]
  }

  readonly handleUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    if (this.#isForeign(request)) {
      this.#refuse(socket, FOREIGN_ORIGIN)
      return
    }
    const id = queryParameter(request, 'id')
    const receive =
      id === undefined
        ? this.#receiveStranger(request, socket, head)
        : this.#receiveNegotiated(request, socket, head, id)
    receive.catch((error: unknown) => {
      this.#logger.error({ error }, 'hub connection failed')
      socket.destroy()
    })
  }

  /** From the next heartbeat on, for those who are connected too. */
  keepTimes(times: HubTimes): void {
    Object.assign(this.rules, times)
  }

  /** Takes nobody in from now on. */
  closeDoors(): void {
    this.#isDraining = true
    this.#negotiations.clear()
  }

  beat(): void {
    this.#negotiations.beat()
    for (const connection of this.connections) connection.beat()
  }

  onOpen(connection: HubConnection): void {
    this.hub.onOpen?.(connection)
  }

  onEnding(connection: HubConnection, why: string): void {
    const { subjects, userId, deviceId } = connection.guest
    // What comes after the colon may be anything: what a client sent, or a system's error.
    this.counts.closed.add(why.split(':', 1)[0]!)
    for (const subject of subjects) this.groups.leave(connection, subject)
    this.connections.ending(connection)
    this.hub.onEnding?.(connection)
    this.#logger.info(
      { connection: connection.id, user: userId, device: deviceId, reason: why },
      'hub connection closed',
    )
  }

  onCoalesced(): void {
    this.counts.coalesced++
  }

  /** For whoever watches. */
  snapshot(): HubSnapshot {
    const connections = { WebSockets: 0, ServerSentEvents: 0, LongPolling: 0 }
    for (const { transport } of this.connections) connections[transport]++
    return { hub: this.hub.name, connections, counts: this.counts, caughtUp: this.hub.caughtUp ?? 0 }
  }

  onClosed(connection: HubConnection, error: Error | undefined): void {
    this.connections.gone(connection)
    if (error === undefined) return
    this.#logger.debug({ connection: connection.id, error: error.message }, 'hub connection broke')
  }

  /** Somebody who has not negotiated. */
  async #receiveStranger(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const leave = this.#enter(request)
    if (typeof leave === 'object') {
      this.#refuse(socket, leave)
      return
    }
    let isIn = false
    try {
      const guest = await this.#admitUpgrade(request, socket)
      if (guest === undefined) return
      this.#accept(request, socket, head, (carrier) => {
        isIn = true
        return this.#connect(carrier, { request, guest, leave })
      })
    } finally {
      if (!isIn) leave()
    }
  }

  /** Somebody who has negotiated, and has been counted in then; or whose connection was lost, and is taken up again. */
  async #receiveNegotiated(request: IncomingMessage, socket: Duplex, head: Buffer, id: string): Promise<void> {
    const guest = await this.#admitUpgrade(request, socket)
    if (guest === undefined) return
    const negotiation = this.#negotiations.findFor(guest, id)
    if (negotiation === undefined) {
      objectToUpgrade(socket, NO_SUCH_CONNECTION)
      return
    }
    const { taken, isStateful } = negotiation
    if (taken === undefined) {
      this.#accept(request, socket, head, (carrier) => {
        const options = isStateful ? STATEFUL : undefined
        const connection = this.#connect(carrier, { request, guest, options, leave: this.#leaving(negotiation) })
        this.#negotiations.take(negotiation, { transport: 'WebSockets', connection })
        return connection
      })
    } else if (taken.transport !== 'WebSockets') {
      objectToUpgrade(socket, OTHER_TRANSPORT)
    } else if (taken.connection.canResume) {
      this.#accept(request, socket, head, (carrier) => taken.connection.resume(carrier))
    } else {
      objectToUpgrade(socket, ALREADY_ACTIVE)
    }
  }

  /** Whether a page has sent it that may not. Logged for who looks for the reason, not for whoever likes to fill logs. */
  #isForeign(request: IncomingMessage): boolean {
    const reason = originObjection(request, this.#surroundings.origins)
    if (reason !== undefined) this.#logger.debug({ reason }, 'hub request refused for its origin')
    return reason !== undefined
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

  #leaving(negotiation: Negotiation): () => void {
    return () => this.#negotiations.remove(negotiation)
  }

  #admit(request: IncomingMessage): Promise<Guest | Refusal | undefined> {
    return admit(this.hub, request, { clock: this.#surroundings.clock, logger: this.#logger })
  }

  /** The doors may have been closed meanwhile. */
  async #admitNewcomer(request: IncomingMessage): Promise<Guest | Refusal | undefined> {
    const answer = await this.#admit(request)
    return answer !== undefined && this.#isDraining ? UNAVAILABLE : answer
  }

  /** Whoever is not let in is told so. */
  async #admitUpgrade(request: IncomingMessage, socket: Duplex): Promise<Guest | undefined> {
    // A reset while we wait is an 'error' event, which would end the process if nobody listened.
    const onError = () => socket.destroy()
    socket.on('error', onError)
    const answer = await this.#admitNewcomer(request).finally(() => socket.off('error', onError))
    if (answer === undefined || !isRefusal(answer)) return answer
    this.#refuse(socket, answer)
    return undefined
  }

  #refuse(socket: Duplex, refusal: Refusal): void {
    this.#onRefused(refusal)
    refuse(socket, refusal.status, refusal.message)
  }

  /** For who looks for the reason: strangers could fill the log with it. */
  #onRefused({ status, message }: Refusal): void {
    this.counts.refused.add(String(status))
    this.#logger.debug({ status, reason: message }, 'hub connection refused')
  }

  /** Hot: once per message and group. The line has the id of the request that caused it, where that came to this server. */
  #onTold(message: Message, connections: number): void {
    const { hub } = this
    hub.onTold?.(message, connections)
    const type = hub.typeOf?.(message) ?? 'message'
    this.counts.told.add(type, connections)
    this.#logger.debug({ subject: message.subject, type, connections }, 'hub clients told')
  }

  #accept(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    receiver: (carrier: Carrier) => MessageReceiver,
  ): void {
    const { clock, writeDeadlineMs } = this.#surroundings
    const options = { clock, logger: this.#logger, writeDeadlineMs, maxMessageBytes: MAX_MESSAGE_BYTES, receiver }
    acceptWebSocket(request, socket, head, options)
  }

  #connect(carrier: Carrier, { request, guest, options, leave }: Opening): HubConnection {
    const id = contextOf(request)?.id ?? ''
    const connection = new HubConnection(carrier, guest, this, { options, id })
    // From here on nothing is missed; what is published before the handshake waits for it.
    for (const subject of guest.subjects) this.groups.join(connection, subject)
    this.connections.add(connection, leave)
    const { userId: user, deviceId: device } = guest
    const { transport } = connection
    this.counts.opened.add(transport)
    const remote = this.#surroundings.clientAddress(request)
    this.#logger.info({ connection: id, user, device, remote, transport }, 'hub connection opened')
    return connection
  }
}
