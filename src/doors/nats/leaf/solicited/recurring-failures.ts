import type { Clock, LogFields, Logger } from '#kit'

/** The same is said again after a minute, then after two, four, and so on. */
const FIRST_SILENCE_MS = 60_000
const LONGEST_SILENCE_MS = 60 * 60 * 1000

/** Different failures that are known at a time; more are forgotten and said anew. */
const MAX_KNOWN = 64

interface Known {
  count: number
  quietUntilMs: number
  silenceMs: number
}

/** What goes wrong again and again: said at first, then at growing intervals with how often it was by then. */
export class RecurringFailures {
  readonly #logger: Logger
  readonly #clock: Clock
  readonly #known = new Map<string, Known>()

  constructor(logger: Logger, clock: Clock) {
    this.#logger = logger
    this.#clock = clock
  }

  /** `key` tells it from others. */
  report(key: string, fields: LogFields, event: string): void {
    const now = this.#clock.now()
    const known = this.#known.get(key)
    if (known === undefined) {
      if (this.#known.size === MAX_KNOWN) this.#known.clear()
      this.#known.set(key, { count: 1, quietUntilMs: now + FIRST_SILENCE_MS, silenceMs: FIRST_SILENCE_MS })
      this.#logger.error(fields, event)
      return
    }
    known.count++
    if (now < known.quietUntilMs) {
      this.#logger.debug(fields, event)
      return
    }
    known.silenceMs = Math.min(known.silenceMs * 2, LONGEST_SILENCE_MS)
    known.quietUntilMs = now + known.silenceMs
    this.#logger.error({ ...fields, times: known.count }, event)
  }

  /** It goes well again: what fails from now on is news. */
  forget(): void {
    this.#known.clear()
  }
}
