import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Logger, Timer } from '#kit'
import {
  acceptWebSocketStream,
  type Carrier,
  type RemoteAddress,
  remoteOf,
  type StreamAcceptOptions,
  type StreamReceiver,
  TcpCarrier,
} from '#net'
import { infoLine } from '#wire/nats'
import { type Arrival, newNonce } from './arrival.ts'
import { ClientConnection } from './client-connection.ts'
import type { CloseReason } from './close-reason.ts'
import { Congestion } from './congestion.ts'
import { type ConnectionSnapshot, type DoorTotals, tlsSnapshotOf } from './connection-snapshot.ts'
import { Connections } from './connections.ts'
import type { DoorContext, NatsLimits } from './context.ts'
import { credentialsIn } from './cookies.ts'
import { DeliveryHeads } from './delivery-heads.ts'
import { foreignProtocol } from './foreign-protocol.ts'
import { type InfoChanges, infoFor } from './info.ts'
import { endGradually, type LameDuckOptions } from './lame-duck.ts'
import { PendingLogins } from './pending-logins.ts'
import type { ProfileHolder, ProfileOf } from './profile.ts'
import { recheck } from './recheck.ts'
import { enterByTls, type TcpTls } from './tcp-entrance.ts'

/** How often connections are looked at for signs of life: at most, and at least. */
const LIFE_CHECK_MS = 1_000
const SHORTEST_LIFE_CHECK_MS = 5

const TOO_MANY: CloseReason = 'Maximum Connections Exceeded'
const TOO_MANY_TEXT = 'maximum connections exceeded'
/** Who may be on the way in while there is no place, so that clients can be told as much. */
const MAX_IN_VAIN = 16

export interface NatsDoorOptions
  extends Omit<DoorContext, 'heads' | 'congestion' | 'pendingLogins' | 'recently' | 'onLeft' | 'onGone'> {
  /** Where NATS over WebSocket is to be had, for those who come to a TCP port with it. */
  webSocketUrl?(): string | undefined
  /** For a new connection, where others are numbered with clients; default: 1, 2 and so on. */
  readonly nextId?: (() => number) | undefined
}

/** A connection as its TCP listener sees it. */
export interface NatsSocketOptions {
  /** The client itself; default: whom `remoteOf` knows at the other end of the socket. */
  readonly remote?: RemoteAddress | undefined
  /** Whatever room there is here, there is none for this client. */
  readonly isOneTooMany?: boolean
  /** Where it is said that TLS failed; default: where everything is. */
  readonly failures?: Logger
}

/** An upgrade as its WebSocket listener sees it. */
export interface NatsUpgradeOptions
  extends Partial<Omit<StreamAcceptOptions, 'clock' | 'logger' | 'writeDeadlineMs' | 'receiver'>>,
    Pick<Arrival, 'listener' | 'facts' | 'logPrefix' | 'upgrade'> {
  /** It is upgraded, and then ended without a word; why, for the log. */
  readonly turnedAway?: string | undefined
}

/** What is supposed of a server when it is asked who would have to go; what is left out is as it is. */
export interface Supposed {
  readonly profileOf?: ProfileOf
  readonly maxConnections?: number
}

/** What was said to a client before it became a connection, and whether it may be one. */
interface Greeting {
  readonly isGreeted?: boolean
  /** Of the INFO that has gone out. */
  readonly nonce?: string
  readonly isOneTooMany?: boolean
}

type NewArrival = Omit<Arrival, 'id' | 'carrier' | 'nonce'>

/** The NATS client protocol, over TCP and over WebSocket. */
export class NatsDoor {
  readonly #options: NatsDoorOptions
  readonly #context: DoorContext & { limits: NatsLimits }
  readonly #connections: Connections
  /** Those that have not finished TLS, so are no connections yet. */
  readonly #entering = new Set<Socket>()
  /** By what gives them back: places of those who are on their way in, and of those who are so in vain. */
  readonly #reserved = new Set<() => void>()
  readonly #inVain = new Set<() => void>()
  #checks: Timer | undefined
  #checkEveryMs = Number.POSITIVE_INFINITY
  #gradualEnd: Timer | undefined
  readonly #nextId: () => number
  #isLeaving = false

  constructor(options: NatsDoorOptions) {
    this.#options = options
    const { limits, clock } = options
    let lastId = 0
    this.#nextId = options.nextId ?? (() => ++lastId)
    this.#connections = new Connections(limits.maxClosedClients)
    this.#context = {
      ...options,
      heads: new DeliveryHeads(),
      congestion: new Congestion(),
      pendingLogins: new PendingLogins(),
      recently: clock.now(),
      onLeft: (connection, reason) => this.#left(connection, reason),
      onGone: (connection) => this.#connections.gone(connection),
    }
    this.#checkAtLeastEvery(limits.pingIntervalMs)
  }

  get connectionCount(): number {
    return this.#connections.size + this.#entering.size
  }

  /**
   * A place for somebody who has connected and is no client yet: one of `max_connections`, or, where those are taken, one
   * of a few that are there for telling clients so. `undefined` when there is none at all. What is answered gives the
   * place back, and may be repeated. Where a client comes of it, that has to be done right before it is handed over.
   */
  reserve(): (() => void) | undefined {
    const places = this.#hasRoom ? this.#reserved : this.#inVain
    if (places === this.#inVain && places.size >= MAX_IN_VAIN) return undefined
    const leave = () => void places.delete(leave)
    places.add(leave)
    return leave
  }

  /** Takes over a connection of a TCP listener. */
  acceptSocket(socket: Socket, listener: ProfileHolder, options: NatsSocketOptions = {}): void {
    const { tls } = listener.current
    const { remote: from = remoteOf(socket), isOneTooMany = false, failures = this.#context.logger } = options
    const id = this.#nextId()
    if (tls === undefined || isOneTooMany || !this.#hasRoom)
      this.#startTcp(socket, listener, { from, id, isOneTooMany })
    else void this.#acceptTls(socket, listener, { from, id, tls, failures })
  }

  /** Takes over a socket whose request asks for an upgrade to NATS over WebSocket, and answers it. */
  acceptUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer, options: NatsUpgradeOptions): void {
    const { listener, facts, logPrefix, upgrade, turnedAway, ...accept } = options
    const { clock, logger, limits } = this.#context
    acceptWebSocketStream(request, socket, head, {
      onRefused: (reason) => logger.info({ address: request.socket.remoteAddress, reason }, 'upgrade refused'),
      ...accept,
      clock,
      logger,
      writeDeadlineMs: limits.writeDeadlineMs,
      receiver: (carrier) => {
        if (turnedAway !== undefined) return this.#turnAway(carrier, turnedAway)
        return this.#welcome(carrier, this.#nextId(), {
          listener,
          facts,
          logPrefix,
          upgrade,
          tls: tlsSnapshotOf(socket),
          cookies: credentialsIn(request.headers.cookie, listener.current.cookies),
        })
      },
    })
  }

  /** Other limits from now on, for those who are in as well; who is too many now goes, the newest first, and is returned. */
  reconfigure({ limits }: { readonly limits: NatsLimits }): readonly ConnectionSnapshot[] {
    const before = this.#context.limits
    this.#context.limits = limits
    this.#connections.maxClosed = limits.maxClosedClients
    for (const connection of this.#connections) connection.limitsChanged()
    if (limits.maxPayloadBytes !== before.maxPayloadBytes) this.announce({})
    this.profilesChanged()
    return this.#beyond(limits.maxConnections).map((connection) => {
      const last = { ...connection.snapshot(), reason: TOO_MANY }
      connection.close(TOO_MANY, TOO_MANY_TEXT)
      return last
    })
  }

  /** To be called when profiles were exchanged: their ping intervals may be shorter. */
  profilesChanged(): void {
    this.#checks?.cancel()
    this.#checkEveryMs = Number.POSITIVE_INFINITY
    this.#checkAtLeastEvery(this.#context.limits.pingIntervalMs)
    for (const { pingIntervalMs } of this.#connections) this.#checkAtLeastEvery(pingIntervalMs)
  }

  /** Tells what changed to all clients that can take an INFO at any time. */
  announce(changes: InfoChanges): void {
    for (const connection of this.#connections) connection.announce(changes)
  }

  /**
   * The clients that their listeners would not let in again, and those that would be too many then, each with the
   * `reason` why.
   */
  async unwelcome({
    profileOf,
    maxConnections = this.#context.limits.maxConnections,
  }: Supposed = {}): Promise<ConnectionSnapshot[]> {
    const found = await this.#findUnwelcome(profileOf)
    for (const connection of this.#beyond(maxConnections, found)) found.set(connection, TOO_MANY)
    return Array.from(found, ([connection, reason]) => ({ ...connection.snapshot(), reason }))
  }

  /**
   * Asks of each connection, or of those that are chosen, who its client is by now: to be called when listeners, users
   * or accounts are others. Those who may stay go on as that in place, with what they are subscribed to as far as it is
   * allowed; the others are closed, and returned with the `reason`. Never rejects.
   */
  recheck(which?: (connection: ConnectionSnapshot) => boolean): Promise<ConnectionSnapshot[]> {
    return recheck(this.#connections, { which, clock: this.#context.clock })
  }

  /** Ends one connection. Whether there was one with this id. */
  end(cid: number, reason: CloseReason): boolean {
    const connection = this.#connections.byId(cid)
    connection?.close(reason)
    return connection !== undefined
  }

  /** Tells one client to look for another server; `unable`: it could not take that now. */
  sendAway(cid: number): 'told' | 'unknown' | 'unable' {
    const connection = this.#connections.byId(cid)
    if (connection === undefined) return 'unknown'
    return connection.announce({ ldm: true }) ? 'told' : 'unable'
  }

  /**
   * Lame duck mode: tells clients to look for another server, gives them `graceMs`, then ends their connections one by
   * one. Those that still come are refused. Resolves when the last is gone, which `close` hastens.
   */
  async lameDuck(options: LameDuckOptions): Promise<void> {
    if (!this.#isLeaving) {
      this.#isLeaving = true
      this.announce({ ldm: true })
      const { clock, random } = this.#context
      const connections = () =>
        Array.from(this.#connections, (connection) => ({ close: () => connection.close('Server Shutdown') }))
      this.#gradualEnd = endGradually({ ...options, clock, random, connections })
    }
    await this.#connections.empty()
    this.#gradualEnd?.cancel()
  }

  /** Ends every connection, and refuses those that still come. */
  close(): void {
    this.#isLeaving = true
    this.#checks?.cancel()
    this.#checkEveryMs = 0
    this.#gradualEnd?.cancel()
    for (const socket of this.#entering) socket.destroy()
    for (const connection of this.#connections) connection.close('Server Shutdown')
  }

  // --- For monitoring -------------------------------------------------------------------------------------------

  /** One that is open. */
  snapshotOf(cid: number): ConnectionSnapshot | undefined {
    return this.#connections.byId(cid)?.snapshot()
  }

  /** Oldest first. */
  *openSnapshots(): IterableIterator<ConnectionSnapshot> {
    for (const connection of this.#connections) if (!connection.hasLeft) yield connection.snapshot()
  }

  /** The last `maxClosedClients` that ended, in the order of their ends. */
  closedSnapshots(): IterableIterator<ConnectionSnapshot> {
    return this.#connections.closed()
  }

  /** Clients of the account that were cut off as slow consumers, since the start. */
  slowConsumersIn(account: string): number {
    return this.#connections.slowConsumersIn(account)
  }

  totals(): DoorTotals {
    return { ...this.#connections.totals(), connections: this.connectionCount }
  }

  // --------------------------------------------------------------------------------------------------------------

  #left(connection: ClientConnection, reason: CloseReason): void {
    const { clock, observer } = this.#context
    const stopMs = clock.now()
    this.#connections.remember(connection, reason, stopMs)
    if (connection.hasLoggedIn) observer?.left({ ...connection.snapshot(), stopMs, reason })
  }

  async #findUnwelcome(profileOf: ProfileOf = ({ current }) => current): Promise<Map<ClientConnection, CloseReason>> {
    const found = new Map<ClientConnection, CloseReason>()
    for (const connection of [...this.#connections]) {
      const reason = connection.hasLeft ? undefined : await connection.objection(profileOf)
      if (reason !== undefined) found.set(connection, reason)
    }
    return found
  }

  /** Those who are too many when only so many may be in, `leaving` aside; the newest first. */
  #beyond(maxConnections: number, leaving: ReadonlyMap<ClientConnection, CloseReason> = new Map()): ClientConnection[] {
    const staying = [...this.#connections].filter((connection) => !connection.hasLeft && !leaving.has(connection))
    return staying.slice(maxConnections).reverse()
  }

  get #hasRoom(): boolean {
    return !this.#isLeaving && this.connectionCount + this.#reserved.size < this.#context.limits.maxConnections
  }

  async #acceptTls(
    socket: Socket,
    listener: ProfileHolder,
    { from, id, tls, failures }: { from: RemoteAddress; id: number; tls: TcpTls; failures: Logger },
  ): Promise<void> {
    const { clock } = this.#context
    const nonce = this.#nonceFor(listener)
    this.#entering.add(socket)
    try {
      const line = () => infoLine(this.#info({ listener, from, id, nonce }))
      const entered = await enterByTls(socket, tls, { clock, infoLine: line })
      this.#entering.delete(socket)
      if (!entered.socket.destroyed) this.#startTcp(entered.socket, listener, { from, id, nonce, ...entered })
    } catch (error) {
      this.#connections.count()
      const { message, isProbe } = error as Error & { readonly isProbe?: boolean }
      const fields = { client: id, address: from.address, reason: message }
      // Load balancers and port scans say nothing: that is no news.
      if (isProbe) failures.debug(fields, 'TLS handshake failed')
      else failures.warn(fields, 'TLS handshake failed')
    } finally {
      this.#entering.delete(socket)
    }
  }

  #startTcp(socket: Socket, listener: ProfileHolder, entered: { from: RemoteAddress; id: number } & Greeting): void {
    const { clock, logger, limits } = this.#context
    const carrier = new TcpCarrier(socket, {
      clock,
      logger,
      writeDeadlineMs: limits.writeDeadlineMs,
      remote: entered.from,
    })
    const tls = tlsSnapshotOf(socket)
    const webSocketUrl = this.#options.webSocketUrl?.()
    carrier.start(
      this.#welcome(
        carrier,
        entered.id,
        {
          listener,
          tls,
          cookies: {},
          foreignProtocol: tls === undefined ? (bytes) => foreignProtocol(bytes, webSocketUrl) : undefined,
        },
        entered,
      ),
    )
  }

  #turnAway(carrier: Carrier, reason: string): StreamReceiver {
    const { address, port } = carrier.remote
    this.#context.logger.error({ address, port, reason }, 'connection turned away')
    carrier.destroy()
    return { onBytes() {}, onStalled() {}, onClosed() {} }
  }

  #welcome(carrier: Carrier, id: number, arrival: NewArrival, greeted: Greeting = {}): StreamReceiver {
    const nonce = greeted.nonce ?? this.#nonceFor(arrival.listener)
    const hasRoom = this.#hasRoom && !greeted.isOneTooMany
    const connection = new ClientConnection({ ...arrival, id, carrier, nonce }, this.#context)
    this.#connections.count()
    if (!greeted.isGreeted) connection.greet()
    if (hasRoom) {
      this.#connections.add(connection)
      this.#checkAtLeastEvery(connection.pingIntervalMs)
    } else if (this.#isLeaving) connection.close('Server Shutdown')
    // Those that are refused do not count: they would keep others out while they say goodbye.
    else connection.close(TOO_MANY, TOO_MANY_TEXT)
    return connection
  }

  #info({ listener, from, id, nonce }: { listener: ProfileHolder; from: RemoteAddress; id: number; nonce: string }) {
    const { identity, limits } = this.#context
    const { maxPayloadBytes, supportsHeaders } = limits
    const facts = { identity, profile: listener.current, remote: from, clientId: id, nonce }
    return infoFor({ ...facts, maxPayloadBytes, supportsHeaders })
  }

  #nonceFor({ current }: ProfileHolder): string {
    return current.authenticator.usesNonce ? newNonce(this.#context.randomBytes) : ''
  }

  /** Looks at all connections twice in every such interval from now on, unless it does so more often. */
  #checkAtLeastEvery(pingIntervalMs: number): void {
    const everyMs = Math.max(SHORTEST_LIFE_CHECK_MS, Math.min(LIFE_CHECK_MS, pingIntervalMs / 2))
    if (everyMs >= this.#checkEveryMs) return
    this.#checkEveryMs = everyMs
    this.#checks?.cancel()
    this.#checks = this.#context.clock.every(everyMs, () => {
      const now = this.#context.clock.now()
      this.#context.recently = now
      for (const connection of this.#connections) connection.checkLife(now)
    })
  }
}
