import { type HubMessage, type HubProtocol, SignalrError } from '#wire/signalr'

/** What a transport may still hand over when it was asked to read no further: one read of a socket is 64 KiB. */
const MAX_WAITING_BYTES = 256 * 1024

const NO_BYTES = Buffer.alloc(0)

/**
 * What a client has said and was not taken in yet: the beginning of a message whose rest is still to come, and messages
 * that have to wait. Most of the time there is nothing of it, and no `Inbound`.
 */
export class Inbound {
  /** Nothing is taken in for now. */
  isPaused = false
  readonly #protocol: HubProtocol
  /** Not looked at yet. */
  #waiting: Buffer[] = []
  #waitingBytes = 0
  /** What is being read, in the middle of it. */
  #messages: Generator<HubMessage, number, undefined> | undefined
  #data: Buffer = NO_BYTES
  /** The beginning of a message. Bounded by the protocol. */
  #unfinished: Buffer = NO_BYTES
  #putBack: HubMessage | undefined

  constructor(protocol: HubProtocol) {
    this.#protocol = protocol
  }

  get isEmpty(): boolean {
    return (
      this.#waiting.length === 0 &&
      this.#messages === undefined &&
      this.#unfinished.length === 0 &&
      this.#putBack === undefined
    )
  }

  /** Throws a `SignalrError` when too much waits. */
  add(data: Buffer): void {
    if (data.length === 0) return
    this.#waitingBytes += data.length
    if (this.#waitingBytes > MAX_WAITING_BYTES) throw new SignalrError('MESSAGE', 'Too much to be read')
    this.#waiting.push(data)
  }

  /** The next message, if there is a whole one. Throws a `SignalrError` when it gets to something broken. */
  next(): HubMessage | undefined {
    const putBack = this.#putBack
    this.#putBack = undefined
    if (putBack !== undefined) return putBack
    for (;;) {
      this.#messages ??= this.#begin()
      const next = this.#messages?.next()
      if (next === undefined) return undefined
      if (!next.done) return next.value
      this.#messages = undefined
      // A copy, as the data may be a view of much more.
      this.#unfinished = Buffer.from(this.#data.subarray(this.#data.length - next.value))
      this.#data = NO_BYTES
    }
  }

  /** The message that `next` answered last comes once more, later. */
  pauseBefore(message: HubMessage): void {
    this.#putBack = message
    this.isPaused = true
  }

  #begin(): Generator<HubMessage, number, undefined> | undefined {
    const data = this.#waiting.shift()
    if (data === undefined) return undefined
    this.#waitingBytes -= data.length
    this.#data = this.#unfinished.length === 0 ? data : Buffer.concat([this.#unfinished, data])
    this.#unfinished = NO_BYTES
    return this.#protocol.read(this.#data)
  }
}
