import type { Link, LinkSubscription } from './link.ts'
import type { Message } from './message.ts'
import type { LinkMatch } from './sublist.ts'

/** How a message came by a link. */
export interface Arrival {
  readonly link: Link
  /** Groups that were chosen for it by the server behind the link; `undefined`: none was, and any may have it. */
  readonly queues: readonly string[] | undefined
}

interface Target {
  readonly link: Link
  readonly message: Message
  readonly queues: string[]
}

/** The links that get one message: each once, or once for each name under which it imports the message. */
export class LinkTargets {
  readonly #message: Message
  readonly #arrival: Arrival | undefined
  readonly #isImported: boolean
  readonly #targets: Target[] = []

  /** `isImported`: the message came for a service, and is not exported again as part of a stream. */
  constructor(message: Message, arrival: Arrival | undefined, isImported: boolean) {
    this.#message = message
    this.#arrival = arrival
    this.#isImported = isImported
  }

  /** Whether a member of the group may have the message. */
  isMeant(queue: string): boolean {
    const queues = this.#arrival?.queues
    return this.#arrival === undefined || queues === undefined || queues.includes(queue)
  }

  addPlain(subscriptions: LinkMatch['plain']): void {
    for (const subscription of subscriptions) if (this.#mayHave(subscription)) this.#targetFor(subscription)
  }

  /** Chooses one of `members`, by their weights. */
  addOneOf(members: readonly LinkSubscription[], random: (below: number) => number): void {
    const candidates = members.filter((member) => this.#mayHave(member))
    const total = candidates.reduce((sum, { weight }) => sum + weight, 0)
    let drawn = candidates.length > 1 ? random(total) : 0
    for (const candidate of candidates) {
      drawn -= candidate.weight
      if (drawn >= 0) continue
      const { queues } = this.#targetFor(candidate)
      if (!queues.includes(candidate.queue)) queues.push(candidate.queue)
      return
    }
  }

  /** How many took it. */
  send(): number {
    let taken = 0
    for (const { link, message, queues } of this.#targets) if (link.forward(message, queues)) taken++
    return taken
  }

  #mayHave({ link, crossing }: LinkSubscription): boolean {
    if (crossing !== undefined && this.#isImported) return false
    const from = this.#arrival?.link
    return from === undefined || (link !== from && (link.cluster === '' || link.cluster !== from.cluster))
  }

  #targetFor({ link, crossing }: LinkSubscription): Target {
    const message = crossing?.kind === 'stream' ? crossing.localized(this.#message) : this.#message
    const known = this.#targets.find((target) => target.link === link && target.message === message)
    if (known !== undefined) return known
    const target: Target = { link, message, queues: [] }
    this.#targets.push(target)
    return target
  }
}
