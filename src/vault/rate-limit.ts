import { type Clock, networkOf } from '#kit'
import type { RateLimit } from './settings.ts'

/** Addresses or ids remembered at once; some 100 bytes each. */
const MAX_KEYS = 50_000

/** Shares a limit with other instances: tells `takenElsewhere` what they take, and is told what is taken here. */
export type ShareLimit = (name: string, takenElsewhere: (key: string) => void) => (key: string) => void

export interface Sharing {
  /** Of the limit. */
  readonly name: string
  /** Default: there are no others. */
  readonly share: ShareLimit | undefined
}

/** A token bucket for every client address, by its network; or for every id of a user or the like, in which no colon is. */
export class RateLimiter {
  readonly #refillMs: number
  readonly #capacity: number
  readonly #clock: Clock
  /** When each bucket is full again, in the order of last use. A bucket that is full needs no entry. */
  readonly #fullAt = new Map<string, number>()
  readonly #tell: ((key: string) => void) | undefined

  constructor(limit: RateLimit, clock: Clock, { name, share }: Sharing) {
    this.#refillMs = limit.seconds * 1000
    this.#capacity = limit.maxBurst
    this.#clock = clock
    this.#tell = share?.(name, (key) => void this.#take(key))
  }

  /** Takes one token; false when there is none. */
  take(address: string): boolean {
    const key = networkOf(address)
    const isTaken = this.#take(key)
    if (isTaken) this.#tell?.(key)
    return isTaken
  }

  /** Whether there is none to take now. */
  isExhausted(address: string): boolean {
    const now = this.#clock.now()
    return this.#fullAfterOne(networkOf(address), now) - now > this.#capacity * this.#refillMs
  }

  /** When it will be full again once another token is taken. */
  #fullAfterOne(key: string, now: number): number {
    const fullAt = this.#fullAt.get(key) ?? 0
    // Longer than an empty bucket takes: the clock was set back, which must keep nobody out for hours.
    const isOfOldTime = fullAt - now > this.#capacity * this.#refillMs
    return (isOfOldTime ? now : Math.max(fullAt, now)) + this.#refillMs
  }

  #take(key: string): boolean {
    const now = this.#clock.now()
    const fullAt = this.#fullAfterOne(key, now)
    if (fullAt - now > this.#capacity * this.#refillMs) return false
    this.#fullAt.delete(key)
    this.#fullAt.set(key, fullAt)
    // The one unused for longest is most likely full again.
    if (this.#fullAt.size > MAX_KEYS) this.#fullAt.delete(this.#fullAt.keys().next().value!)
    return true
  }
}
