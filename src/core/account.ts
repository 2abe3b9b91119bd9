import type { AccountDefinition, AccountLimits } from './account-definition.ts'
import type { Message } from './message.ts'
import type { Peer } from './peer.ts'
import { Sublist, type SublistStats } from './sublist.ts'
import type { Subscription } from './subscription.ts'

/** What counts differently towards an account's limits. */
export type ConnectionKind = 'client' | 'leaf'

export interface AccountTraffic {
  inMsgs: number
  inBytes: number
  outMsgs: number
  outBytes: number
}

const NO_LIMITS: AccountLimits = {}

/** A subject space of its own: nothing crosses from one account to another. */
export class Account {
  readonly name: string
  /** As it was defined last; `undefined`: it came into being by its name alone. */
  definition: AccountDefinition | undefined
  /** Since the start. In: published to it; out: delivered. Bytes are those of headers and payloads. */
  readonly traffic: AccountTraffic = { inMsgs: 0, inBytes: 0, outMsgs: 0, outBytes: 0 }
  #clients = 0
  #leafNodes = 0
  readonly #random: (below: number) => number
  readonly #sublist = new Sublist()

  constructor(name: string, random: (below: number) => number) {
    this.name = name
    this.#random = random
  }

  get limits(): AccountLimits {
    return this.definition?.limits ?? NO_LIMITS
  }

  /** Clients and leaf nodes that are in it now. */
  get connectionCount(): number {
    return this.#clients + this.#leafNodes
  }

  get leafNodeCount(): number {
    return this.#leafNodes
  }

  /** A connection comes in, which is to leave again. False: it would be one too many, and did not come in. */
  enter(kind: ConnectionKind): boolean {
    const { maxConnections, maxLeafNodes } = this.limits
    if (maxConnections !== undefined && this.connectionCount >= maxConnections) return false
    if (kind === 'leaf') {
      if (maxLeafNodes !== undefined && this.#leafNodes >= maxLeafNodes) return false
      this.#leafNodes++
    } else {
      this.#clients++
    }
    return true
  }

  /** For each `enter` that was granted. */
  leave(kind: ConnectionKind): void {
    if (kind === 'leaf') this.#leafNodes--
    else this.#clients--
  }

  /** Whether its connections together may have one more subscription. */
  get hasRoomForSubscription(): boolean {
    const { maxSubscriptions } = this.limits
    return maxSubscriptions === undefined || this.#sublist.size < maxSubscriptions
  }

  /** Where what is published to `subject` goes after the account's subject mappings; the same string without any. */
  mapped(subject: string): string {
    return subject
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
   * it. With `echoes` false, the publisher `from` does not get it back. A subscription that reaches `maxDeliveries` is removed with that delivery.
   *
   * Hot: once per publish, loops once per receiver. bench/fanout.ts
   */
  publish(message: Message, from?: Peer, echoes = true): number {
    const except = echoes ? undefined : from
    const { plain, queues } = this.#sublist.match(message.subject) // cached and shared, so never mutated
    let delivered = 0
    for (let i = 0; i < plain.length; i++) {
      if (this.#deliver(plain[i]!, message, except)) delivered++
    }
    for (let i = 0; i < queues.length; i++) {
      if (this.#deliverToOneOf(queues[i]!, message, except)) delivered++
    }
    const { traffic } = this
    traffic.inMsgs++
    traffic.inBytes += message.body.length
    traffic.outMsgs += delivered
    traffic.outBytes += delivered * message.body.length
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
    const { peer, maxDeliveries, filter } = subscription
    if (peer === except) return false
    if (filter !== undefined && !filter.admits(message.subject)) return false
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
