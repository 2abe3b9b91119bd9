import type { Principal } from '#auth'
import {
  type Account,
  isLiteralSubject,
  isValidSubject,
  Message,
  type Peer,
  PermissionCheck,
  ReplyPermits,
} from '#core'
import { type ClientHandler, noRespondersHeader } from '#wire/nats'
import type { ClientLog } from './client-log.ts'
import type { ClientOutput } from './client-output.ts'
import type { CloseReason } from './close-reason.ts'
import { BEFORE_CONNECT, type ConnectOptions } from './connect-options.ts'
import type { DoorContext } from './context.ts'
import { isReservedReply, isReservedSubject } from './reserved-subjects.ts'
import type { Applicant } from './session.ts'
import { Subscriptions } from './subscriptions.ts'
import {
  publishViolation,
  removedSubscription,
  replyViolation,
  TOO_MANY_SUBSCRIPTIONS,
  type Violation,
} from './violations.ts'

/** The connection that operations come in by: the peer to which the account delivers, and whose life they concern. */
export interface OperationsHost extends Peer {
  onConnect(json: string): void
  onUninvited(): void
  onPing(): void
  onPong(): void
  onError(text: string): void
  /** What it publishes fills the outbox of somebody who reads more slowly. */
  slowDown(): void
  /** It may be allowed more or less in one message now. */
  limitsChanged(): void
  close(reason: CloseReason, errorText?: string): void
}

export interface OperationsOptions {
  readonly host: OperationsHost
  readonly account: Account
  readonly context: DoorContext
  readonly log: ClientLog
  readonly output: ClientOutput
}

/** What one client does in its account: it publishes and subscribes. */
export class ClientOperations implements ClientHandler, Applicant {
  readonly #host: OperationsHost
  readonly #context: DoorContext
  readonly #log: ClientLog
  readonly #output: ClientOutput
  readonly subscriptions: Subscriptions
  #account: Account
  /** Whether it counts as one of the account's connections. */
  #isInside: boolean
  /** `undefined` where it may publish everything. */
  #publishing: PermissionCheck | undefined
  /** Where it may answer, when it may answer what it was asked. */
  #replies: ReplyPermits | undefined
  #limits: Principal['limits']
  /** What it said in CONNECT. */
  options: ConnectOptions = BEFORE_CONNECT
  /** Messages that it published, and their bytes with headers. What it gets is counted by its outbox. */
  inMsgs = 0
  inBytes = 0
  /** How often it subscribed or unsubscribed: with what it publishes, all that keeps it alive by itself. */
  subscriptionChanges = 0

  constructor({ host, account, context, log, output }: OperationsOptions) {
    this.#host = host
    this.#account = account
    this.#isInside = account.enter('client')
    this.#context = context
    this.#log = log
    this.#output = output
    this.subscriptions = new Subscriptions(host, account)
  }

  get account(): Account {
    return this.#account
  }

  /** What it may have in one message: the least of what the server, its account and its user allow. Infinity for no limit. */
  get maxPayloadBytes(): number {
    return least(
      this.#context.limits.maxPayloadBytes,
      this.#account.limits.maxPayloadBytes,
      this.#limits?.maxPayloadBytes,
    )
  }

  /**
   * The same for its subscriptions. What an account allows, it allows each of its connections, as in nats-server.
   * (`spec/nats.md` §2.8)
   */
  get maxSubscriptions(): number {
    const ofServer = this.#context.limits.maxSubscriptions || Number.POSITIVE_INFINITY
    return least(ofServer, this.#account.limits.maxSubscriptions, this.#limits?.maxSubscriptions)
  }

  /** From now on one of the connections of `account`, with all its subscriptions. False: it would be one too many. */
  enter(account: Account): boolean {
    if (account === this.#account && this.#isInside) return true
    this.leave()
    this.subscriptions.moveTo(account)
    this.#account = account
    this.#isInside = account.enter('client')
    return this.#isInside
  }

  /** No connection of its account any more. */
  leave(): void {
    if (this.#isInside) this.#account.leave('client')
    this.#isInside = false
  }

  get isOneTooMany(): boolean {
    const { connectionCount, limits } = this.#account
    return connectionCount > (limits.maxConnections ?? Number.POSITIVE_INFINITY)
  }

  startOver(): void {
    this.subscriptions.clear()
  }

  /**
   * From now on it may do what `principal` may. It is told which of its subscriptions end by that. False: it may not have
   * as many as are left, and was closed.
   */
  restrict({ permissions, limits }: Principal): boolean {
    const check = permissions && PermissionCheck.of(permissions)
    this.#limits = limits
    this.#publishing = check?.restrictsPublishing ? check : undefined
    const responses = this.#publishing?.responses
    // Who is asked keeps being asked: what is under way may be answered.
    if (this.#replies === undefined || !this.#replies.follows(responses)) {
      this.#replies = responses && new ReplyPermits(responses)
    }
    for (const subscription of this.subscriptions.restrict(check)) {
      const { told, logged } = removedSubscription(subscription)
      this.#log.info({ reason: logged }, 'subscription removed')
      this.#output.error(told)
    }
    this.#host.limitsChanged()
    if (this.subscriptions.size <= this.maxSubscriptions && this.maxSubscriptions > 0) return true
    this.#host.close('Maximum Subscriptions Exceeded', TOO_MANY_SUBSCRIPTIONS.told)
    return false
  }

  /** It gets a message that asks for an answer there. */
  wasAsked(reply: string): void {
    if (this.#replies === undefined || this.#publishing?.canPublish(reply) !== false) return
    this.#replies.permit(reply, this.#context.recently)
  }

  onConnect(json: string): void {
    this.#host.onConnect(json)
  }

  onUninvited(): void {
    this.#host.onUninvited()
  }

  onPing(): void {
    this.#host.onPing()
  }

  onPong(): void {
    this.#host.onPong()
  }

  onError(text: string): void {
    this.#host.onError(text)
  }

  /** Hot: once per publish. bench/fanout.ts, bench/permissions.ts */
  onPublish(named: string, reply: string, body: Buffer, headerBytes: number): void {
    this.inMsgs++
    this.inBytes += body.length
    if (this.#log.isTracing) this.#log.receivedMessage({ subject: named, reply, body, headerBytes })
    const options = this.options
    if (options.pedantic && !(isValidSubject(named) && isLiteralSubject(named))) {
      this.#output.error('Invalid Publish Subject')
    }
    // As nats-server does, permissions are asked about where the message goes, not about how the client calls it.
    const subject = this.#account.mapped(named)
    if (this.#publishing !== undefined && !this.#mayPublish(this.#publishing, subject)) {
      this.#forbid(publishViolation(subject))
      return
    }
    if (isReservedSubject(subject, this.#account.name === this.#context.broker.systemAccount)) {
      this.#forbid(publishViolation(subject))
      return
    }
    if (reply !== '' && isReservedReply(reply)) {
      this.#forbid(replyViolation(reply))
      return
    }
    if (options.verbose) this.#output.ok()
    const delivered = this.#account.publish(new Message(subject, body, reply, headerBytes), this.#host, options.echo)
    if (delivered === 0 && reply !== '' && options.noResponders) {
      const header = noRespondersHeader(subject)
      this.#account.publishTo(this.#host, new Message(reply, header, '', header.length))
    }
    if (this.#context.congestion.take()) this.#host.slowDown()
  }

  onSubscribe(subject: string, queue: string, sid: string): void {
    this.subscriptionChanges++
    if (this.#log.isTracing) this.#log.received('SUB', [subject, queue, sid].filter((field) => field !== '').join(' '))
    const objection = this.subscriptions.add(
      { subject, queue, sid },
      {
        maxSubscriptions: this.maxSubscriptions,
        maxSubscriptionTokens: this.#context.limits.maxSubscriptionTokens,
      },
    )
    if (objection === undefined) this.acknowledge()
    else this.#forbid(objection)
  }

  onUnsubscribe(sid: string, max: number): void {
    this.subscriptionChanges++
    if (this.#log.isTracing) this.#log.received('UNSUB', max > 0 ? `${sid} ${max}` : sid)
    if (this.subscriptions.end(sid, max)) this.#log.did('DELSUB', sid)
    this.acknowledge()
  }

  /** `+OK`, for those who want one for everything. */
  acknowledge(): void {
    if (this.options.verbose) this.#output.ok()
  }

  #mayPublish(check: PermissionCheck, subject: string): boolean {
    return check.canPublish(subject) || (this.#replies?.take(subject, this.#context.recently) ?? false)
  }

  /** An operation that is not done, which the client survives. */
  #forbid({ told, logged }: Violation): void {
    this.#log.refused(logged)
    this.#output.error(told)
  }
}

/** The least of these limits; what is `undefined` is none. */
function least(limit: number, ...others: readonly (number | undefined)[]): number {
  return Math.min(limit, ...others.map((other) => other ?? Number.POSITIVE_INFINITY))
}
