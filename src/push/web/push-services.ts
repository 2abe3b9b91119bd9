import { type Clock, type Logger, silentLogger } from '#kit'
import { Reachability } from './reachability.ts'

/** Push services are few. */
const MAX_SERVICES = 100

/**
 * Of one push service those alone that have subscribed with it feel it. What a rule forbids is not tried again, so that a
 * user who changes little sees few failures, and those hours apart.
 */
const OF_ONE = { minFailures: 3, memoryMs: 24 * 60 * 60_000 }

/**
 * Which push services can be reached from here: all together, which decides whether browsers are offered Web Push, and each,
 * since a firewall may let us out to one and not to another.
 */
export class PushServices {
  readonly #clock: Clock
  readonly #all: Reachability
  /** By origin, those that have failed. */
  readonly #failing = new Map<string, Reachability>()

  constructor({ clock, logger }: { readonly clock: Clock; readonly logger: Logger }) {
    this.#clock = clock
    this.#all = new Reachability({ clock, logger })
  }

  get isAnyReachable(): boolean {
    return this.#all.isAnnounced
  }

  isReachable(origin: string): boolean {
    return this.#failing.get(origin)?.isAnnounced ?? true
  }

  /** Whatever it says. */
  onAnswer(origin: string): void {
    this.#all.onAnswer()
    this.#failing.delete(origin)
  }

  /** It was not reached, or did not answer. */
  onFailure(origin: string): void {
    this.#all.onFailure()
    this.onForbidden(origin)
  }

  /** It must not be asked, by the rules that there are now: that says nothing of others. */
  onForbidden(origin: string): void {
    // What is sent there waits, and the log says so already.
    const failing =
      this.#failing.get(origin) ?? new Reachability({ clock: this.#clock, logger: silentLogger, ...OF_ONE })
    this.#failing.delete(origin)
    this.#failing.set(origin, failing)
    if (this.#failing.size > MAX_SERVICES) this.#failing.delete(this.#failing.keys().next().value!)
    failing.onFailure()
  }
}
