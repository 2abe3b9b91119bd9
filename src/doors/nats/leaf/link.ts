import {
  type Account,
  isLiteralSubject,
  isValidSubject,
  type Link,
  LinkSubscription,
  Message,
  type Outbox,
  type Requestor,
  type Subscription,
} from '#core'
import { leafHmsgHead, lmsgHead } from '#wire/nats'
import type { ClientOutput } from '../client-output.ts'
import type { DoorContext } from '../context.ts'
import { AnnouncedInterest } from './announced-interest.ts'
import { asDeliveredHere } from './jetstream-delivery.ts'
import type { LinkRules } from './link-rules.ts'

const CRLF = '\r\n'

/** The connection that a link lives on. What it is told of ends with its closing. */
export interface LinkHost {
  /** Our own loop subject came back. */
  loopDetected(): void
  /** The other side brings or wants what it may not: a server that we let in has to keep to what it was told. */
  violated(action: 'Publish' | 'Subscription', subject: string): void
  tooManySubscriptions(): void
  /** What it brings fills the outbox of somebody who reads more slowly. */
  slowDown(): void
  requestor(): Requestor
}

/** What a server says of itself when a link is made. */
export interface OtherSide {
  /** Name of the server, or its id. */
  readonly name: string
  /** Empty: it is in none. */
  readonly cluster: string
  /** Name of the account there; empty: it does not say. */
  readonly account: string
  readonly takesHeaders: boolean
}

export interface LeafLinkOptions {
  readonly host: LinkHost
  readonly account: Account
  readonly context: Pick<DoorContext, 'recently' | 'congestion' | 'limits'>
  readonly outbox: Outbox
  readonly output: ClientOutput
  readonly otherSide: OtherSide
  /** Whether we are the hub of the two: a spoke tells only what is wanted by itself and by those whose hub it is. */
  readonly isHub: boolean
  /** Whether the other side is not told what other leaf nodes want. */
  readonly isIsolated: boolean
  readonly rules: LinkRules
  /** See `AnnouncedInterest`. */
  readonly covers?: readonly string[]
}

/**
 * One leaf node connection from its login on: an account here and one there become one subject space. The same on both
 * sides, whoever connected. (`spec/nats.md` §5.2)
 */
export class LeafLink implements Link {
  readonly isHub: boolean
  readonly isIsolated: boolean
  readonly otherSide: OtherSide
  readonly account: Account
  readonly #host: LinkHost
  readonly #context: LeafLinkOptions['context']
  readonly #outbox: Outbox
  readonly #output: ClientOutput
  readonly #announced: AnnouncedInterest
  /** What the other side wants, by `subject` or `subject queue`. */
  readonly #wanted = new Map<string, LinkSubscription>()
  #rules: LinkRules
  #hasEnded = false
  /** Messages that came by it, and their bytes with headers. What it gets is counted by its outbox. */
  inMsgs = 0
  inBytes = 0

  constructor(options: LeafLinkOptions) {
    const { host, account, context, outbox, output, otherSide, isHub, isIsolated, rules, covers = [] } = options
    this.#host = host
    this.account = account
    this.#context = context
    this.#outbox = outbox
    this.#output = output
    this.otherSide = otherSide
    this.isHub = isHub
    this.isIsolated = isIsolated
    this.#rules = rules
    this.#announced = new AnnouncedInterest({
      account,
      link: this,
      passesOn: (other) => !isIsolated && (isHub || (other instanceof LeafLink && other.isHub)),
      mayBringSome: (pattern) => this.#rules.mayBringSome(pattern),
      covers,
      tell: (line) => this.#outbox.appendText(line),
    })
  }

  get cluster(): string {
    return this.otherSide.cluster
  }

  /** Subjects and queue groups that are wanted on the other side. */
  get wantedCount(): number {
    return this.#wanted.size
  }

  wanted(): IterableIterator<LinkSubscription> {
    return this.#wanted.values()
  }

  /** Tells the other side what is wanted here. */
  begin(): void {
    this.#announced.begin()
  }

  /** Other rules from now on. What they make of what is wanted here has to be told: `retell`. */
  restrict(rules: LinkRules): void {
    this.#rules = rules
  }

  /** Tells anew what is wanted here, by the rules that there are now. Costs as much as all of it. */
  retell(): void {
    if (!this.#hasEnded) this.#announced.restart()
  }

  end(): void {
    if (this.#hasEnded) return
    this.#hasEnded = true
    this.#announced.end()
    for (const subscription of this.#wanted.values()) this.account.unsubscribe(subscription)
    this.#wanted.clear()
  }

  // --- Link -----------------------------------------------------------------------------------------------------

  /** Hot: once per message. */
  forward(message: Message, queues: readonly string[]): boolean {
    if (this.#hasEnded || !this.#rules.mayTake(message.subject)) return false
    const { subject, reply, body, headerBytes } =
      message.headerBytes > 0 && !this.otherSide.takesHeaders
        ? new Message(message.subject, message.payload, message.reply)
        : message
    const head =
      headerBytes > 0
        ? leafHmsgHead(subject, reply, queues, headerBytes, body.length)
        : lmsgHead(subject, reply, queues, body.length)
    this.#outbox.append(head, body, CRLF)
    if (reply !== '') this.#rules.wasAsked(reply, this.#context.recently)
    if (this.#outbox.isCrowded) this.#context.congestion.mark()
    return true
  }

  send({ queue }: Subscription, message: Message): void {
    this.forward(message, queue === '' ? [] : [queue])
  }

  requestor(): Requestor {
    return this.#host.requestor()
  }

  // --- What comes from the other side -----------------------------------------------------------------------------

  onInterest(subject: string, queue: string, weight: number): void {
    if (subject === this.account.loopSubject) {
      this.#host.loopDetected()
      return
    }
    if (!isValidSubject(subject) || (queue !== '' && !isValidSubject(queue))) {
      this.#output.error('Invalid Subscription')
      return
    }
    if (isLiteralSubject(subject) && !this.#rules.mayAskFor(subject)) {
      this.#host.violated('Subscription', subject)
      return
    }
    const key = keyOf(subject, queue)
    const known = this.#wanted.get(key)
    if (known !== undefined) {
      if (queue !== '' && known.weight !== weight) this.account.reweigh(known, weight)
      return
    }
    if (this.#wanted.size >= this.#maxSubscriptions) {
      this.#host.tooManySubscriptions()
      return
    }
    const subscription = new LinkSubscription(this, subject, queue, queue === '' ? 1 : weight)
    this.#wanted.set(key, subscription)
    this.account.subscribe(subscription)
  }

  onNoInterest(subject: string, queue: string): void {
    const key = keyOf(subject, queue)
    const subscription = this.#wanted.get(key)
    if (subscription === undefined) return
    this.#wanted.delete(key)
    this.account.unsubscribe(subscription)
  }

  /** Hot: once per message. */
  onMessage(named: string, reply: string, queues: readonly string[], body: Buffer, headerBytes: number): void {
    this.inMsgs++
    this.inBytes += body.length
    if (!this.#rules.mayBring(named, this.#context.recently)) {
      this.#host.violated('Publish', named)
      return
    }
    const subject = this.account.mapped(named)
    // Of the groups that a mapping leads to the other side knows nothing.
    const meant = subject !== named && queues.length === 0 ? undefined : queues
    const message = new Message(subject, body, reply, headerBytes)
    this.account.relay(message, this, meant, asDeliveredHere(message))
    if (this.#context.congestion.take()) this.#host.slowDown()
  }

  get #maxSubscriptions(): number {
    const ofServer = this.#context.limits.maxSubscriptions || Number.POSITIVE_INFINITY
    return Math.min(ofServer, this.account.limits.maxSubscriptions ?? Number.POSITIVE_INFINITY)
  }
}

function keyOf(subject: string, queue: string): string {
  return queue === '' ? subject : `${subject} ${queue}`
}
