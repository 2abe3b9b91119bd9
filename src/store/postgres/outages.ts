import type { Clock, Timer } from '#kit'

/** How often it is tried whether the database answers again. */
const TRY_EVERY_MS = 500

export interface OutagesOptions {
  readonly clock: Clock
  /** Rejects as long as the database does not answer. */
  readonly ping: () => Promise<void>
  /** See `StoreTools`. */
  readonly onOver: (sinceMs: number) => void
}

/** Times in which the database did not answer. */
export class Outages {
  readonly #options: OutagesOptions
  #sinceMs: number | undefined
  #timer: Timer | undefined
  #isTrying = false
  #isClosed = false

  constructor(options: OutagesOptions) {
    this.#options = options
  }

  /** What was asked then was not answered. Milliseconds since the Unix epoch. */
  begin(sinceMs: number): void {
    this.#sinceMs = Math.min(this.#sinceMs ?? sinceMs, sinceMs)
    this.#plan()
  }

  close(): void {
    this.#isClosed = true
    this.#timer?.cancel()
  }

  #plan(): void {
    if (this.#isClosed || this.#isTrying) return
    this.#timer ??= this.#options.clock.after(TRY_EVERY_MS, () => void this.#try())
  }

  async #try(): Promise<void> {
    this.#timer = undefined
    this.#isTrying = true
    const isOver = await this.#options.ping().then(
      () => true,
      () => false,
    )
    this.#isTrying = false
    if (this.#isClosed) return
    if (!isOver) {
      this.#plan()
      return
    }
    const sinceMs = this.#sinceMs!
    // What fails from here on belongs to another one.
    this.#sinceMs = undefined
    this.#options.onOver(sinceMs)
  }
}
