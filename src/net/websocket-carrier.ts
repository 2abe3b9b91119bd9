import type { Clock, Timer } from '#kit'
import { closePayload, encodeFrame, type FrameHandler, Opcode, WebSocketError } from '#wire/websocket'
import type { Carrier, CarrierReceiver, RemoteAddress } from './carrier.ts'
import { FrameQueue } from './frame-queue.ts'
import { SocketLink, type SocketLinkOptions, type SocketLinkOwner, type SocketStream } from './socket-link.ts'
import { BINARY_FRAME, TEXT_FRAME, type WebSocketFraming } from './websocket-framing.ts'

/** How long the other end may take to answer our close frame. */
const CLOSE_ANSWER_MS = 2_000

/** With more than this waiting to be sent, pings are left unanswered: a peer that floods us does not read the answers. */
const MAX_BACKLOG_FOR_PONG_BYTES = 64 * 1024

/** What client and server agreed on when they upgraded. */
export interface WebSocketAgreement {
  /** Either side may compress messages (RFC 7692, no context takeover). */
  readonly isCompressed: boolean
  /** The client masks its frames, as it has to unless `Nats-No-Masking` was agreed on. */
  readonly isMasked: boolean
  /** The client calls itself a browser: it gets short frames. */
  readonly isBrowser: boolean
  /** This side is the client; where it is the server, nothing is said. */
  readonly isClient?: true
}

/** Unlike the pongs that some clients send by themselves, to keep the connection alive. */
const READ_SO_FAR = Buffer.from('read?')
const ASK_TAKEN = encodeFrame(Opcode.PING, READ_SO_FAR)

const NOTHING_AGREED: WebSocketAgreement = { isCompressed: false, isMasked: true, isBrowser: false }

/** What a reader does with control frames: the carrier's own business. */
export type ControlHandler = Pick<FrameHandler, 'onPing' | 'onPong' | 'onClose'>

/** Takes the bytes apart: a `FrameReader` or a `MessageAssembler`. Throws `WebSocketError`. */
export interface FrameSource {
  feed(chunk: Buffer): void
  /** Nothing more comes, or matters: what was kept may go. May be called from inside `feed`, and more than once. */
  stop(): void
  /** Hands on nothing more until `resume`, of what it has in hand either. May be called from inside `feed`. */
  pause?(): void
  /** Never called from inside `feed`. Throws as that does. */
  resume?(): void
}

/**
 * One side of a WebSocket, after the handshake: the server's, unless it was agreed that we are the client, with a
 * `ClientFraming` then. What its link and its reader have to tell comes to the `on…`
 * methods: an object between them would cost each of ten thousand idle connections as much as they do.
 */
export class WebSocketCarrier implements Carrier, SocketLinkOwner, ControlHandler {
  readonly agreed: WebSocketAgreement
  readonly #clock: Clock
  readonly #link: SocketLink
  #framing: WebSocketFraming
  /** Made for the first frames that have to be waited for; most connections never send any. */
  #queue: FrameQueue | undefined
  #reader: FrameSource | undefined
  #receiver: CarrierReceiver | undefined
  #isClosing = false
  /** By the receiver, which wants nothing for now. */
  #isPaused = false
  /** What the reader goes on with when others have had their turn. */
  #afterRest: (() => void) | undefined
  #closeTimer: Timer | undefined
  /** There while it rests for a time. */
  #restTimer: Timer | undefined
  #error: Error | undefined

  constructor(
    socket: SocketStream,
    options: SocketLinkOptions,
    agreed: WebSocketAgreement = NOTHING_AGREED,
    framing: WebSocketFraming = BINARY_FRAME,
  ) {
    this.#clock = options.clock
    this.agreed = agreed
    this.#framing = framing
    this.#link = new SocketLink(socket, this, options)
  }

  get framing(): WebSocketFraming {
    return this.#framing
  }

  /** Whether the peer has to mask its frames, and may not leave them as they are. */
  get isPeerMasked(): boolean {
    return this.agreed.isMasked && this.agreed.isClient === undefined
  }

  get remote(): RemoteAddress {
    return this.#link.remote
  }

  get backlogBytes(): number {
    return this.#link.backlogBytes + (this.#queue?.byteLength ?? 0)
  }

  get isClosing(): boolean {
    return this.#isClosing
  }

  /**
   * Reading begins, first with `head`, which came along with the handshake. Call it once, in the turn in which the
   * carrier was made. `reader` hands control frames to the carrier, and the rest to whom it likes.
   */
  start(receiver: CarrierReceiver, reader: FrameSource, head: Buffer): void {
    this.#receiver = receiver
    this.#reader = reader
    this.#link.start(head)
  }

  /** On the server's side. */
  sendText(): void {
    this.#framing = TEXT_FRAME
  }

  /** Peers answer a ping when they come to it, so they have what went out before it. */
  askTaken(): void {
    this.write(this.#framing.control?.(Opcode.PING, READ_SO_FAR) ?? ASK_TAKEN)
  }

  /** `bytes` are what `framing` answered, or other whole frames. */
  write(bytes: Buffer): void {
    if (this.#isClosing) return
    const late = this.#framing.late?.(bytes)
    if (late === undefined && !this.#queue?.byteLength) {
      this.#link.write(bytes)
      return
    }
    this.#queue ??= new FrameQueue((frames) => this.#link.write(frames))
    this.#queue.push(late ?? bytes)
  }

  /**
   * Does nothing from the goodbye on: what the peer still says has to be read for the close frame to get through. What
   * of a read was not handed on when it is paused waits as well, a close frame too.
   */
  pause(isPaused: boolean): void {
    if (this.#isClosing) return
    this.#isPaused = isPaused
    const reader = this.#reader
    if (isPaused && reader?.pause !== undefined) {
      reader.pause()
      this.#afterRest ??= () => reader.resume?.()
      this.#link.pause(true)
    } else if (this.#afterRest === undefined) this.#link.pause(isPaused)
    else if (!isPaused && this.#restTimer === undefined) this.#goOnSoon()
  }

  /**
   * For the reader, when what it has in hand is too much for one turn of the event loop: nothing more is read until
   * `goOn` was called, in a later turn, at the earliest in `ms`, once the receiver takes something again.
   */
  rest(goOn: () => void, ms = 0): void {
    this.#afterRest = goOn
    this.#link.pause(true)
    if (ms === 0) {
      this.#goOnSoon()
      return
    }
    this.#restTimer?.cancel()
    this.#restTimer = this.#clock.after(ms, () => {
      this.#restTimer = undefined
      this.#goOn()
    })
  }

  /** Sends a close frame and waits for the answer, for two seconds at most. */
  close(code: number, reason: string): void {
    if (this.#isClosing) return
    this.#sayGoodbye(this.#closeFrame(code, reason))
    this.#cutLater()
  }

  destroy(): void {
    this.#link.destroy()
  }

  onBytes(chunk: Buffer): void {
    this.#answered(() => this.#reader?.feed(chunk))
  }

  onEnded(): void {
    // It may still read, though it said no goodbye.
    this.#leave(undefined, this.#closeFrame(1000, 'Client Closed'))
  }

  onStalled(): void {
    this.#receiver?.onStalled()
  }

  onClosed(error: Error | undefined): void {
    this.#closeTimer?.cancel()
    this.#restTimer?.cancel()
    this.#afterRest = undefined
    this.#queue?.drop()
    this.#reader?.stop()
    this.#receiver?.onClosed(this.#error ?? error)
  }

  onPing(payload: Buffer): void {
    if (this.#isClosing || this.backlogBytes > MAX_BACKLOG_FOR_PONG_BYTES) return
    this.#link.write(this.#control(Opcode.PONG, payload))
  }

  onPong(payload: Buffer): void {
    if (payload.equals(READ_SO_FAR)) this.#receiver?.onTaken?.()
  }

  /** RFC 6455 §5.5.1: the answer typically echoes the status. The server then closes the TCP connection first (§7.1.1). */
  onClose(code: number | undefined, reason: string): void {
    this.#answer(undefined, this.#closeFrame(code, reason))
    if (this.agreed.isClient) this.#cutLater()
    else this.#link.end()
  }

  #goOnSoon(): void {
    setImmediate(() => this.#goOn())
  }

  #goOn(): void {
    const goOn = this.#afterRest
    if (goOn === undefined || (this.#isPaused && !this.#isClosing)) return
    this.#afterRest = undefined
    this.#link.attempt(() => this.#answered(goOn))
    if (this.#afterRest === undefined) this.#link.pause(this.#isPaused && !this.#isClosing)
  }

  /** A peer that breaks the rules is told so. */
  #answered(read: () => void): void {
    try {
      read()
    } catch (error) {
      if (!(error instanceof WebSocketError)) throw error
      this.#error = error
      this.#leave(error, this.#closeFrame(error.closeCode, error.message))
    }
  }

  #leave(error: Error | undefined, answer: Buffer): void {
    this.#answer(error, answer)
    this.#link.end()
  }

  /** The peer goes first; `answer` is its close frame's, unless ours went out before or the receiver says its own. */
  #answer(error: Error | undefined, answer: Buffer): void {
    if (!this.#isClosing) this.#receiver?.onClosing?.(error)
    if (!this.#isClosing) this.#sayGoodbye(answer)
  }

  /** Unless the peer closes the connection before. */
  #cutLater(): void {
    this.#closeTimer ??= this.#clock.after(CLOSE_ANSWER_MS, () => this.#link.destroy())
  }

  #closeFrame(code: number | undefined, reason: string): Buffer {
    return this.#control(Opcode.CLOSE, closePayload(code, reason))
  }

  #control(opcode: Opcode, payload: Buffer): Buffer {
    return this.#framing.control?.(opcode, payload) ?? encodeFrame(opcode, payload)
  }

  /** Behind all that was written before, uncompressed if it cannot be helped. */
  #sayGoodbye(closeFrame: Buffer): void {
    this.#queue?.settle()
    this.#link.write(closeFrame)
    this.#isClosing = true
    this.#link.pause(false)
    if (this.#afterRest !== undefined) this.#goOnSoon()
  }
}
