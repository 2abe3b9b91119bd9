import { type Broker, DEFAULT_ACCOUNT, type InProcessClient, isValidSubject, Message } from '#core'
import { type Clock, fromByteString } from '#kit'
import { goTime } from '../monitoring/go-format.ts'
import { compactJson, type JsonObject, unlessEmpty } from '../monitoring/json.ts'
import type { MonitoringSource } from '../monitoring/source.ts'
import type { AdvisoryHead } from './advisories.ts'

export interface PublisherOptions {
  /** In the system account. */
  readonly client: InProcessClient
  readonly broker: Broker
  readonly source: MonitoringSource
  readonly clock: Clock
  readonly randomBytes: (count: number) => Buffer
}

const LETTERS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const EVENT_ID_LENGTH = 22

/** How the server speaks in the system account. */
export class SystemPublisher {
  readonly #options: PublisherOptions
  #sequence = 0

  constructor(options: PublisherOptions) {
    this.#options = options
  }

  /** Who speaks, and which of its messages this is: `server` in nearly all that it says. */
  stamp(): JsonObject {
    const { source, clock } = this.#options
    const { name, host, id, version, tags } = source.server()
    return {
      name,
      host,
      id,
      ver: version,
      tags: unlessEmpty(tags),
      jetstream: false,
      flags: 0,
      seq: ++this.#sequence,
      time: goTime(clock.now()),
    }
  }

  /** For a new event. */
  head(): AdvisoryHead {
    const { randomBytes, clock } = this.#options
    const id = Array.from(randomBytes(EVENT_ID_LENGTH), (byte) => LETTERS.charAt(byte % LETTERS.length)).join('')
    return { id, nowMs: clock.now(), server: this.stamp() }
  }

  /** What people call an account. */
  tagOf(account: string): string {
    return this.#options.broker.find(account)?.definition?.nameTag || account || DEFAULT_ACCOUNT
  }

  /** What `make` makes, if anybody is subscribed to it. */
  tell(subject: string, make: () => JsonObject): void {
    if (this.isHeard(subject)) this.send(subject, make())
  }

  /** The same in another account: for its owners. */
  tellIn(account: string, subject: string, make: () => JsonObject): void {
    const found = this.#options.broker.find(account)
    if (found?.hasInterest(subject)) found.publish(new Message(subject, Buffer.from(compactJson(make()))))
  }

  /** Whether anybody is subscribed to `subject`. A name that makes no valid subject keeps its account from being heard of. */
  isHeard(subject: string): boolean {
    return this.#options.client.hasInterest(subject) && isValidSubject(subject)
  }

  /** Nothing is sent where no answer is wanted. */
  send(subject: string, message: JsonObject): void {
    if (subject !== '') this.#options.client.publish(subject, Buffer.from(compactJson(message)))
  }
}

/** The account of `$SYS.REQ.ACCOUNT.<account>.…`. */
export function accountIn(subject: string): string {
  return fromByteString(subject.split('.')[3] ?? '')
}
