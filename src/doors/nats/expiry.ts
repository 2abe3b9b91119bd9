import type { Clock, Timer } from '#kit'

/** Timers of Node cannot wait longer than 24.8 days. */
const LONGEST_WAIT_MS = 24 * 60 * 60 * 1000

/** Says when a moment has come, however far away it is. */
export class ExpiryTimer {
  readonly #clock: Clock
  readonly #onExpired: () => void
  #timer: Timer | undefined

  constructor(clock: Clock, onExpired: () => void) {
    this.#clock = clock
    this.#onExpired = onExpired
  }

  /** Milliseconds since the epoch, instead of what was set before; `undefined`: never. In a later turn at the earliest. */
  set(atMs: number | undefined): void {
    this.#timer?.cancel()
    this.#timer = undefined
    if (atMs === undefined) return
    const leftMs = Math.max(0, atMs - this.#clock.now())
    this.#timer = this.#clock.after(Math.min(leftMs, LONGEST_WAIT_MS), () => {
      if (leftMs > LONGEST_WAIT_MS) this.set(atMs)
      else this.#onExpired()
    })
  }
}
