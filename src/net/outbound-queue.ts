import type { Writable } from 'node:stream'

/**
 * Most that is handed to a socket at a time. Node gathers what it is given into one write, which is done only when its
 * last byte is: with all of a long queue in it, a peer that reads slowly would look like one that reads nothing. And
 * TLS encrypts what it is given at once, so that a queue handed over would be in memory twice.
 */
const PORTION_BYTES = 64 * 1024

/** What waits for one socket, handed to it in portions. Bounded by whoever fills it, who can see `byteLength`. */
export class OutboundQueue {
  readonly #socket: Writable
  /** Undefined unless something does: most sockets take all they get. */
  #waiting: Buffer[] | undefined
  /** How many at the beginning of `#waiting` have gone. */
  #gone = 0
  #waitingBytes = 0
  #portionsTaken = 0

  constructor(socket: Writable) {
    this.#socket = socket
  }

  /** Bytes the operating system has not taken yet. */
  get byteLength(): number {
    return this.#waitingBytes + this.#socket.writableLength
  }

  /** Grows whenever the operating system takes something. */
  get progress(): number {
    return this.#portionsTaken
  }

  /** Hot: once per turn and connection. */
  write(bytes: Buffer): void {
    if (bytes.length <= PORTION_BYTES && this.byteLength === 0) {
      this.#handOver(bytes)
      return
    }
    this.#waiting ??= []
    this.#waiting.push(bytes)
    this.#waitingBytes += bytes.length
    this.#fillSocket()
  }

  /** Hands over all that waits, whatever it takes: the socket is about to be ended. */
  flush(): void {
    const waiting = this.#waiting?.slice(this.#gone) ?? []
    this.#forget()
    for (const bytes of waiting) this.#handOver(bytes)
  }

  #fillSocket(): void {
    while (this.#waiting !== undefined && this.#socket.writableLength < PORTION_BYTES) {
      const next = this.#waiting[this.#gone]!
      const portion = next.subarray(0, PORTION_BYTES)
      this.#waitingBytes -= portion.length
      if (portion.length < next.length) this.#waiting[this.#gone] = next.subarray(PORTION_BYTES)
      else this.#drop(this.#waiting)
      this.#handOver(portion)
    }
  }

  #handOver(bytes: Buffer): void {
    this.#socket.write(bytes, this.#onTaken)
  }

  /** Also called with an error, when the socket is gone: nothing more is handed over then. */
  readonly #onTaken = (error?: Error | null): void => {
    if (error) {
      this.#forget()
      return
    }
    this.#portionsTaken++
    this.#fillSocket()
  }

  /** What has gone is cut off now and then, not each time: that would move all the rest. */
  #drop(waiting: Buffer[]): void {
    waiting[this.#gone++] = NO_BYTES
    if (this.#gone === waiting.length) this.#forget()
    if (this.#gone < 64 || this.#gone * 2 < waiting.length) return
    this.#waiting = waiting.slice(this.#gone)
    this.#gone = 0
  }

  #forget(): void {
    this.#waiting = undefined
    this.#gone = 0
    this.#waitingBytes = 0
  }
}

const NO_BYTES = Buffer.alloc(0)
