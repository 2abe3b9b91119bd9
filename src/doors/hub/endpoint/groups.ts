import { type Account, type Message, type Peer, Subscription } from '#core'
import type { HubConnection } from '../connection/connection.ts'
import type { Hub } from '../hub.ts'

/** So many connections were handed what a message is. */
export type OnTold = (message: Message, connections: number) => void

/**
 * Those who listen to one subject: one subscription of the broker, whatever their number, so that a message is
 * translated once for all of them, and a machine that hears of it asks for it once.
 */
class Group implements Peer {
  readonly subscription: Subscription
  readonly members = new Set<HubConnection>()
  readonly #hub: Hub
  readonly #onTold: OnTold

  constructor(hub: Hub, subject: string, onTold: OnTold) {
    this.#hub = hub
    this.#onTold = onTold
    this.subscription = new Subscription(this, subject, '')
  }

  /** Hot: once per message. Members may leave while they are told. */
  send(_subscription: Subscription, message: Message): void {
    const event = this.#hub.translate(message)
    if (event === undefined) return
    const { size } = this.members
    for (const member of this.members) member.tell(event)
    this.#onTold(message, size)
  }

  close(): void {}
}

/** The groups of one hub, by subject. None is there without a member. */
export class Groups {
  readonly #account: Account
  readonly #hub: Hub
  readonly #onTold: OnTold
  readonly #bySubject = new Map<string, Group>()

  constructor(account: Account, hub: Hub, onTold: OnTold) {
    this.#account = account
    this.#hub = hub
    this.#onTold = onTold
  }

  get size(): number {
    return this.#bySubject.size
  }

  /** From here on the connection misses nothing on `subject`. To join twice changes nothing. */
  join(connection: HubConnection, subject: string): void {
    let group = this.#bySubject.get(subject)
    if (group === undefined) {
      group = new Group(this.#hub, subject, this.#onTold)
      this.#bySubject.set(subject, group)
      this.#account.subscribe(group.subscription)
    }
    group.members.add(connection)
  }

  leave(connection: HubConnection, subject: string): void {
    const group = this.#bySubject.get(subject)
    if (!group?.members.delete(connection) || group.members.size > 0) return
    this.#bySubject.delete(subject)
    this.#account.unsubscribe(group.subscription)
  }
}
