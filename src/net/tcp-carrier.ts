import type { Socket } from 'node:net'
import type { Batch, Framing } from '#core'
import type { Carrier, RemoteAddress, StreamReceiver } from './carrier.ts'
import { SocketLink, type SocketLinkOptions, type SocketLinkOwner } from './socket-link.ts'

/** Bytes as they are. One object for all connections, so that they share what was encoded. */
const PLAIN: Framing = {
  encode(batch: Batch): Buffer {
    const bytes = Buffer.allocUnsafe(batch.byteLength)
    batch.copyTo(bytes, 0)
    return bytes
  },
}

/** A byte stream over TCP or TLS. */
export class TcpCarrier implements Carrier, SocketLinkOwner {
  readonly framing = PLAIN
  readonly #link: SocketLink
  #receiver: StreamReceiver | undefined

  constructor(socket: Socket, options: SocketLinkOptions) {
    this.#link = new SocketLink(socket, this, options)
  }

  get remote(): RemoteAddress {
    return this.#link.remote
  }

  get backlogBytes(): number {
    return this.#link.backlogBytes
  }

  /** Reading begins. Call it once, in the turn in which the carrier was made. */
  start(receiver: StreamReceiver): void {
    this.#receiver = receiver
    this.#link.start()
  }

  write(bytes: Buffer): void {
    this.#link.write(bytes)
  }

  pause(isPaused: boolean): void {
    this.#link.pause(isPaused)
  }

  close(): void {
    this.#link.end()
  }

  destroy(): void {
    this.#link.destroy()
  }

  onBytes(chunk: Buffer): void {
    this.#receiver?.onBytes(chunk)
  }

  onEnded(): void {
    this.#receiver?.onClosing?.(undefined)
  }

  onStalled(): void {
    this.#receiver?.onStalled()
  }

  onClosed(error: Error | undefined): void {
    this.#receiver?.onClosed(error)
  }
}
