import { randomBytes } from 'node:crypto'
import type { Crossing } from './crossing.ts'
import type { Message } from './message.ts'
import type { Peer } from './peer.ts'
import { Subscription } from './subscription.ts'

/**
 * A peer behind which another server stands, for one account: a leaf node connection. However many of its subscriptions
 * match, it gets one copy of a message, with the names of the queue groups that were chosen there; nothing that came by
 * it goes back. (`spec/nats.md` §5.2)
 */
export interface Link extends Peer {
  /** Of the server behind it; links of one cluster get nothing of each other. Empty: it is in none. */
  readonly cluster: string
  /**
   * Queues the message, for the plain subscribers there and for one member of each of `queues`. Never blocks, never
   * throws. Whether it was taken: it may not have everything.
   */
  forward(message: Message, queues: readonly string[]): boolean
}

/** What subscribers behind a link want, as one subscription for each subject and queue group. */
export class LinkSubscription extends Subscription {
  readonly link: Link
  /** Members of the queue group there: how often it is drawn beside those of other links. 1 for a plain subscription. */
  weight: number

  constructor(link: Link, subject: string, queue = '', weight = 1, crossing?: Crossing) {
    super(link, subject, '', queue, crossing)
    this.link = link
    this.weight = weight
  }
}

/** Told of an account's subscriptions, and what else makes it want messages, as they come and go. */
export interface InterestFollower {
  added(subscription: Subscription): void
  removed(subscription: Subscription): void
  /** `weight` counts from now on, where that of the subscription did. */
  reweighed(subscription: LinkSubscription, before: number): void
  /** The account was given other subject mappings. */
  mappingsChanged(): void
}

/** A link announces the subject of its account; a server that hears its own come back stands in a loop. (§5.4) */
export const LOOP_SUBJECT_PREFIX = '$LDS.'

export function newLoopSubject(): string {
  return LOOP_SUBJECT_PREFIX + randomBytes(16).toString('base64url')
}
