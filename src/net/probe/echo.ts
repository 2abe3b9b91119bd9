import type { Clock, Timer } from '#kit'
import { encodeFrame, Opcode } from '#wire/websocket'
import type { Carrier, MessageReceiver } from '../carrier.ts'

/** Longer than anybody waits to see a proxy's idle limit, and bounded. */
const LIFETIME_MS = 15 * 60_000

/** Who sends without reading is not answered for long. */
const MAX_BACKLOG_BYTES = 16 * 1024

/** A WebSocket that sends every message back, never says anything by itself, and ends after a quarter of an hour. */
export class Echo implements MessageReceiver {
  readonly #carrier: Carrier
  readonly #onGone: () => void
  readonly #lifetime: Timer

  constructor(carrier: Carrier, clock: Clock, onGone: () => void) {
    this.#carrier = carrier
    this.#onGone = onGone
    this.#lifetime = clock.after(LIFETIME_MS, () => this.close('the time of the probe is over'))
  }

  /** RFC 6455 §7.4.1: 1001 is "going away". */
  close(reason: string): void {
    this.#carrier.close(1001, reason)
  }

  onMessage(data: Buffer, isText: boolean | undefined): void {
    if (this.#carrier.backlogBytes > MAX_BACKLOG_BYTES) this.#carrier.destroy()
    else this.#carrier.write(encodeFrame(isText ? Opcode.TEXT : Opcode.BINARY, data))
  }

  onStalled(): void {
    this.#carrier.destroy()
  }

  onClosed(): void {
    this.#lifetime.cancel()
    this.#onGone()
  }
}
