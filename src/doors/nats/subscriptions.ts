import { type Account, isValidSubject, type Peer, Subscription } from '#core'
import { quoted } from '#wire/nats'
import type { SubscriptionSnapshot } from './connection-snapshot.ts'
import type { NatsLimits } from './context.ts'
import { RESERVED_QUEUE } from './reserved-subjects.ts'

/** What one client is subscribed to, by its sids. */
export class Subscriptions {
  readonly #peer: Peer
  #account: Account
  readonly #bySid = new Map<string, Subscription>()

  constructor(peer: Peer, account: Account) {
    this.#peer = peer
    this.#account = account
  }

  get size(): number {
    return this.#bySid.size
  }

  /** From now on in another account. Those of the old one end. */
  moveTo(account: Account): void {
    this.clear()
    this.#account = account
  }

  /** Returns what the client is to be told when it may not, or cannot. The checks come in nats-server's order. */
  add(
    { subject, queue, sid }: { subject: string; queue: string; sid: string },
    limits: NatsLimits,
  ): string | undefined {
    if (queue === RESERVED_QUEUE) {
      return `Permissions Violation for Subscription to ${quoted(subject)} using queue ${quoted(queue)}`
    }
    const { maxSubscriptions, maxSubscriptionTokens } = limits
    if (maxSubscriptionTokens > 0 && subject.split('.').length > maxSubscriptionTokens) {
      return `Permissions Violation for Subscription to ${quoted(subject)}, too many tokens`
    }
    if (maxSubscriptions > 0 && this.#bySid.size >= maxSubscriptions) return 'maximum subscriptions exceeded'
    // A sid in use stays what it is; nats-server does not complain either.
    if (this.#bySid.has(sid)) return undefined
    if (!isValidSubject(subject)) return 'Invalid Subject'
    const subscription = new Subscription(this.#peer, subject, sid, queue)
    this.#bySid.set(sid, subscription)
    this.#account.subscribe(subscription)
    return undefined
  }

  /**
   * Ends a subscription with its message number `max`, or at once, which is what it returns; a sid that nobody knows is
   * passed over.
   */
  end(sid: string, max: number): boolean {
    const subscription = this.#bySid.get(sid)
    if (subscription === undefined) return false
    if (max > subscription.delivered) {
      subscription.maxDeliveries = max
      return false
    }
    this.#bySid.delete(sid)
    this.#account.unsubscribe(subscription)
    return true
  }

  /** The account removed it with its last delivery. */
  forget(subscription: Subscription): void {
    this.#bySid.delete(subscription.sid)
  }

  clear(): void {
    for (const subscription of this.#bySid.values()) this.#account.unsubscribe(subscription)
    this.#bySid.clear()
  }

  /** As they are when they are read, which may be done over many turns of the event loop. */
  *snapshot(): IterableIterator<SubscriptionSnapshot> {
    for (const { subject, queue, sid, delivered, maxDeliveries } of this.#bySid.values()) {
      yield { subject, queue, sid, msgs: delivered, max: maxDeliveries }
    }
  }
}
