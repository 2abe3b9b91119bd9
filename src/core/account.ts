import type { Message } from './message.ts'
import type { Peer } from './peer.ts'
import { Sublist, type SublistStats } from './sublist.ts'
import type { Subscription } from './subscription.ts'

/** A subject space of its own: nothing crosses from one account to another. */
export class Account {
  readonly name: string
  readonly #random: (below: number) => number
  readonly #sublist = new Sublist()

  constructor(name: string, random: (below: number) => number) {
    this.name = name
    this.#random = random
  }

  get subscriptionCount(): number {
    return this.#sublist.size
  }

  /** Of its subscriptions and of what was published to them. */
  stats(): SublistStats {
    return this.#sublist.stats()
  }

  subscribe(subscription: Subscription): void {
    this.#sublist.insert(subscription)
  }

  /** Unknown subscriptions are ignored. */
  unsubscribe(subscription: Subscription): void {
    this.#sublist.remove(subscription)
  }

  hasInterest(subject: string): boolean {
    const { plain, queues } = this.#sublist.match(subject)
    return plain.length > 0 || queues.length > 0
  }

  /**
   * Hands the message to every plain subscription and to one random member of each queue group; returns how many got
   * it. `except` is passed over: a publisher that does not want its own messages back. A subscription that reaches
   * its `maxDeliveries` is removed with that delivery.
   *
   * Hot: once per publish, loops once per receiver. bench/fanout.ts
   */
  publish(message: Message, except?: Peer): number {
    const { plain, queues } = this.#sublist.match(message.subject) // cached and shared, so never mutated
    let delivered = 0
    for (let i = 0; i < plain.length; i++) {
      if (this.#deliver(plain[i]!, message, except)) delivered++
    }
    for (let i = 0; i < queues.length; i++) {
      if (this.#deliverToOneOf(queues[i]!, message, except)) delivered++
    }
    return delivered
  }

  /** Hands the message to one of `peer`'s own subscriptions that match, and to nobody else. */
  publishTo(peer: Peer, message: Message): boolean {
    const { plain, queues } = this.#sublist.match(message.subject)
    for (const subscriptions of [plain, ...queues]) {
      const own = subscriptions.find((subscription) => subscription.peer === peer)
      if (own !== undefined) return this.#deliver(own, message, undefined)
    }
    return false
  }

  #deliver(subscription: Subscription, message: Message, except: Peer | undefined): boolean {
    const { peer, maxDeliveries } = subscription
    if (peer === except) return false
    if (maxDeliveries !== 0) {
      // Removed by an earlier delivery of the same fan-out: the match in hand still lists it.
      if (subscription.delivered >= maxDeliveries) return false
      if (subscription.delivered + 1 === maxDeliveries) this.#sublist.remove(subscription)
    }
    subscription.delivered++
    peer.send(subscription, message)
    return true
  }

  #deliverToOneOf(group: readonly Subscription[], message: Message, except: Peer | undefined): boolean {
    const first = group.length === 1 ? 0 : this.#random(group.length)
    for (let i = 0; i < group.length; i++) {
      if (this.#deliver(group[(first + i) % group.length]!, message, except)) return true
    }
    return false
  }
}
