import { type Account, type Message, Subscription } from '#core'
import type { Logger } from '#kit'
import { instanceIn } from './pulse.ts'
import { CONTROL_TAKEN } from './subjects.ts'

/** A limit's name, and an address or whatever else is counted. */
const MAX_BYTES = 4096

/** Told what was taken of a limit, by the key that has it. */
export type Taken = (key: string) => void

export interface SharedLimitsOptions {
  /** `VAULT`. */
  readonly account: Account
  /** Of this instance. */
  readonly id: string
  /** Tells the other instances. */
  readonly say: (subject: string, payload: Buffer) => void
  readonly logger: Logger
}

/**
 * Limits that hold for all instances together: what one takes, the others count too. A limit can be exceeded by what is
 * taken at once on several of them, within the time a message takes.
 */
export class SharedLimits {
  readonly #options: SharedLimitsOptions
  readonly #limits = new Map<string, Taken>()
  readonly #subscription: Subscription

  constructor(options: SharedLimitsOptions) {
    this.#options = options
    const peer = { send: (_: Subscription, message: Message) => this.#hear(message) }
    this.#subscription = new Subscription(peer, CONTROL_TAKEN, '')
    options.account.subscribe(this.#subscription)
  }

  /** Shares the limit of that name. What is returned is to be told what is taken here. */
  share(name: string, takenElsewhere: Taken): Taken {
    this.#limits.set(name, takenElsewhere)
    return (key) => this.#options.say(CONTROL_TAKEN, Buffer.from(JSON.stringify({ Limit: name, Key: key })))
  }

  close(): void {
    this.#options.account.unsubscribe(this.#subscription)
  }

  #hear({ body, headerBytes, payload }: Message): void {
    const from = headerBytes > 0 ? instanceIn(body.subarray(0, headerBytes)) : undefined
    if (from === undefined || from === this.#options.id || payload.length > MAX_BYTES) return
    try {
      const { Limit, Key } = JSON.parse(payload.toString('utf8')) as { Limit?: unknown; Key?: unknown }
      if (typeof Limit === 'string' && typeof Key === 'string') this.#limits.get(Limit)?.(Key)
    } catch (error) {
      this.#options.logger.warn({ error: String(error) }, 'what was taken of a limit elsewhere is not understood')
    }
  }
}
