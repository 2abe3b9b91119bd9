import type { Account } from './account.ts'
import type { StreamCrossing } from './crossing.ts'
import type { ImportMapping } from './import-mapping.ts'
import { LinkSubscription } from './link.ts'
import { DeliveredMessage, Message } from './message.ts'
import { intersectionOf } from './subject-patterns.ts'
import { SubjectTree } from './subject-tree.ts'
import { Subscription } from './subscription.ts'

/** What of another account is published in this one too. */
export class StreamLink {
  readonly exporter: Account
  readonly mapping: ImportMapping
  #last: { readonly message: Message; readonly local: Message } | undefined

  constructor(exporter: Account, mapping: ImportMapping) {
    this.exporter = exporter
    this.mapping = mapping
  }

  /** The message under its local subject: the same object for all receivers, since codecs cache by its identity. */
  localized(message: Message): Message {
    if (this.#last?.message === message) return this.#last.local
    if (message instanceof DeliveredMessage) return message
    const subject = this.mapping.toLocal(message.subject)
    if (subject === message.subject) return message
    const local = new Message(subject, message.body, message.reply, message.headerBytes)
    // Kept for this fan-out, which ends before the microtask: a payload is not pinned longer.
    if (this.#last === undefined) queueMicrotask(() => (this.#last = undefined))
    this.#last = { message, local }
    return local
  }
}

/**
 * The streams that one account imports. Each of its subscriptions that may get something of them has a shadow in the
 * exporter's account, no wider than the import. In queue groups shadows stand beside the exporter's own members.
 */
export class StreamImports {
  readonly #importer: Account
  /** By their local subjects; `undefined`: there are none. */
  #links: SubjectTree<StreamLink> | undefined
  readonly #shadows = new Map<Subscription, { readonly link: StreamLink; readonly shadow: Subscription }[]>()

  constructor(importer: Account) {
    this.#importer = importer
  }

  /** The account imports these from now on. What is subscribed follows. */
  relink(links: readonly StreamLink[], subscriptions: Iterable<Subscription>): void {
    if (links.length === 0 && this.#links === undefined) return
    for (const subscription of this.#shadows.keys()) this.remove(subscription)
    this.#links = links.length === 0 ? undefined : new SubjectTree()
    for (const link of links) this.#links?.add(link.mapping.local, link)
    if (this.#links !== undefined) for (const subscription of subscriptions) this.add(subscription)
  }

  add(subscription: Subscription): void {
    if (this.#links === undefined || this.#shadows.has(subscription)) return
    const shadows = this.#links.overlapping(subscription.subject).flatMap((link) => {
      const shadow = this.#shadowOf(subscription, link)
      return shadow === undefined ? [] : [{ link, shadow }]
    })
    if (shadows.length > 0) this.#shadows.set(subscription, shadows)
    for (const { link, shadow } of shadows) link.exporter.attach(shadow)
  }

  remove(subscription: Subscription): void {
    const shadows = this.#shadows.get(subscription)
    if (shadows === undefined) return
    this.#shadows.delete(subscription)
    for (const { link, shadow } of shadows) link.exporter.detach(shadow)
  }

  /** Those of a link's subscription are drawn by its weight. */
  reweigh(subscription: LinkSubscription): void {
    for (const { link, shadow } of this.#shadows.get(subscription) ?? []) {
      if (shadow instanceof LinkSubscription) link.exporter.reweigh(shadow, subscription.weight)
    }
  }

  #shadowOf(subscription: Subscription, link: StreamLink): Subscription | undefined {
    const { peer, subject, sid, queue } = subscription
    const overlap = intersectionOf(subject, link.mapping.local)
    if (overlap === undefined) return undefined
    const crossing: StreamCrossing = {
      kind: 'stream',
      deliver: (message, except) => this.#importer.deliver(subscription, link.localized(message), except),
      localized: (message) => link.localized(message),
    }
    const remote = link.mapping.toRemote(overlap)
    if (subscription instanceof LinkSubscription) {
      return new LinkSubscription(subscription.link, remote, queue, subscription.weight, crossing)
    }
    return new Subscription(peer, remote, sid, queue, crossing)
  }
}
