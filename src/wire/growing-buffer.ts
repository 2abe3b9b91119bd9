const NOTHING = Buffer.alloc(0)

/**
 * Bytes that arrive in pieces and are needed in one. Grows by doubling, so that what is held is never more than twice
 * what has come in, whatever length was announced, and a sender of single bytes cannot make us copy again and again.
 * The bound is the caller's: it knows which limit and which error apply.
 */
export class GrowingBuffer {
  #bytes: Buffer | undefined
  #length = 0

  get length(): number {
    return this.#length
  }

  append(source: Buffer, start = 0, end = source.length): void {
    const length = this.#length + end - start
    this.#bytes = this.#withRoomFor(length)
    source.copy(this.#bytes, this.#length, start, end)
    this.#length = length
  }

  /** A view of everything appended so far, good until the next `append`. */
  peek(): Buffer {
    return this.#bytes?.subarray(0, this.#length) ?? NOTHING
  }

  /** Everything appended so far, which from now on belongs to the caller; the buffer is empty again. */
  take(): Buffer {
    const taken = this.peek()
    this.#bytes = undefined
    this.#length = 0
    return taken
  }

  #withRoomFor(length: number): Buffer {
    const bytes = this.#bytes
    if (bytes !== undefined && bytes.length >= length) return bytes
    const larger = Buffer.allocUnsafe(Math.max(length, 2 * (bytes?.length ?? 0)))
    bytes?.copy(larger, 0, 0, this.#length)
    return larger
  }
}
