import { constants, inflateRawSync } from 'node:zlib'
import type { CompressionBudget } from './compression-budget.ts'
import { WebSocketError } from './errors.ts'

export interface MessageInflaterOptions {
  /** Asked for each message anew, since a reload may change it. Bytes a message may have when inflated; at least 1. */
  maxMessageBytes(): number
  /** Asked when a message begins that has to be kept: what is kept of it counts there until its end. */
  budget(): CompressionBudget
}

/** Compressed, a message may be longer than inflated by this much: senders may flush after every line. nats-server's. */
const MAX_COMPRESSED_MULTIPLE = 8
const MAX_COMPRESSED_BYTES = 64 * 1024 * 1024

/**
 * RFC 7692 §7.2.2: the four bytes that the sender left out. Behind them an empty final block, so that a message that was
 * cut off is told from one that is complete.
 */
const TAIL = Buffer.from([0x00, 0x00, 0xff, 0xff, 0x01, 0x00, 0x00, 0xff, 0xff])

const NOTHING = Buffer.alloc(0)

/** What zlib writes into piece by piece: the usual message fits one, a bomb is noticed before the piece after the limit. */
const MIN_PIECE_BYTES = 1024
const MAX_PIECE_BYTES = 64 * 1024

/**
 * Puts compressed messages together and inflates them (RFC 7692, without context takeover). zlib's memory lives for one
 * call, so that connections share it; between calls a connection holds what has arrived of an unfinished message, which
 * the budget bounds for all of them.
 *
 * Throws a `WebSocketError`: `TOO_BIG` for a message over the limit, compressed or inflated, `CORRUPT_DATA`, and
 * `OVERLOADED` when the budget is used up. Of such a message nothing is handed on.
 */
export class MessageInflater {
  readonly #options: MessageInflaterOptions
  readonly #onMessage: (data: Buffer) => void
  /** What has arrived, with room for the tail behind it. */
  #collected = NOTHING
  #length = 0
  /** Of the message in hand, as far as any of it is kept. */
  #budget: CompressionBudget | undefined

  constructor(options: MessageInflaterOptions, onMessage: (data: Buffer) => void) {
    this.#options = options
    this.#onMessage = onMessage
  }

  /** A piece of a message, which is copied if it has to be kept. */
  add(data: Buffer, isLast: boolean): void {
    const maxBytes = this.#options.maxMessageBytes()
    if (this.#length + data.length > Math.min(MAX_COMPRESSED_MULTIPLE * maxBytes, MAX_COMPRESSED_BYTES)) {
      this.release()
      throw tooBig()
    }
    if (!isLast) {
      this.#keep(data)
      return
    }
    const message = this.#length === 0 ? Buffer.concat([data, TAIL]) : this.#complete(data)
    try {
      // Senders that skip the work for an empty message are understood, though strictly it is one zero byte.
      this.#onMessage(message.length === TAIL.length ? NOTHING : inflate(message, maxBytes))
    } finally {
      this.release()
    }
  }

  /** Forgets what was kept. */
  release(): void {
    this.#budget?.give(this.#collected.length)
    this.#budget = undefined
    this.#collected = NOTHING
    this.#length = 0
  }

  #keep(data: Buffer): void {
    const length = this.#length + data.length
    if (length + TAIL.length > this.#collected.length) this.#grow(length + TAIL.length)
    data.copy(this.#collected, this.#length)
    this.#length = length
  }

  /** By doubling: what is held is never more than about twice what has come in, whatever length was announced. */
  #grow(neededBytes: number): void {
    const larger = Math.max(neededBytes, 2 * this.#collected.length)
    this.#budget ??= this.#options.budget()
    if (!this.#budget.take(larger - this.#collected.length)) {
      this.release()
      throw new WebSocketError('OVERLOADED', 'too many unfinished compressed messages')
    }
    const bytes = Buffer.allocUnsafe(larger)
    this.#collected.copy(bytes, 0, 0, this.#length)
    this.#collected = bytes
  }

  #complete(data: Buffer): Buffer {
    this.#keep(data)
    TAIL.copy(this.#collected, this.#length)
    return this.#collected.subarray(0, this.#length + TAIL.length)
  }
}

/** Allocates at most `maxBytes`, rounded up to the next piece, before it gives up; twice as much for what it answers. */
function inflate(message: Buffer, maxBytes: number): Buffer {
  const pieceBytes = Math.min(Math.max(8 * message.length, MIN_PIECE_BYTES), MAX_PIECE_BYTES)
  try {
    return inflateRawSync(message, {
      chunkSize: pieceBytes,
      maxOutputLength: maxBytes,
      finishFlush: constants.Z_FINISH,
    })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ERR_BUFFER_TOO_LARGE') throw tooBig()
    if (code !== 'Z_DATA_ERROR' && code !== 'Z_BUF_ERROR') throw error
    throw new WebSocketError('CORRUPT_DATA', 'invalid compressed data', { cause: error })
  }
}

function tooBig(): WebSocketError {
  return new WebSocketError('TOO_BIG', 'maximum payload exceeded')
}
