import type { ResponseRules } from './permissions.ts'

/** Requests that may wait for their answers come in two generations of so many, and of reply subjects of so many characters. */
const MAX_REQUESTS = 16_384
const MAX_LENGTH = 1024 * 1024

interface Permit {
  answersLeft: number
  readonly sinceMs: number
}

/**
 * Where one client may answer because it was asked (`allow_responses`). Of requests that nobody answers the oldest are
 * forgotten when there are too many, and, at the latest when twice their time is over, as others come in.
 *
 * A subject that comes again as the reply of another request may be answered as often again. nats-server did it so
 * until 2.9; since then it counts the second request as an answer to the first, and refuses the answers of both.
 */
export class ReplyPermits {
  readonly #rules: ResponseRules
  readonly #maxAnswers: number
  readonly #ttlMs: number
  #recent = new Map<string, Permit>()
  #recentLength = 0
  #recentSinceMs = 0
  #older = new Map<string, Permit>()

  constructor(rules: ResponseRules) {
    const { maxMessages, ttlMs } = rules
    this.#rules = rules
    this.#maxAnswers = maxMessages > 0 ? maxMessages : Number.POSITIVE_INFINITY
    this.#ttlMs = ttlMs > 0 ? ttlMs : Number.POSITIVE_INFINITY
  }

  /** Whether these rules are its own. */
  follows(rules: ResponseRules | undefined): boolean {
    return rules?.maxMessages === this.#rules.maxMessages && rules.ttlMs === this.#rules.ttlMs
  }

  /** A request came in that wants its answer there. `now` is in milliseconds since the epoch. */
  permit(reply: string, now: number): void {
    const isFull = this.#recent.size >= MAX_REQUESTS || this.#recentLength >= MAX_LENGTH
    if (isFull || now - this.#recentSinceMs > this.#ttlMs) {
      this.#older = this.#recent
      this.#recent = new Map()
      this.#recentLength = 0
      this.#recentSinceMs = now
    }
    this.#recent.set(reply, { answersLeft: this.#maxAnswers, sinceMs: now })
    this.#recentLength += reply.length
  }

  /** Whether an answer may go there; it is one of those that may. */
  take(subject: string, now: number): boolean {
    const permit = this.#recent.get(subject) ?? this.#older.get(subject)
    if (permit === undefined) return false
    const isLate = now - permit.sinceMs > this.#ttlMs
    permit.answersLeft--
    if (isLate || permit.answersLeft <= 0) {
      this.#recent.delete(subject)
      this.#older.delete(subject)
    }
    return !isLate
  }
}
