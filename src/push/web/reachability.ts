import type { Clock, Logger } from '#kit'

/** Every attempt of so long has to fail. A router that restarts is no reason. */
const PATIENCE_MS = 10 * 60_000
/** And so many of them: one browser with a wrong address is none either. */
const MIN_FAILURES = 5
/** What failed so long ago says nothing of today. */
const MEMORY_MS = 60 * 60_000

export interface ReachabilityOptions {
  readonly clock: Clock
  readonly logger: Logger
  /** Default: 5. */
  readonly minFailures?: number
  /** Milliseconds. Default: an hour. */
  readonly memoryMs?: number
}

/**
 * Whether push services can be reached from here at all. A browser extension that is told of Web Push does not connect to the
 * hub any more (spec: hub §6), so where a firewall lets nothing out it must not be told.
 *
 * Any HTTP answer counts, whatever it says. What waits is tried again and again, and so finds out when the way is free;
 * when nothing waits, Web Push is announced again after an hour, until it fails again.
 */
export class Reachability {
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #minFailures: number
  readonly #memoryMs: number
  /** Since the last answer. */
  #failures = 0
  #firstFailureMs = 0
  #lastFailureMs = 0
  #isWithdrawn = false

  constructor({ clock, logger, minFailures = MIN_FAILURES, memoryMs = MEMORY_MS }: ReachabilityOptions) {
    this.#clock = clock
    this.#logger = logger
    this.#minFailures = minFailures
    this.#memoryMs = memoryMs
  }

  /** Whether browsers may be told that they can have Web Push. */
  get isAnnounced(): boolean {
    this.#forgetOld()
    return !this.#isWithdrawn
  }

  /** A push service has answered. */
  onAnswer(): void {
    this.#failures = 0
    this.#announce('a push service answers again: browsers are offered Web Push')
  }

  /** None was reached, or did not answer. */
  onFailure(): void {
    this.#forgetOld()
    const now = this.#clock.now()
    if (this.#failures === 0) this.#firstFailureMs = now
    this.#failures++
    this.#lastFailureMs = now
    const failsForMs = now - this.#firstFailureMs
    if (this.#isWithdrawn || this.#failures < this.#minFailures || failsForMs < PATIENCE_MS) return
    this.#isWithdrawn = true
    this.#logger.warn(
      { attempts: this.#failures, afterSeconds: Math.round(failsForMs / 1000) },
      'no push service can be reached: browsers that ask now are told to stay connected instead of Web Push',
    )
  }

  #forgetOld(): void {
    if (this.#failures === 0 || this.#clock.now() - this.#lastFailureMs < this.#memoryMs) return
    this.#failures = 0
    this.#announce('push services may be there again: browsers are offered Web Push')
  }

  #announce(event: string): void {
    if (!this.#isWithdrawn) return
    this.#isWithdrawn = false
    this.#logger.info({}, event)
  }
}
