import type { Clock, Logger } from '#kit'
import { LONGEST_ASKED_MS } from '../retry-after.ts'
import { Backoff } from './backoff.ts'

const FIRST_PAUSE_MS = 1_000
const LONGEST_PAUSE_MS = 5 * 60_000

/**
 * So many users have to fail before all wait: of a browser's push service one may have had too much, or have subscribed to
 * something else at the same host.
 */
const MIN_WITNESSES = 3

export interface PausesOptions {
  /** For the log: `relay`, or the origin of a push service. */
  readonly destination: string
  readonly clock: Clock
  readonly logger: Logger
  /** From 0 to 1, without 1. Default: `Math.random`. */
  readonly random?: (() => number) | undefined
}

/** Somebody whose pushes fail. */
interface Failing {
  readonly backoff: Backoff
  /** Milliseconds since the Unix epoch. */
  pausedUntilMs: number
  /** Attempts that were begun by then. */
  pausedAtTurn: number
}

/** How long a push service is left alone that fails: for whom it fails, and for all when those are several. */
export class Pauses {
  readonly #options: PausesOptions
  readonly #backoff: Backoff
  /** Whose pushes fail, until one is answered. */
  readonly #failing = new Map<string, Failing>()
  /** Those of them who have failed since the service last answered anybody. */
  readonly #witnesses = new Set<string>()
  /** Attempts so far. */
  #turns = 0
  /** Of them, those that were begun when all had to wait last. */
  #pausedAtTurn = 0
  #untilMs = 0
  /** Since when it fails for anybody; undefined: it does not. Milliseconds since the Unix epoch. */
  #failsSinceMs: number | undefined

  constructor(options: PausesOptions) {
    this.#options = options
    this.#backoff = this.#newBackoff()
  }

  /** Nobody is told anything before. Milliseconds since the Unix epoch. */
  get untilMs(): number {
    return this.#untilMs
  }

  /** Whether it fails whoever it is asked for. */
  get isForAll(): boolean {
    return this.#witnesses.size >= MIN_WITNESSES
  }

  /** Whether there is nothing that anybody would have to wait for. */
  get isOver(): boolean {
    const now = this.#options.clock.now()
    if (now < this.#untilMs) return false
    for (const { pausedUntilMs } of this.#failing.values()) if (now < pausedUntilMs) return false
    return true
  }

  /** When that user's turn may come; undefined: theirs do not fail. Milliseconds since the Unix epoch. */
  untilMsFor(owner: string): number | undefined {
    return this.#failing.get(owner)?.pausedUntilMs
  }

  /** An attempt begins. Returns its number. */
  begin(): number {
    return ++this.#turns
  }

  /** The service has answered, whatever it said. */
  end(owner: string): void {
    const { destination, clock, logger } = this.#options
    this.#backoff.succeed()
    this.#witnesses.clear()
    this.#failing.delete(owner)
    this.#forgetOld()
    if (this.#failsSinceMs === undefined || this.#failing.size > 0) return
    const afterSeconds = Math.round((clock.now() - this.#failsSinceMs) / 1000)
    logger.info({ destination, afterSeconds }, 'push service answers again')
    this.#failsSinceMs = undefined
  }

  /** The attempt of that number has failed. Those that were under way together fail together: that is one failure. */
  pause(owner: string, { why, afterMs = 0, turn }: { why: string; afterMs?: number | undefined; turn: number }): void {
    const now = this.#options.clock.now()
    const failing = this.#failingOf(owner)
    if (turn > failing.pausedAtTurn) {
      const retryMs = failing.backoff.fail(afterMs)
      failing.pausedUntilMs = now + retryMs
      failing.pausedAtTurn = this.#turns
      this.#log(why, retryMs)
    }
    failing.pausedUntilMs = Math.max(failing.pausedUntilMs, now + Math.min(afterMs, LONGEST_ASKED_MS))
    this.#witnesses.add(owner)
    // Whatever it has asked for: that may be the wish of a few who are sent too much.
    if (!this.isForAll || turn <= this.#pausedAtTurn) return
    this.#untilMs = now + this.#backoff.fail()
    this.#pausedAtTurn = this.#turns
  }

  /** The clock was set back: what was to wait for a time that it said would wait too long. */
  forgetTimes(): void {
    this.#untilMs = 0
    for (const failing of this.#failing.values()) failing.pausedUntilMs = 0
  }

  #failingOf(owner: string): Failing {
    let failing = this.#failing.get(owner)
    if (failing === undefined) {
      this.#forgetOld()
      failing = { backoff: this.#newBackoff(), pausedUntilMs: 0, pausedAtTurn: 0 }
      this.#failing.set(owner, failing)
    }
    return failing
  }

  /** Those who have not been tried again for long: nothing of theirs waits. */
  #forgetOld(): void {
    const now = this.#options.clock.now()
    for (const [owner, { pausedUntilMs }] of this.#failing) {
      if (now >= pausedUntilMs + LONGEST_PAUSE_MS) this.#failing.delete(owner)
    }
  }

  #log(why: string, retryMs: number): void {
    const { destination, clock, logger } = this.#options
    const fields = { destination, reason: why, retryMs }
    if (this.#failsSinceMs === undefined) logger.warn(fields, 'push service does not take what it is sent; it waits')
    else logger.debug(fields, 'push service still does not take what it is sent')
    this.#failsSinceMs ??= clock.now()
  }

  #newBackoff(): Backoff {
    const { random } = this.#options
    return new Backoff({ firstMs: FIRST_PAUSE_MS, longestMs: LONGEST_PAUSE_MS, ...(random && { random }) })
  }
}
