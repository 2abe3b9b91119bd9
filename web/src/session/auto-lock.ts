import type { Clock } from './clock.ts'

/** How late it may be noticed that the time is up; a minute in a tab that nobody sees, whose timers browsers slow down. */
const LOOK_EVERY_MS = 5_000
const MS_PER_MINUTE = 60_000

export interface AutoLockOptions {
  readonly clock: Clock
  /** Null: it never runs out. Asked each time, so that a change counts at once. */
  readonly minutes: () => number | null
  /** The time is up. */
  readonly expire: () => void
}

/**
 * Sees to it that a vault that nobody uses does not stay open. It looks at the time of day, because timers stand still
 * while the machine sleeps.
 */
export class AutoLock {
  readonly #options: AutoLockOptions
  #lastInputMs = 0
  #timer: { cancel(): void } | undefined

  constructor(options: AutoLockOptions) {
    this.#options = options
  }

  /** Counts from now on. */
  start(): void {
    this.stop()
    this.#lastInputMs = this.#options.clock.now()
    this.#timer = this.#options.clock.every(LOOK_EVERY_MS, () => void this.check())
  }

  stop(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }

  /** There was input. What comes too late, when the machine wakes up, keeps nothing open. */
  touch(): void {
    if (this.#timer !== undefined && this.check()) this.#lastInputMs = this.#options.clock.now()
  }

  /** Whether there is time left; when there is none, it is over now. To be called when a page comes into view, too. */
  check(): boolean {
    if (this.#timer === undefined) return false
    const { clock, minutes, expire } = this.#options
    const now = clock.now()
    // The clock was set back: that must not keep it open for longer.
    this.#lastInputMs = Math.min(this.#lastInputMs, now)
    const limit = minutes()
    if (limit === null || now - this.#lastInputMs < limit * MS_PER_MINUTE) return true
    this.stop()
    expire()
    return false
  }
}
