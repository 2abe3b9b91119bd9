import type { Clock } from '#kit'
import type { AccountDefinition, AccountLimits } from './account-definition.ts'
import { type Hop, type Journey, MAX_FURTHER_CROSSINGS } from './crossing.ts'
import type { ImportLinks } from './imports.ts'
import { type InterestFollower, type Link, type LinkSubscription, newLoopSubject } from './link.ts'
import { type Arrival, forwardToEach, LinkTargets } from './link-targets.ts'
import type { Message } from './message.ts'
import type { Peer } from './peer.ts'
import { ServiceImportCrossing } from './service-import.ts'
import { ServiceResponses } from './service-responses.ts'
import { StreamImports } from './stream-imports.ts'
import { SubjectMappings } from './subject-mappings.ts'
import { type Match, Sublist, type SublistStats } from './sublist.ts'
import type { Subscription } from './subscription.ts'

/** What counts differently towards an account's limits. */
export type ConnectionKind = 'client' | 'leaf'

export interface AccountTraffic {
  inMsgs: number
  inBytes: number
  outMsgs: number
  outBytes: number
}

export interface AccountTools {
  /** A whole number from 0 up to, not including, its argument. */
  random(below: number): number
  readonly clock: Clock
  /** Milliseconds, with fractions, since whenever: how long things take. */
  monotonicMs(): number
  /** Whether the server speaks of itself in the account of that name. */
  isSystemAccount(name: string): boolean
}

const NO_LIMITS: AccountLimits = {}

/** A subject space of its own. What crosses from one account to another, one exports and the other imports: `crossing.ts`. */
export class Account {
  readonly name: string
  /**
   * Since the start, bytes with headers. In: what was published to it. Out: what its publishers' messages became, at its
   * own subscribers and at those of accounts that import them.
   */
  readonly traffic: AccountTraffic = { inMsgs: 0, inBytes: 0, outMsgs: 0, outBytes: 0 }
  readonly #tools: AccountTools
  readonly #sublist = new Sublist()
  readonly #streams = new StreamImports(this)
  #services: readonly ServiceImportCrossing[] = []
  /** The ways back to accounts that ask services of this one. */
  readonly #responses = new Map<Account, ServiceResponses>()
  #mappings: SubjectMappings | undefined
  #definition: AccountDefinition | undefined
  #clients = 0
  #leafNodes = 0
  /** `undefined`: nobody follows, which is the rule. */
  #followers: Set<InterestFollower> | undefined
  #loopSubject: string | undefined

  constructor(name: string, tools: AccountTools) {
    this.name = name
    this.#tools = tools
  }

  /** As it was defined last; `undefined`: it came into being by its name alone. */
  get definition(): AccountDefinition | undefined {
    return this.#definition
  }

  /** Its limits and subject mappings apply from now on; what it imports is linked by `link`. */
  define(definition: AccountDefinition | undefined): void {
    this.#definition = definition
    const mappings = definition?.mappings ?? []
    this.#mappings = mappings.length === 0 ? undefined : new SubjectMappings(mappings, this.#tools)
    for (const follower of this.#followers ?? []) follower.mappingsChanged()
  }

  /** Imports these from now on, in place of what it did. What is subscribed follows; answers under way still arrive. */
  link({ streams, services }: ImportLinks): void {
    const former = this.#services
    this.#services = services.map((link) => new ServiceImportCrossing(this, link, this.#tools))
    // The new ones first: of what is as it was, those who follow hear nothing.
    for (const { subscription } of this.#services) this.attach(subscription)
    for (const { subscription } of former) this.detach(subscription)
    this.#streams.relink(streams, this.#ownSubscriptions())
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

  /**
   * Where what a client publishes to `subject` goes after the account's subject mappings, drawn anew each time; the same
   * string without any. The publisher asks, before its permissions are asked; `publish` takes subjects as they are.
   *
   * Hot: once per publish. bench/fanout.ts
   */
  mapped(subject: string): string {
    return this.#mappings === undefined ? subject : this.#mappings.apply(subject)
  }

  /** With those by which messages cross to and from other accounts. */
  get subscriptionCount(): number {
    return this.#sublist.size
  }

  /** Of its subscriptions and of what was published to them. */
  stats(): SublistStats {
    return this.#sublist.stats()
  }

  subscribe(subscription: Subscription): void {
    this.attach(subscription)
    this.#streams.add(subscription)
  }

  /** Unknown subscriptions are ignored. */
  unsubscribe(subscription: Subscription): void {
    this.detach(subscription)
    this.#streams.remove(subscription)
  }

  hasInterest(subject: string): boolean {
    const { plain, queues, services, links } = this.#sublist.match(subject)
    return plain.length + queues.length + services.length > 0 || links !== undefined
  }

  /** Tells `follower` of every change of what is subscribed from now on. Returns what ends that. */
  follow(follower: InterestFollower): () => void {
    this.#followers ??= new Set()
    this.#followers.add(follower)
    return () => {
      this.#followers?.delete(follower)
      if (this.#followers?.size === 0) this.#followers = undefined
    }
  }

  /** With those by which messages cross to and from other accounts. What comes or goes meanwhile may be among them or not. */
  subscriptions(): IterableIterator<Subscription> {
    return this.#sublist.subscriptions()
  }

  /** Behind its link the queue group has more or fewer members by now. */
  reweigh(subscription: LinkSubscription, weight: number): void {
    const before = subscription.weight
    subscription.weight = weight
    this.#streams.reweigh(subscription)
    for (const follower of this.#followers ?? []) follower.reweighed(subscription, before)
  }

  /** What its links announce to find out that they stand in a loop. (`spec/nats.md` §5.4) */
  get loopSubject(): string {
    this.#loopSubject ??= newLoopSubject()
    return this.#loopSubject
  }

  /**
   * Hands the message to every plain subscription, to one random member of each queue group and to the services of other
   * accounts that it asks; returns how many got it. With `echoes` false, the publisher `from` does not get it back. A
   * subscription that reaches its `maxDeliveries` is removed with that delivery.
   *
   * Hot: once per publish, loops once per receiver. bench/fanout.ts
   */
  publish(message: Message, from?: Peer, echoes = true): number {
    this.traffic.inMsgs++
    this.traffic.inBytes += message.body.length
    return this.#fanOut(message, from, echoes, undefined)
  }

  /**
   * `publish` for a message that came by a link. The server behind it has chosen `queues`, and only of these groups a
   * member gets it; `undefined`: of any. Receivers here get it as `local`, other links as it came. Hot: once per message
   * of a link.
   */
  relay(message: Message, link: Link, queues: readonly string[] | undefined, local = message): number {
    this.traffic.inMsgs++
    this.traffic.inBytes += message.body.length
    const match = this.#sublist.match(message.subject)
    const delivered = this.#fanOutWithLinks(match, message, { from: link, queues }, undefined, local)
    this.#note(delivered, message)
    return delivered + this.#ask(match.services, message, { from: link, echoes: false, hop: undefined })
  }

  /** `publish` for a message that comes from another account. */
  carryOn(message: Message, { from, echoes, hop }: Omit<Journey, 'budget'>): number {
    return this.#fanOut(message, from, echoes, hop)
  }

  #fanOut(message: Message, from: Peer | undefined, echoes: boolean, hop: Hop | undefined): number {
    const except = echoes ? undefined : from
    const match = this.#sublist.match(message.subject) // cached and shared, so never mutated
    const { plain, queues, services } = match
    let delivered = 0
    if (match.links === undefined) {
      for (let i = 0; i < plain.length; i++) {
        if (this.#deliver(plain[i]!, message, except, hop)) delivered++
      }
      for (let i = 0; i < queues.length; i++) {
        if (this.#deliverToOneOf(queues[i]!, message, except, hop)) delivered++
      }
    } else delivered = this.#fanOutWithLinks(match, message, { from: except, queues: undefined }, hop)
    this.#note(delivered, message)
    return services.length === 0 ? delivered : delivered + this.#ask(services, message, { from, echoes, hop })
  }

  /** Of each queue group, members that are here come before those behind links. */
  #fanOutWithLinks(
    { plain, queues, links }: Match,
    message: Message,
    arrival: Arrival,
    hop: Hop | undefined,
    local = message,
  ): number {
    const { from } = arrival
    let delivered = 0
    for (let i = 0; i < plain.length; i++) if (this.#deliver(plain[i]!, local, from, hop)) delivered++
    if (queues.length === 0 && (links === undefined || links.isSimple)) {
      return links === undefined ? delivered : delivered + forwardToEach(links.plain, message, from)
    }
    const targets = new LinkTargets(message, arrival, hop !== undefined)
    targets.addPlain(links?.plain ?? [])
    const served = new Set<string>()
    for (const group of queues) {
      const { queue } = group[0]!
      if (!targets.isMeant(queue) || !this.#deliverToOneOf(group, local, from, hop)) continue
      delivered++
      served.add(queue)
    }
    for (const [queue, members] of links?.queues ?? []) {
      if (targets.isMeant(queue) && !served.has(queue)) targets.addOneOf(members, this.#tools.random)
    }
    return delivered + targets.send()
  }

  #note(delivered: number, { body }: Message): void {
    this.traffic.outMsgs += delivered
    this.traffic.outBytes += delivered * body.length
  }

  #ask(services: readonly Subscription[], message: Message, journey: Omit<Journey, 'budget'>): number {
    const budget = journey.hop?.budget ?? { crossings: MAX_FURTHER_CROSSINGS }
    return askServices(services, message, { ...journey, budget })
  }

  /** Hands the message to one of `peer`'s own subscriptions that match, and to nobody else. */
  publishTo(peer: Peer, message: Message): boolean {
    const { plain, queues } = this.#sublist.match(message.subject)
    for (const subscriptions of [plain, ...queues]) {
      const own = subscriptions.find(({ peer: owner, crossing }) => owner === peer && crossing === undefined)
      if (own !== undefined) return this.deliver(own, message, undefined)
    }
    return false
  }

  /** Hands the message to this subscription of its own, if that takes it. */
  deliver(subscription: Subscription, message: Message, except: Peer | undefined): boolean {
    const { peer, maxDeliveries, filter } = subscription
    if (peer === except) return false
    if (filter !== undefined && !filter.admits(message.subject)) return false
    if (maxDeliveries !== 0) {
      // Removed by an earlier delivery of the same fan-out: the match in hand still lists it.
      if (subscription.delivered >= maxDeliveries) return false
      if (subscription.delivered + 1 === maxDeliveries) this.unsubscribe(subscription)
    }
    subscription.delivered++
    peer.send(subscription, message)
    return true
  }

  /** A subscription on behalf of another account, or on behalf of this one that leads to another. */
  attach(subscription: Subscription): void {
    if (!this.#sublist.insert(subscription) || this.#followers === undefined) return
    for (const follower of this.#followers) follower.added(subscription)
  }

  /** For each `attach`. */
  detach(subscription: Subscription): void {
    if (!this.#sublist.remove(subscription) || this.#followers === undefined) return
    for (const follower of this.#followers) follower.removed(subscription)
  }

  /** Where this account's answers to requests of `requestor` are looked after. */
  responsesTo(requestor: Account): ServiceResponses {
    let responses = this.#responses.get(requestor)
    if (responses === undefined) {
      responses = new ServiceResponses({ exporter: this, requestor, clock: this.#tools.clock })
      this.#responses.set(requestor, responses)
    }
    return responses
  }

  /** Milliseconds since the Unix epoch. */
  nowMs(): number {
    return this.#tools.clock.now()
  }

  /** `requestor` is gone, and waits for no more answers. */
  forgetRequestsOf(requestor: Account): void {
    this.#responses.get(requestor)?.close()
    this.#responses.delete(requestor)
  }

  #deliver(subscription: Subscription, message: Message, except: Peer | undefined, hop: Hop | undefined): boolean {
    const { crossing } = subscription
    if (crossing === undefined) return this.deliver(subscription, message, except)
    // What came for a service is not exported again as part of a stream. (nats-server: pmrMsgImportedFromService)
    return crossing.kind === 'stream' && hop === undefined && crossing.deliver(message, except)
  }

  #deliverToOneOf(
    group: readonly Subscription[],
    message: Message,
    except: Peer | undefined,
    hop: Hop | undefined,
  ): boolean {
    const first = group.length === 1 ? 0 : this.#tools.random(group.length)
    for (let i = 0; i < group.length; i++) {
      if (this.#deliver(group[(first + i) % group.length]!, message, except, hop)) return true
    }
    return false
  }

  *#ownSubscriptions(): IterableIterator<Subscription> {
    for (const subscription of this.#sublist.subscriptions())
      if (subscription.crossing === undefined) yield subscription
  }
}

/** How many of them found somebody. */
function askServices(services: readonly Subscription[], message: Message, journey: Journey): number {
  let served = 0
  for (const { crossing } of services) {
    if (crossing?.kind === 'service' && crossing.carry(message, journey)) served++
  }
  return served
}
