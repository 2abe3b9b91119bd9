import { isUtf8 } from 'node:buffer'

/**
 * Checks text that arrives in pieces, which may be cut inside a character. Keeps only what the next byte has to be, and
 * fails at the first byte that cannot be right (RFC 6455 §8.1). Whole characters go through Node's vectorised check.
 */
export class Utf8Validator {
  /** Bytes still missing from the character that the last piece ended in. */
  #missing = 0
  // Where the next byte of that character has to lie. Only the second byte has a narrower range (RFC 3629 §4).
  #lowest = 0x80
  #highest = 0xbf

  /** False when no continuation could make the text valid. Must not be called again after that. */
  isValid(piece: Buffer): boolean {
    let start = 0
    while (this.#missing > 0 && start < piece.length) {
      if (!this.#takeContinuation(piece[start++]!)) return false
    }
    const tail = unfinishedTail(piece, start)
    if (tail > start && !isUtf8(piece.subarray(start, tail))) return false
    if (tail === piece.length) return true
    if (!this.#takeLead(piece[tail]!)) return false
    for (let i = tail + 1; i < piece.length; i++) {
      if (!this.#takeContinuation(piece[i]!)) return false
    }
    return true
  }

  /** Whether the text may end here. Starts afresh for the next text. */
  end(): boolean {
    const isComplete = this.#missing === 0
    this.#missing = 0
    return isComplete
  }

  #takeLead(byte: number): boolean {
    this.#missing = sequenceLength(byte) - 1
    this.#lowest = byte === 0xe0 ? 0xa0 : byte === 0xf0 ? 0x90 : 0x80
    this.#highest = byte === 0xed ? 0x9f : byte === 0xf4 ? 0x8f : 0xbf
    return byte >= 0xc2 && byte <= 0xf4
  }

  #takeContinuation(byte: number): boolean {
    if (byte < this.#lowest || byte > this.#highest) return false
    this.#missing--
    this.#lowest = 0x80
    this.#highest = 0xbf
    return true
  }
}

/** Index of the character at the end of `piece` whose last bytes are missing; `piece.length` when there is none. */
function unfinishedTail(piece: Buffer, start: number): number {
  const earliest = Math.max(start, piece.length - 3)
  for (let i = piece.length - 1; i >= earliest; i--) {
    const byte = piece[i]!
    if ((byte & 0xc0) === 0x80) continue
    return i + sequenceLength(byte) > piece.length ? i : piece.length
  }
  return piece.length
}

function sequenceLength(lead: number): number {
  if (lead < 0xc0) return 1
  if (lead < 0xe0) return 2
  return lead < 0xf0 ? 3 : 4
}
