import type { IncomingMessage } from 'node:http'
import { readBody } from '#net'

/** Requests of one client that may wait for their turn. Those of SignalR send the next when the last was answered. */
const MAX_WAITING = 64

/** `closed`: nobody wants it any more. */
export type Outcome = 'taken' | 'too long' | 'too many' | 'closed'

/**
 * What a client says by requests of their own: one is read after the other, and only when the receiver wants more, so
 * that no more than one body is in memory.
 */
export class PostedMessages {
  readonly #maxBytes: number
  readonly #receive: (data: Buffer) => void
  #last: Promise<unknown> = Promise.resolve()
  /** Requests whose turn is not over. */
  #count = 0
  /** There while nothing is wanted. */
  #pause: PromiseWithResolvers<void> | undefined
  #isClosed = false

  /** `maxBytes`: of one request. */
  constructor(maxBytes: number, receive: (data: Buffer) => void) {
    this.#maxBytes = maxBytes
    this.#receive = receive
  }

  /**
   * Reads the body of a request, when it is its turn, and hands it on. Rejects when the request is cut off, and with what
   * the receiver throws.
   */
  take(request: IncomingMessage): Promise<Outcome> {
    if (this.#count > MAX_WAITING) return Promise.resolve('too many')
    this.#count++
    const taken = this.#last.then(() => this.#take(request)).finally(() => this.#count--)
    this.#last = taken.catch(() => {})
    return taken
  }

  /** What was read before there was anybody who wants it. */
  add(data: Buffer): void {
    if (data.length > 0 && !this.#isClosed) this.#receive(data)
  }

  pause(isPaused: boolean): void {
    if (isPaused && !this.#isClosed) {
      this.#pause ??= Promise.withResolvers()
    } else {
      this.#pause?.resolve()
      this.#pause = undefined
    }
  }

  close(): void {
    this.#isClosed = true
    this.pause(false)
  }

  async #take(request: IncomingMessage): Promise<Outcome> {
    await this.#pause?.promise
    const body = this.#isClosed ? undefined : await readBody(request, this.#maxBytes)
    if (this.#isClosed) return 'closed'
    if (body === undefined) return 'too long'
    this.#receive(body)
    return 'taken'
  }
}
