import type { Clock } from '#kit'
import { MessageAssembler, type MessageAssemblerOptions, type MessageHandler } from '#wire/websocket'
import type { WebSocketCarrier } from './websocket-carrier.ts'

/** What a peer may say as fast as it likes, framing included. */
const BURST_BYTES = 256 * 1024

/** What it may say from then on, and regains while it says less. */
const BYTES_PER_SECOND = 64 * 1024

/** A read of a socket is at most 64 KiB, and Node makes up to 32 of them before it looks at anybody else's. */
const LONG_READ_BYTES = 16 * 1024

const NOTHING = () => {}

/**
 * Reads whole messages at a bounded pace, for peers that have little to say: a few dozen that say something without a
 * pause, be it pings or empty messages, would keep the event loop from everybody else for seconds.
 */
export class PacedAssembler extends MessageAssembler {
  readonly #carrier: WebSocketCarrier
  readonly #clock: Clock
  #creditBytes = BURST_BYTES
  /** Of the credit. Milliseconds since the epoch. */
  #asOfMs: number

  constructor(carrier: WebSocketCarrier, clock: Clock, options: MessageAssemblerOptions, handler: MessageHandler) {
    super(options, handler)
    this.#carrier = carrier
    this.#clock = clock
    this.#asOfMs = clock.now()
  }

  override feed(chunk: Buffer): void {
    super.feed(chunk)
    const nowMs = this.#clock.now()
    // A clock that was set back regains nothing.
    const regained = (Math.max(0, nowMs - this.#asOfMs) * BYTES_PER_SECOND) / 1000
    this.#asOfMs = nowMs
    this.#creditBytes = Math.min(BURST_BYTES, this.#creditBytes + regained) - chunk.length
    if (this.#creditBytes < 0) this.#carrier.rest(NOTHING, (-this.#creditBytes * 1000) / BYTES_PER_SECOND)
    else if (chunk.length >= LONG_READ_BYTES) this.#carrier.rest(NOTHING)
  }
}
