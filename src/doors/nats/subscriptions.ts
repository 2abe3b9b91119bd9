import { type Account, isValidSubject, type Peer, type PermissionCheck, Subscription } from '#core'
import type { SubscriptionSnapshot } from './connection-snapshot.ts'
import { RESERVED_QUEUE } from './reserved-subjects.ts'
import {
  INVALID_SUBJECT,
  type SubscriptionRequest,
  subscriptionViolation,
  TOO_MANY_SUBSCRIPTIONS,
  tooManyTokens,
  type Violation,
} from './violations.ts'

export interface SubscriptionLimits {
  /** What the server, the account and the user allow together. */
  readonly maxSubscriptions: number
  /** 0 means no limit. */
  readonly maxSubscriptionTokens: number
}

/** What one client is subscribed to, by its sids. */
export class Subscriptions {
  readonly #peer: Peer
  #account: Account
  #permissions: PermissionCheck | undefined
  readonly #bySid = new Map<string, Subscription>()

  constructor(peer: Peer, account: Account) {
    this.#peer = peer
    this.#account = account
  }

  get size(): number {
    return this.#bySid.size
  }

  /** From now on in another account, with all there are. */
  moveTo(account: Account): void {
    for (const subscription of this.#bySid.values()) {
      this.#account.unsubscribe(subscription)
      account.subscribe(subscription)
    }
    this.#account = account
  }

  /** From now on as far as is allowed; `undefined`: everything is. Those that are not end, and are returned. */
  restrict(permissions: PermissionCheck | undefined): readonly Subscription[] {
    if (permissions === this.#permissions) return []
    this.#permissions = permissions
    const ended = [...this.#bySid.values()].filter((subscription) => !this.#mayHave(subscription))
    for (const subscription of ended) this.#remove(subscription)
    for (const subscription of this.#bySid.values()) this.#filter(subscription)
    return ended
  }

  /** Returns why the client may not, or cannot. The checks come in nats-server's order. */
  add(request: SubscriptionRequest, limits: SubscriptionLimits): Violation | undefined {
    const { subject, queue, sid } = request
    if (!this.#mayHave(request)) return subscriptionViolation(request)
    const { maxSubscriptions, maxSubscriptionTokens } = limits
    if (maxSubscriptionTokens > 0 && subject.split('.').length > maxSubscriptionTokens) return tooManyTokens(request)
    if (this.#bySid.size >= maxSubscriptions) return TOO_MANY_SUBSCRIPTIONS
    // A sid in use stays what it is; nats-server does not complain either.
    if (this.#bySid.has(sid)) return undefined
    if (!isValidSubject(subject)) return INVALID_SUBJECT
    const subscription = new Subscription(this.#peer, subject, sid, queue)
    this.#filter(subscription)
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
    this.#remove(subscription)
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

  #mayHave({ subject, queue }: Pick<SubscriptionRequest, 'subject' | 'queue'>): boolean {
    return queue !== RESERVED_QUEUE && (this.#permissions?.canSubscribe(subject, queue) ?? true)
  }

  #filter(subscription: Subscription): void {
    subscription.filter = this.#permissions?.filterFor(subscription.subject, subscription.queue)
  }

  #remove(subscription: Subscription): void {
    this.#bySid.delete(subscription.sid)
    this.#account.unsubscribe(subscription)
  }
}
