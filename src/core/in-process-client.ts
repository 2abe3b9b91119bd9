import type { Account } from './account.ts'
import { Message } from './message.ts'
import type { Peer } from './peer.ts'
import { Subscription } from './subscription.ts'

/** Messages that may wait for one handler. */
const MAX_QUEUED_MESSAGES = 4096

export type MessageHandler = (message: Message) => void

/**
 * A client inside this process: the rooms that talk on subjects without a connection. Handlers run after the fan-out
 * that brought their message, never inside it; one that throws is reported and gets the next message all the same.
 */
export class InProcessClient {
  readonly #account: Account
  readonly #onError: (error: unknown, subject: string) => void

  constructor(account: Account, onError: (error: unknown, subject: string) => void) {
    this.#account = account
    this.#onError = onError
  }

  /**
   * Returns how many subscriptions got it. `subject` must be ASCII; `headers` is a header block, from `NATS/1.0` to the
   * empty line.
   */
  publish(subject: string, payload: Buffer, reply = '', headers?: Buffer): number {
    const message =
      headers === undefined
        ? new Message(subject, payload, reply)
        : new Message(subject, Buffer.concat([headers, payload]), reply, headers.length)
    return this.#account.publish(message)
  }

  /** Whether anybody would get what is published to `subject`: what is costly to make need not be made for nobody. */
  hasInterest(subject: string): boolean {
    return this.#account.hasInterest(subject)
  }

  /**
   * Returns the function that ends the subscription. When a handler falls 4,096 messages behind, further ones are
   * dropped until it has caught up, and that is reported once.
   */
  subscribe(subject: string, handler: MessageHandler): () => void {
    const queue = new HandlerQueue(handler, this.#onError)
    const subscription = new Subscription(queue, subject, '')
    this.#account.subscribe(subscription)
    return () => {
      this.#account.unsubscribe(subscription)
      queue.close()
    }
  }
}

class HandlerQueue implements Peer {
  readonly #handler: MessageHandler
  readonly #onError: (error: unknown, subject: string) => void
  #waiting: Message[] = []
  #isDropping = false
  #isClosed = false

  constructor(handler: MessageHandler, onError: (error: unknown, subject: string) => void) {
    this.#handler = handler
    this.#onError = onError
  }

  send(_subscription: Subscription, message: Message): void {
    if (this.#isClosed) return
    if (this.#waiting.length >= MAX_QUEUED_MESSAGES) {
      if (!this.#isDropping) {
        this.#isDropping = true
        this.#onError(new Error(`In-process subscriber fell ${MAX_QUEUED_MESSAGES} messages behind`), message.subject)
      }
      return
    }
    if (this.#waiting.push(message) === 1) queueMicrotask(this.#drain)
  }

  close(): void {
    this.#isClosed = true
    this.#waiting = []
  }

  readonly #drain = (): void => {
    const messages = this.#waiting
    this.#waiting = []
    this.#isDropping = false
    for (const message of messages) {
      if (this.#isClosed) return
      try {
        this.#handler(message)
      } catch (error) {
        this.#onError(error, message.subject)
      }
    }
  }
}
