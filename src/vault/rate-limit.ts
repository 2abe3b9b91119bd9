import { type Clock, networkOf } from '#kit'
import type { RateLimit } from './settings.ts'

/** Addresses remembered at once; some 100 bytes each. */
const MAX_ADDRESSES = 50_000

/** A token bucket for every client address. */
export class RateLimiter {
  readonly #refillMs: number
  readonly #capacity: number
  readonly #clock: Clock
  /** When each address's bucket is full again, in the order of last use. A bucket that is full needs no entry. */
  readonly #fullAt = new Map<string, number>()

  constructor(limit: RateLimit, clock: Clock) {
    this.#refillMs = limit.seconds * 1000
    this.#capacity = limit.maxBurst
    this.#clock = clock
  }

  /** Takes one token; false when there is none. */
  take(address: string): boolean {
    const key = networkOf(address)
    const now = this.#clock.now()
    const fullAt = Math.max(this.#fullAt.get(key) ?? 0, now) + this.#refillMs
    if (fullAt - now > this.#capacity * this.#refillMs) return false
    this.#fullAt.delete(key)
    this.#fullAt.set(key, fullAt)
    // The one unused for longest is most likely full again.
    if (this.#fullAt.size > MAX_ADDRESSES) this.#fullAt.delete(this.#fullAt.keys().next().value!)
    return true
  }
}
