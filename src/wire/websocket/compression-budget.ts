/** What half-received compressed messages may hold unless it is said otherwise. */
const DEFAULT_BYTES = 128 * 1024 * 1024

/**
 * What the half-received compressed messages of all connections may hold together. A message that comes in one piece
 * needs none of it: only what has to be kept until the rest arrives counts.
 */
export class CompressionBudget {
  readonly maxBytes: number
  #usedBytes = 0

  /** `maxBytes`: default 128 MiB. */
  constructor(maxBytes: number = DEFAULT_BYTES) {
    this.maxBytes = maxBytes
  }

  get usedBytes(): number {
    return this.#usedBytes
  }

  /** Whether there is room for `bytes` more, which are taken then. */
  take(bytes: number): boolean {
    if (this.#usedBytes + bytes > this.maxBytes) return false
    this.#usedBytes += bytes
    return true
  }

  give(bytes: number): void {
    this.#usedBytes -= bytes
  }
}
