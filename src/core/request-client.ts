import type { Clock } from '#kit'
import type { Broker } from './broker.ts'
import { Message } from './message.ts'
import type { Peer } from './peer.ts'
import { Subscription } from './subscription.ts'

/** What nats-server uses for its own requests, so what the permissions of services have to let them answer to. */
const INBOX = '$SYS._INBOX.'
/** Random bytes of an inbox: nobody but who is asked knows where the answer goes. */
const INBOX_BYTES = 16

/** Requests that may wait for their answer. */
const DEFAULT_MAX_WAITING = 1_024

export interface Request {
  readonly subject: string
  /** A header block, from `NATS/1.0` to the empty line. */
  readonly headers?: Buffer | undefined
  readonly payload: Buffer
}

export interface RequestClientOptions {
  readonly broker: Broker
  readonly clock: Clock
  readonly randomBytes: (count: number) => Buffer
  /** Requests that may wait at once; default 1,024. */
  readonly maxWaiting?: number
}

/** Requests from inside this process, each in whatever account it names. */
export class RequestClient {
  readonly #options: RequestClientOptions
  #waiting = 0

  constructor(options: RequestClientOptions) {
    this.#options = options
  }

  /** Requests that have no answer yet. */
  get waiting(): number {
    return this.#waiting
  }

  /**
   * Resolves with the first answer, and with `undefined` when none came in time, nobody listens, or too many requests
   * wait already. Never rejects.
   */
  async request(account: string, request: Request, timeoutMs: number): Promise<Message | undefined> {
    const { broker, clock, randomBytes, maxWaiting = DEFAULT_MAX_WAITING } = this.#options
    const asked = broker.find(account)
    if (asked === undefined || this.#waiting >= maxWaiting) return undefined

    const { promise, resolve } = Promise.withResolvers<Message | undefined>()
    const inbox = INBOX + randomBytes(INBOX_BYTES).toString('hex')
    const peer: Peer = { send: (_subscription, message) => resolve(message) }
    const subscription = new Subscription(peer, inbox, '')
    const timer = clock.after(timeoutMs, () => resolve(undefined))
    asked.subscribe(subscription)
    this.#waiting++
    try {
      const { subject, headers, payload } = request
      const message =
        headers === undefined
          ? new Message(subject, payload, inbox)
          : new Message(subject, Buffer.concat([headers, payload]), inbox, headers.length)
      if (asked.publish(message, peer) === 0) return undefined
      return await promise
    } finally {
      this.#waiting--
      timer.cancel()
      asked.unsubscribe(subscription)
    }
  }
}
