import { CompressionBudget, type FrameHandler, FrameReader, MessageInflater, WebSocketError } from '#wire/websocket'
import type { StreamReceiver } from './carrier.ts'
import type { FrameSource, WebSocketCarrier } from './websocket-carrier.ts'
import type { WebSocketCompression } from './websocket-compression.ts'

export interface StreamCompression {
  /** One for all listeners. */
  readonly shared: WebSocketCompression
  /** Asked for each message anew. A compressed message may have `maxPayloadBytes` when inflated, whatever is in it. */
  limits(): { readonly maxPayloadBytes: number }
}

export interface InflatingReaderOptions {
  readonly carrier: WebSocketCarrier
  readonly receiver: StreamReceiver
  readonly compression: StreamCompression
}

/**
 * What may be kept of an unfinished compressed message of a client that nobody knows yet. Its own, and not of the budget
 * for all: strangers must not be able to take that away from those who are in.
 */
const MAX_STRANGERS_UNFINISHED_BYTES = 64 * 1024

/** Inflating an empty message takes 5 to 7 µs, for seven bytes of a client that shows nothing. A login is one or two. */
const MAX_STRANGERS_MESSAGES = 1000

/**
 * What is inflated and handed on in one turn of the event loop. A read of 64 KiB may hold sixty messages that are a
 * megabyte each once they are inflated, ten million PINGs: in one turn they took ten seconds and more than a gigabyte.
 */
const MAX_PER_TURN_BYTES = 256 * 1024

/** The same of a client that nobody knows yet: while its login is looked into, the portion that brought it is kept. */
const MAX_STRANGERS_PORTION_BYTES = 16 * 1024

/** What a message counts for besides its bytes. */
const PER_MESSAGE_BYTES = 512

const NOTHING = Buffer.alloc(0)

/** Reads frames into a receiver: what is not compressed as it comes, what is when it is complete, in portions. */
export class InflatingReader implements FrameSource, FrameHandler {
  readonly #carrier: WebSocketCarrier
  readonly #receiver: StreamReceiver
  readonly #reader: FrameReader
  readonly #inflater: MessageInflater
  #strangersBudget: CompressionBudget | undefined
  #strangersMessages = 0
  /** Of the message that was inflated last, what has not been handed on. */
  #left: Buffer = NOTHING
  #inThisTurnBytes = 0
  #isPaused = false

  constructor({ carrier, receiver, compression }: InflatingReaderOptions) {
    const { shared, limits } = compression
    this.#carrier = carrier
    this.#receiver = receiver
    this.#inflater = new MessageInflater(
      { maxMessageBytes: () => limits().maxPayloadBytes, budget: () => this.#budget(shared.budget) },
      (data) => {
        this.#left = data
        this.#handOn()
      },
    )
    this.#reader = new FrameReader({ maskRequired: carrier.isPeerMasked, validateText: false }, this)
  }

  feed(chunk: Buffer): void {
    this.#inThisTurnBytes = 0
    this.#reader.feed(chunk)
  }

  pause(): void {
    this.#isPaused = true
    this.#reader.pause()
  }

  resume(): void {
    this.#goOn()
  }

  stop(): void {
    this.#left = NOTHING
    this.#reader.stop()
    this.#inflater.release()
  }

  onData(data: Buffer): void {
    if (!this.#carrier.isClosing) this.#receiver.onBytes(data)
  }

  onCompressed(data: Buffer, isLast: boolean): void {
    if (this.#carrier.isClosing) {
      this.#inflater.release()
      return
    }
    if (isLast && this.#receiver.isStranger && ++this.#strangersMessages > MAX_STRANGERS_MESSAGES) {
      throw new WebSocketError('OVERLOADED', 'too many compressed messages')
    }
    this.#inflater.add(data, isLast)
  }

  onPing(payload: Buffer): void {
    this.#carrier.onPing(payload)
  }

  onPong(): void {}

  onClose(code: number | undefined, reason: string): void {
    this.#carrier.onClose(code, reason)
  }

  #budget(shared: CompressionBudget): CompressionBudget {
    if (!this.#receiver.isStranger) return shared
    this.#strangersBudget ??= new CompressionBudget(MAX_STRANGERS_UNFINISHED_BYTES)
    return this.#strangersBudget
  }

  /** A portion of what is left. Whether there is room in this turn for more, which otherwise has to wait. */
  #handOn(): boolean {
    const portion = this.#left.subarray(0, this.#receiver.isStranger ? MAX_STRANGERS_PORTION_BYTES : MAX_PER_TURN_BYTES)
    this.#left = this.#left.subarray(portion.length)
    this.#inThisTurnBytes += portion.length + PER_MESSAGE_BYTES
    this.#receiver.onBytes(portion)
    if (this.#carrier.isClosing) this.#left = NOTHING
    else if (this.#isPaused || this.#left.length > 0 || this.#inThisTurnBytes >= MAX_PER_TURN_BYTES) {
      this.#reader.pause()
      this.#carrier.rest(this.#goOn)
      return false
    }
    return true
  }

  readonly #goOn = (): void => {
    this.#inThisTurnBytes = 0
    this.#isPaused = false
    if (this.#carrier.isClosing) this.#left = NOTHING
    if (this.#left.length === 0 || this.#handOn()) this.#reader.resume()
  }
}
