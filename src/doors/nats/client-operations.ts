import { type Account, isLiteralSubject, isValidSubject, Message, type Peer, SYSTEM_ACCOUNT } from '#core'
import { type ClientHandler, noRespondersHeader, quoted } from '#wire/nats'
import type { ClientLog } from './client-log.ts'
import type { ClientOutput } from './client-output.ts'
import { BEFORE_CONNECT, type ConnectOptions } from './connect-options.ts'
import type { DoorContext } from './context.ts'
import { isReservedReply, isReservedSubject } from './reserved-subjects.ts'
import { Subscriptions } from './subscriptions.ts'

/** The connection that operations come in by: the peer to which the account delivers, and whose life they concern. */
export interface OperationsHost extends Peer {
  onConnect(json: string): void
  onUninvited(): void
  onPing(): void
  onPong(): void
  onError(text: string): void
  /** What it publishes fills the outbox of somebody who reads more slowly. */
  slowDown(): void
}

export interface OperationsOptions {
  readonly host: OperationsHost
  readonly account: Account
  readonly context: DoorContext
  readonly log: ClientLog
  readonly output: ClientOutput
}

/** What one client does in its account: it publishes and subscribes. */
export class ClientOperations implements ClientHandler {
  readonly #host: OperationsHost
  readonly #context: DoorContext
  readonly #log: ClientLog
  readonly #output: ClientOutput
  readonly subscriptions: Subscriptions
  #account: Account
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
    this.#context = context
    this.#log = log
    this.#output = output
    this.subscriptions = new Subscriptions(host, account)
  }

  get account(): Account {
    return this.#account
  }

  /** From now on in another account. Its subscriptions end. */
  moveTo(account: Account): void {
    this.#account = account
    this.subscriptions.moveTo(account)
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

  /** Hot: once per publish. bench/fanout.ts */
  onPublish(named: string, reply: string, body: Buffer, headerBytes: number): void {
    const subject = this.#account.mapped(named)
    this.inMsgs++
    this.inBytes += body.length
    if (this.#log.isTracing) this.#log.receivedMessage({ subject, reply, body, headerBytes })
    const options = this.options
    if (options.pedantic && !(isValidSubject(subject) && isLiteralSubject(subject))) {
      this.#output.error('Invalid Publish Subject')
    }
    if (isReservedSubject(subject, this.#account.name === SYSTEM_ACCOUNT)) {
      this.#forbid(`Permissions Violation for Publish to ${quoted(subject)}`)
      return
    }
    if (reply !== '' && isReservedReply(reply)) {
      this.#forbid(`Permissions Violation for Publish with Reply of ${quoted(reply)}`)
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
    const objection = this.subscriptions.add({ subject, queue, sid }, this.#context.limits)
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

  /** An operation that is not done, which the client survives. */
  #forbid(text: string): void {
    this.#log.refused(text)
    this.#output.error(text)
  }
}
