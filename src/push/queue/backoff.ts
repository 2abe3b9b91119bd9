import { LONGEST_ASKED_MS } from '../retry-after.ts'

export interface BackoffOptions {
  /** Milliseconds. */
  readonly firstMs: number
  /** Milliseconds. */
  readonly longestMs: number
  /** From 0 to 1, without 1. Default: `Math.random`. */
  readonly random?: () => number
}

/** How long to wait after a failure: twice as long after each, less up to a half, so that not all come back together. */
export class Backoff {
  readonly #options: BackoffOptions
  #failures = 0

  constructor(options: BackoffOptions) {
    this.#options = options
  }

  /** Milliseconds to wait after one more failure; at least `askedMs`, which the other side may have asked for. */
  fail(askedMs = 0): number {
    const { firstMs, longestMs, random = Math.random } = this.#options
    const fullMs = Math.min(longestMs, firstMs * 2 ** this.#failures)
    this.#failures = Math.min(this.#failures + 1, 30)
    const ownMs = Math.round(fullMs * (0.5 + random() / 2))
    return Math.max(ownMs, Math.min(askedMs, LONGEST_ASKED_MS))
  }

  succeed(): void {
    this.#failures = 0
  }
}
