import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { KeyedPlaces, type Logger, networkOf } from '#kit'
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
import { newNonce } from '../../arrival.ts'
import { type ConnectionSnapshot, type TlsSnapshot, tlsSnapshotOf } from '../../connection-snapshot.ts'
import type { UpgradeEntry } from '../../profile.ts'
import { recheck } from '../../recheck.ts'
import { enterByTls, type TcpTls } from '../../tcp-entrance.ts'
import { LeafConnection } from '../connection.ts'
import type { LeafContext } from '../context.ts'
import type { LeafDoor } from '../door.ts'
import { AcceptedLeaf, infoOf } from './accepted-leaf.ts'
import type { LeafProfile, LeafProfileHolder } from './profile.ts'

/**
 * Connections that have yet to become links: those who made them have shown nothing so far. Servers are few; of one
 * network there may be more than of others where many are behind one address.
 */
const MAX_WAITING = 1024
const MAX_WAITING_OF_NETWORK = 512

/** A connection as the TCP listener sees it. */
export interface LeafSocketOptions {
  /** The other server itself; default: whom `remoteOf` knows at the other end of the socket. */
  readonly remote?: RemoteAddress | undefined
  /** Where it is said that somebody did not come in; default: where everything is. */
  readonly failures?: Logger
}

/** An upgrade as its WebSocket listener sees it. */
export interface LeafUpgradeOptions
  extends Partial<Omit<StreamAcceptOptions, 'clock' | 'logger' | 'writeDeadlineMs' | 'receiver'>> {
  readonly listener: LeafProfileHolder
  readonly upgrade: UpgradeEntry
}

interface Newcomer {
  readonly id: number
  readonly nonce: string
  readonly tls?: TlsSnapshot | undefined
  readonly upgrade?: UpgradeEntry | undefined
  readonly isGreeted?: boolean
  /** Of the place that it took. */
  leave(): void
}

/** Lets other servers in as leaf nodes, over TCP and over WebSocket. */
export class LeafAcceptor {
  readonly #door: LeafDoor
  readonly #context: LeafContext
  /** The oldest first. */
  readonly #leafs = new Set<AcceptedLeaf>()
  /** Those that have not finished TLS. */
  readonly #entering = new Set<Socket>()
  readonly #places = new KeyedPlaces({ max: MAX_WAITING, maxPerKey: MAX_WAITING_OF_NETWORK })
  #isLeaving = false

  constructor(door: LeafDoor) {
    this.#door = door
    this.#context = door.context
  }

  /** Takes over a connection of a TCP listener. */
  acceptSocket(socket: Socket, listener: LeafProfileHolder, options: LeafSocketOptions = {}): void {
    const { remote = remoteOf(socket), failures = this.#context.logger } = options
    const leave = this.#enter(remote, failures)
    if (leave === undefined) {
      socket.destroy()
      return
    }
    socket.once('close', leave)
    const { tls } = listener.current
    const newcomer = { id: this.#door.nextId(), nonce: newNonce(this.#context.randomBytes), leave }
    if (tls === undefined) this.#startTcp(socket, listener, { ...newcomer, remote })
    else void this.#acceptTls(socket, listener, { ...newcomer, remote, tcpTls: tls, failures })
  }

  /** Takes over a socket whose request asks for an upgrade to leaf nodes over WebSocket, and answers it. */
  acceptUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer, options: LeafUpgradeOptions): void {
    const { listener, upgrade, ...accept } = options
    const { clock, logger, refusals = logger } = this.#context
    acceptWebSocketStream(request, socket, head, {
      onRefused: (reason) => refusals.info({ address: request.socket.remoteAddress, reason }, 'upgrade refused'),
      ...accept,
      clock,
      logger,
      writeDeadlineMs: this.#writeDeadlineMs(listener),
      receiver: (carrier) => {
        const leave = this.#enter(carrier.remote, refusals)
        if (leave === undefined) {
          carrier.destroy()
          return DEAF
        }
        socket.once('close', leave)
        const nonce = newNonce(this.#context.randomBytes)
        return this.#welcome(carrier, listener, {
          id: this.#door.nextId(),
          nonce,
          upgrade,
          tls: tlsSnapshotOf(socket),
          leave,
        })
      },
    })
  }

  /** As `NatsDoor.unwelcome`. */
  async unwelcome(
    profileOf: (listener: LeafProfileHolder) => LeafProfile = ({ current }) => current,
  ): Promise<ConnectionSnapshot[]> {
    const found: ConnectionSnapshot[] = []
    for (const leaf of [...this.#leafs]) {
      const reason = leaf.hasLeft ? undefined : await leaf.objection(profileOf)
      if (reason !== undefined) found.push({ ...leaf.snapshot(), reason })
    }
    return found
  }

  /** As `NatsDoor.recheck`. */
  recheck(which?: (connection: ConnectionSnapshot) => boolean): Promise<ConnectionSnapshot[]> {
    return recheck(this.#leafs, { which, clock: this.#context.clock })
  }

  /** Lets nobody in any more. Those who are in end with the door. */
  close(): void {
    this.#isLeaving = true
    for (const socket of this.#entering) socket.destroy()
  }

  /** What is answered gives the place back. */
  #enter(remote: RemoteAddress, failures: Logger): (() => void) | undefined {
    const leave = this.#isLeaving ? undefined : this.#places.enter(networkOf(remote.address))
    if (leave === undefined && !this.#isLeaving) {
      failures.warn({ ...remote, reason: 'too many connections have yet to log in' }, 'leaf node turned away')
    }
    return leave && once(leave)
  }

  async #acceptTls(
    socket: Socket,
    listener: LeafProfileHolder,
    entering: Newcomer & { readonly remote: RemoteAddress; readonly tcpTls: TcpTls; readonly failures: Logger },
  ): Promise<void> {
    const { id, nonce, remote, tcpTls, failures } = entering
    const { clock } = this.#context
    this.#entering.add(socket)
    try {
      const line = () => infoLine(infoOf(this.#context, id, { profile: listener.current, nonce }))
      const entered = await enterByTls(socket, tcpTls, { clock, infoLine: line })
      this.#entering.delete(socket)
      if (!entered.socket.destroyed) this.#startTcp(entered.socket, listener, { ...entering, ...entered })
    } catch (error) {
      const { message, isProbe } = error as Error & { readonly isProbe?: boolean }
      const fields = { leaf: id, ...remote, reason: message }
      if (isProbe) failures.debug(fields, 'TLS handshake failed')
      else failures.warn(fields, 'TLS handshake failed')
    } finally {
      this.#entering.delete(socket)
    }
  }

  #startTcp(
    socket: Socket,
    listener: LeafProfileHolder,
    { remote, ...newcomer }: Newcomer & { readonly remote: RemoteAddress },
  ): void {
    const { clock, logger } = this.#context
    const writeDeadlineMs = this.#writeDeadlineMs(listener)
    const carrier = new TcpCarrier(socket, { clock, logger, writeDeadlineMs, remote })
    carrier.start(this.#welcome(carrier, listener, { ...newcomer, tls: tlsSnapshotOf(socket) }))
  }

  #welcome(carrier: Carrier, listener: LeafProfileHolder, newcomer: Newcomer): StreamReceiver {
    const { id, nonce, tls, upgrade, isGreeted = false, leave } = newcomer
    const context = this.#context
    let leaf: AcceptedLeaf | undefined
    const connection = new LeafConnection({
      id,
      carrier,
      context,
      isWebSocket: upgrade !== undefined,
      awaitsConnect: true,
      pingIntervalMs: () => listener.current.pingIntervalMs ?? context.limits.pingIntervalMs,
      writeTimeoutPolicy: listener.current.writeTimeoutPolicy,
      handshake: (self) => {
        leaf = new AcceptedLeaf({
          connection: self,
          context,
          listener,
          nonce,
          tls,
          upgrade,
          all: () => this.#leafs,
          onLinked: leave,
          onEnd: () => leaf && this.#leafs.delete(leaf),
        })
        return leaf
      },
    })
    if (leaf === undefined) throw new Error('unreachable')
    this.#leafs.add(leaf)
    if (!isGreeted) leaf.greet()
    this.#door.enter(connection)
    if (this.#isLeaving) connection.close('Server Shutdown')
    return connection
  }

  #writeDeadlineMs({ current }: LeafProfileHolder): number {
    return current.writeDeadlineMs ?? this.#context.limits.writeDeadlineMs
  }
}

function once(action: () => void): () => void {
  let isDone = false
  return () => {
    if (!isDone) action()
    isDone = true
  }
}

/** Who is not let in has nothing to say. */
const DEAF: StreamReceiver = { onBytes() {}, onStalled() {}, onClosed() {} }
