import type { IncomingMessage } from 'node:http'

/**
 * What a client says by requests of their own: one is read after the other, and only when the receiver wants more, so
 * that no more than one of them is in memory.
 */
export class PostedMessages {
  readonly #maxBytes: number
  readonly #receive: (data: Buffer) => void
  #last: Promise<unknown> = Promise.resolve()
  /** There while nothing is wanted. */
  #pause: PromiseWithResolvers<void> | undefined
  #isClosed = false

  /** `maxBytes`: of one request. */
  constructor(maxBytes: number, receive: (data: Buffer) => void) {
    this.#maxBytes = maxBytes
    this.#receive = receive
  }

  /**
   * Reads the body of a request, when it is its turn, and hands it on. `closed`: nobody wants it any more. Rejects when
   * the request is cut off, and with what the receiver throws.
   */
  take(request: IncomingMessage): Promise<'taken' | 'too long' | 'closed'> {
    const taken = this.#last.then(() => this.#take(request))
    this.#last = taken.catch(() => {})
    return taken
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

  async #take(request: IncomingMessage): Promise<'taken' | 'too long' | 'closed'> {
    await this.#pause?.promise
    const body = this.#isClosed ? undefined : await readBody(request, this.#maxBytes)
    if (this.#isClosed) return 'closed'
    if (body === undefined) return 'too long'
    this.#receive(body)
    return 'taken'
  }
}

/** `undefined` when it is longer than `maxBytes`, of which no more is kept; the rest is for nobody. */
async function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > maxBytes) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
