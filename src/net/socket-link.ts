import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Clock, Logger, Timer } from '#kit'
import type { RemoteAddress } from './carrier.ts'
import { OutboundQueue } from './outbound-queue.ts'
import { remoteOf } from './remote-address.ts'

/** How long a connection that we ended may take to go away before it is cut. */
const LINGER_MS = 2_000

export interface SocketLinkOptions {
  readonly clock: Clock
  readonly logger: Logger
  /** A connection that waits with something to send, and gets nothing sent for this long, has stalled. */
  readonly writeDeadlineMs: number
  /** Who is at the other end, where that is not whom the socket has there; default: `remoteOf` the socket. */
  readonly remote?: RemoteAddress | undefined
}

/** A TCP or TLS socket, or the stream that somebody's own HTTP server has in its place. */
export type SocketStream = Duplex &
  Partial<Pick<Socket, 'setNoDelay' | 'setTimeout' | 'remoteAddress' | 'remotePort' | 'destroySoon'>>

export interface SocketLinkOwner {
  onBytes(chunk: Buffer): void
  /** The peer ended its half of the connection; ours ends right after this. */
  onEnded(): void
  onStalled(): void
  onClosed(error: Error | undefined): void
}

/** Where a socket has its link. */
const LINK = Symbol('link')

type LinkedStream = SocketStream & { [LINK]?: SocketLink }

/**
 * One socket with what every carrier needs of it: bounded lingering, a write deadline, one report of its end. Ten
 * thousand of them may have nothing to do, so it makes no closures and keeps no options of its own.
 */
export class SocketLink {
  /** Of all sockets together: each has its link with it. */
  static readonly #listeners = {
    data(this: LinkedStream, chunk: Buffer): void {
      this[LINK]!.#read(chunk)
    },
    // Node says so even while nobody reads. What the owner has yet to look at came before.
    end(this: LinkedStream): void {
      const link = this[LINK]!
      if (link.#isPaused) link.#hasEnded = true
      else link.#peerEnded()
    },
    error(this: LinkedStream, error: Error): void {
      this[LINK]!.#error ??= error
    },
    close(this: LinkedStream): void {
      this[LINK]!.#gone()
    },
  }

  readonly remote: RemoteAddress
  readonly #socket: SocketStream
  readonly #owner: SocketLinkOwner
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #writeDeadlineMs: number
  readonly #queue: OutboundQueue
  #error: Error | undefined
  #isPaused = false
  /** The peer ended its half, and the owner has not been told. */
  #hasEnded = false
  #deadline: Timer | undefined
  #linger: Timer | undefined

  constructor(socket: SocketStream, owner: SocketLinkOwner, options: SocketLinkOptions) {
    this.#socket = socket
    this.#owner = owner
    this.#clock = options.clock
    this.#logger = options.logger
    this.#writeDeadlineMs = options.writeDeadlineMs
    this.#queue = new OutboundQueue(socket)
    this.remote = options.remote ?? remoteOf(socket)
    socket.setNoDelay?.(true)
    socket.setTimeout?.(0)
    const linked: LinkedStream = socket
    linked[LINK] = this
    const { error, close, end } = SocketLink.#listeners
    linked.on('error', error).on('close', close).on('end', end)
  }

  /** Bytes the operating system has not taken yet. */
  get backlogBytes(): number {
    return this.#queue.byteLength
  }

  /** From now on the owner gets what arrives; `head` is what arrived before. */
  start(head?: Buffer): void {
    const { closed, readableEnded } = this.#socket
    if (head !== undefined && head.length > 0) this.#read(head)
    // It says neither twice, and whoever connected it may have been slow to listen.
    if (closed) setImmediate(() => this.#gone())
    else if (readableEnded) setImmediate(() => !this.#socket.destroyed && this.#peerEnded())
    this.#socket.on('data', SocketLink.#listeners.data)
    this.#socket.resume()
  }

  write(bytes: Buffer): void {
    if (!this.#socket.writable) return
    this.#queue.write(bytes)
    if (this.#deadline === undefined && this.#queue.byteLength > 0) this.#watch()
  }

  pause(isPaused: boolean): void {
    this.#isPaused = isPaused
    if (isPaused) this.#socket.pause()
    else {
      this.#socket.resume()
      if (this.#hasEnded) this.#peerEnded()
    }
  }

  /** Sends what is queued, then ends; a peer that does not go along is cut after two seconds. */
  end(): void {
    if (!this.#socket.writable) return
    this.#queue.flush()
    this.#socket.end()
    this.#linger ??= this.#clock.after(LINGER_MS, () => this.#socket.destroy())
  }

  destroy(): void {
    this.#socket.destroy()
  }

  /** What an owner does outside of a read. */
  attempt(work: () => void): void {
    if (this.#socket.destroyed) return
    try {
      work()
    } catch (error) {
      this.#fail(error)
    }
  }

  #read(chunk: Buffer): void {
    try {
      this.#owner.onBytes(chunk)
    } catch (error) {
      this.#fail(error)
    }
  }

  /** What an owner throws is a bug of ours. It costs this connection, and no other. */
  #fail(error: unknown): void {
    this.#logger.error({ error, address: this.remote.address }, 'connection failed')
    this.#socket.destroy()
  }

  /** Nothing more will be asked, so what is queued is sent and our half ends too. */
  #peerEnded(): void {
    this.#hasEnded = false
    this.#owner.onEnded()
    this.end()
  }

  /** Armed only while something waits, so an idle connection has no timer. */
  #watch(): void {
    const { progress } = this.#queue
    this.#deadline = this.#clock.after(this.#writeDeadlineMs, () => {
      this.#deadline = undefined
      if (this.#socket.destroyed || this.#queue.byteLength === 0) return
      if (this.#queue.progress === progress) this.#owner.onStalled()
      else this.#watch()
    })
  }

  #gone(): void {
    this.#deadline?.cancel()
    this.#linger?.cancel()
    this.#owner.onClosed(this.#error)
  }
}
