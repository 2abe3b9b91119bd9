import { ApiError } from './errors.ts'
import type { RateLimiter } from './rate-limit.ts'

/**
 * Logins that may wait for their password to be hashed, whoever asks. Each takes some 0.2 s of a processor: with more,
 * those who wait would give up before their turn comes, and nobody would get in.
 */
const MAX_UNDER_WAY = 32

/** Where everything passes that proves a password without a session. */
export class LoginGate {
  readonly #perAddress: RateLimiter
  #underWay = 0

  constructor(perAddress: RateLimiter) {
    this.#perAddress = perAddress
  }

  /** Does `work` for a client at `address`, or throws an ApiError (429) when it, or all together, want too much. */
  async run<T>(address: string, work: () => Promise<T>): Promise<T> {
    if (this.#underWay >= MAX_UNDER_WAY || !this.#perAddress.take(address)) throw tooMany()
    return this.hash(work)
  }

  /** Does `work`, which hashes a password for somebody without an account, if not too much of that is under way. */
  async hash<T>(work: () => Promise<T>): Promise<T> {
    if (this.#underWay >= MAX_UNDER_WAY) throw tooMany()
    this.#underWay++
    try {
      return await work()
    } finally {
      this.#underWay--
    }
  }
}

const tooMany = () => new ApiError('TOO_MANY_REQUESTS', 'Too many login requests')
