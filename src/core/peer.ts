import type { Message } from './message.ts'
import type { Subscription } from './subscription.ts'

/** A connected party as the core sees it. Each door supplies one per connection; reading is the door's business. */
export interface Peer {
  /**
   * Queues a message. Never blocks, never throws: it runs inside the fan-out loop, where one peer's
   * trouble must not cost another its message. A peer that falls behind is closed by its own queue.
   */
  send(subscription: Subscription, message: Message): void
  /** Who it is, as services in other accounts are told; without it, only its account is. Asked once per request. */
  readonly requestor?: () => Requestor
  /** Where another server stands behind it: see `Link`. What came from there goes back by no account's link. */
  readonly cluster?: string
}

/** Who asks a service of another account: header `Nats-Request-Info`. Absent and empty fields are left out of it. */
export interface Requestor {
  /** Round trip, milliseconds; told even where the import does not share the rest. */
  readonly rttMs?: number | undefined
  /** Milliseconds since the Unix epoch. */
  readonly startMs?: number | undefined
  /** The address of the client. */
  readonly host?: string | undefined
  readonly id?: number | undefined
  /** A user's name or public key; never a secret. */
  readonly user?: string | undefined
  /** The next three as the client said in CONNECT. */
  readonly name?: string | undefined
  readonly lang?: string | undefined
  readonly version?: string | undefined
  /** Name of the server. */
  readonly server?: string | undefined
  readonly jwt?: string | undefined
  readonly issuerKey?: string | undefined
  readonly nameTag?: string | undefined
  readonly tags?: readonly string[] | undefined
  /** `Client` or `Leafnode`. */
  readonly kind?: string | undefined
  /** `nats`, `websocket` or `mqtt`. */
  readonly clientType?: string | undefined
}

/** Behind subscriptions that lead to other accounts. */
export const NOBODY: Peer = { send() {} }
