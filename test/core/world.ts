import {
  type AccountDefinition,
  Broker,
  type Export,
  type Import,
  Message,
  type Peer,
  type Requestor,
  type ServiceExport,
  type StreamExport,
  Subscription,
} from '#core'
import { FakeClock } from '../helpers/fake-clock.ts'

/** A client of one account that keeps what it gets as `sid:subject:payload`. */
export class Client implements Peer {
  readonly got: string[] = []
  readonly messages: Message[] = []
  readonly #broker: Broker
  readonly #account: string
  #sids = 0
  requestor?: () => Requestor

  constructor(broker: Broker, account: string) {
    this.#broker = broker
    this.#account = account
  }

  send(subscription: Subscription, message: Message): void {
    this.got.push(`${subscription.sid}:${message.subject}:${message.payload}`)
    this.messages.push(message)
  }

  /** Sids count from 1. */
  subscribe(subject: string, options: { queue?: string; max?: number } = {}): Subscription {
    const subscription = new Subscription(this, subject, String(++this.#sids), options.queue)
    subscription.maxDeliveries = options.max ?? 0
    this.#broker.account(this.#account).subscribe(subscription)
    return subscription
  }

  unsubscribe(subscription: Subscription): void {
    this.#broker.account(this.#account).unsubscribe(subscription)
  }

  /** Returns how many got it. */
  publish(
    subject: string,
    payload = '',
    { reply = '', echoes = true }: { reply?: string; echoes?: boolean } = {},
  ): number {
    const account = this.#broker.account(this.#account)
    return account.publish(new Message(account.mapped(subject), Buffer.from(payload), reply), this, echoes)
  }

  /** What came since the last time. */
  take(): string[] {
    this.messages.length = 0
    return this.got.splice(0)
  }
}

/** A broker with these accounts, a clock of its own, and chance that always picks the first. */
export class World {
  readonly clock = new FakeClock()
  readonly broker: Broker

  constructor(definitions: readonly AccountDefinition[], random: (below: number) => number = () => 0) {
    this.broker = new Broker(random, { clock: this.clock, monotonicMs: () => this.clock.now() })
    this.broker.define(definitions)
  }

  client(account: string): Client {
    return new Client(this.broker, account)
  }
}

export function account(name: string, parts: Partial<Omit<AccountDefinition, 'name'>> = {}): AccountDefinition {
  return { exports: [], imports: [], mappings: [], limits: {}, ...parts, name }
}

export function stream(subject: string, parts: Partial<StreamExport> = {}): Export {
  return { kind: 'stream', subject, access: { kind: 'public' }, ...parts }
}

export function service(subject: string, parts: Partial<ServiceExport> = {}): Export {
  return { kind: 'service', subject, access: { kind: 'public' }, responseType: 'single', allowsTrace: false, ...parts }
}

export function importStream(from: string, subject: string, to = subject): Import {
  return { kind: 'stream', account: from, subject, to, allowsTrace: false }
}

export function importService(from: string, subject: string, to = subject, sharesRequestor = false): Import {
  return { kind: 'service', account: from, subject, to, sharesRequestor }
}
