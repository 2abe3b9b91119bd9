import type { Socket } from 'node:net'
import type { Batch, Framing } from '#core'
import type { Timer } from '#kit'
import {
  encodeClose,
  encodeFrame,
  type FrameHandler,
  frameHeaderLength,
  Opcode,
  WebSocketError,
  writeFrameHeader,
} from '#wire/websocket'
import type { Carrier, CarrierReceiver, RemoteAddress } from './carrier.ts'
import { SocketLink, type SocketLinkOptions } from './socket-link.ts'

/** How long the other end may take to answer our close frame. */
const CLOSE_ANSWER_MS = 2_000

/** With more than this waiting to be sent, pings are left unanswered: a peer that floods us does not read the answers. */
const MAX_BACKLOG_FOR_PONG_BYTES = 64 * 1024

/** Everything of one turn in one binary frame. One object for all connections, so that they share what was encoded. */
const BINARY_FRAME: Framing = {
  encode(batch: Batch): Buffer {
    const headerBytes = frameHeaderLength(batch.byteLength)
    const frame = Buffer.allocUnsafe(headerBytes + batch.byteLength)
    writeFrameHeader(frame, 0, Opcode.BINARY, true, false, batch.byteLength)
    batch.copyTo(frame, headerBytes)
    return frame
  },
}

/** What a reader does with control frames: the carrier's own business. */
export type ControlHandler = Pick<FrameHandler, 'onPing' | 'onPong' | 'onClose'>

/** Takes the bytes apart: a `FrameReader` or a `MessageAssembler`. Throws `WebSocketError`. */
export interface FrameSource {
  feed(chunk: Buffer): void
}

/** The server's side of one WebSocket, after the handshake. */
export class WebSocketCarrier implements Carrier {
  readonly framing = BINARY_FRAME
  readonly #options: SocketLinkOptions
  readonly #link: SocketLink
  #reader: FrameSource | undefined
  #receiver: CarrierReceiver | undefined
  #isClosing = false
  #closeTimer: Timer | undefined
  #error: Error | undefined

  constructor(socket: Socket, options: SocketLinkOptions) {
    this.#options = options
    this.#link = new SocketLink(
      socket,
      {
        onBytes: (chunk) => this.#read(chunk),
        onEnded: () => this.#leave(undefined),
        onStalled: () => this.#receiver?.onStalled(),
        onClosed: (error) => this.#gone(error),
      },
      options,
    )
  }

  get remote(): RemoteAddress {
    return this.#link.remote
  }

  get backlogBytes(): number {
    return this.#link.backlogBytes
  }

  get isClosing(): boolean {
    return this.#isClosing
  }

  /**
   * Reading begins, first with `head`, which came along with the handshake. Call it once, in the turn in which the
   * carrier was made. `createReader` is given what to do with control frames.
   */
  start(receiver: CarrierReceiver, createReader: (control: ControlHandler) => FrameSource, head: Buffer): void {
    this.#receiver = receiver
    this.#reader = createReader({
      onPing: (payload) => this.#answerPing(payload),
      onPong: () => {},
      onClose: (code, reason) => this.#answerClose(code, reason),
    })
    this.#link.start(head)
  }

  /** `bytes` are whole frames, from `framing`. */
  write(bytes: Buffer): void {
    if (!this.#isClosing) this.#link.write(bytes)
  }

  pause(isPaused: boolean): void {
    this.#link.pause(isPaused)
  }

  /** Sends a close frame and waits for the answer, for two seconds at most. */
  close(code: number, reason: string): void {
    if (this.#isClosing) return
    this.#link.write(encodeClose(code, reason))
    this.#isClosing = true
    this.#closeTimer = this.#options.clock.after(CLOSE_ANSWER_MS, () => this.#link.destroy())
  }

  destroy(): void {
    this.#link.destroy()
  }

  #read(chunk: Buffer): void {
    try {
      this.#reader?.feed(chunk)
    } catch (error) {
      if (!(error instanceof WebSocketError)) throw error
      this.#error = error
      this.#leave(error, encodeClose(error.closeCode, error.message))
    }
  }

  #answerPing(payload: Buffer): void {
    if (this.#isClosing || this.#link.backlogBytes > MAX_BACKLOG_FOR_PONG_BYTES) return
    this.#link.write(encodeFrame(Opcode.PONG, payload))
  }

  /** RFC 6455 §5.5.1: the answer typically echoes the status. The server then closes the TCP connection first (§7.1.1). */
  #answerClose(code: number | undefined, reason: string): void {
    this.#leave(undefined, encodeClose(code, reason))
  }

  /** The peer goes first; `answer` is its close frame's, unless ours went out before. */
  #leave(error: Error | undefined, answer?: Buffer): void {
    if (!this.#isClosing) {
      this.#receiver?.onClosing?.(error)
      if (answer !== undefined) this.#link.write(answer)
      this.#isClosing = true
    }
    this.#link.end()
  }

  #gone(error: Error | undefined): void {
    this.#closeTimer?.cancel()
    this.#receiver?.onClosed(this.#error ?? error)
  }
}
