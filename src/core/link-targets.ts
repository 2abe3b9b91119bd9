import type { Link, LinkSubscription } from './link.ts'
import type { Message } from './message.ts'
import type { Peer } from './peer.ts'
import type { LinkMatch } from './sublist.ts'

/** How a message came here. */
export interface Arrival {
  /** Who does not get it back: the link by which it came, in this account or in one whose services led it here. */
  readonly from: Peer | undefined
  /** Groups that were chosen for it by the server behind the link; `undefined`: none was, and any may have it. */
  readonly queues: readonly string[] | undefined
}

interface Target {
  readonly message: Message
  readonly queues: string[]
}

/** From so many names on a set of them is made: a line has room for 30,000, and each group that matches asks. */
const MANY_QUEUES = 16

const NO_QUEUES: readonly string[] = []

/** The same as `LinkTargets` does where each link that wants the message has one subscription. How many took it. Hot. */
export function forwardToEach(subscriptions: LinkMatch['plain'], message: Message, from: Peer | undefined): number {
  let taken = 0
  for (let i = 0; i < subscriptions.length; i++) {
    const { link } = subscriptions[i]!
    if (mayReceive(link, from) && link.forward(message, NO_QUEUES)) taken++
  }
  return taken
}

/** The links that get one message: each once, or once for each name under which it imports the message. */
export class LinkTargets {
  readonly #message: Message
  readonly #arrival: Arrival
  readonly #isImported: boolean
  /** By link, as there may be many; of one there are as many as names under which it imports the message. */
  readonly #targets = new Map<Link, Target[]>()
  #chosen: ReadonlySet<string> | undefined

  /** `isImported`: the message came for a service, and is not exported again as part of a stream. */
  constructor(message: Message, arrival: Arrival, isImported: boolean) {
    this.#message = message
    this.#arrival = arrival
    this.#isImported = isImported
  }

  /** Whether a member of the group may have the message. */
  isMeant(queue: string): boolean {
    const queues = this.#arrival?.queues
    if (queues === undefined) return true
    if (queues.length < MANY_QUEUES) return queues.includes(queue)
    this.#chosen ??= new Set(queues)
    return this.#chosen.has(queue)
  }

  addPlain(subscriptions: LinkMatch['plain']): void {
    for (const subscription of subscriptions) if (this.#mayHave(subscription)) this.#targetFor(subscription)
  }

  /** Chooses one of `members`, all those of a group, by their weights. Once for each group. */
  addOneOf(members: readonly LinkSubscription[], random: (below: number) => number): void {
    const candidates = members.filter((member) => this.#mayHave(member))
    const total = candidates.reduce((sum, { weight }) => sum + weight, 0)
    let drawn = candidates.length > 1 ? random(total) : 0
    for (const candidate of candidates) {
      drawn -= candidate.weight
      if (drawn >= 0) continue
      this.#targetFor(candidate).queues.push(candidate.queue)
      return
    }
  }

  /** How many took it. */
  send(): number {
    let taken = 0
    for (const [link, targets] of this.#targets) {
      for (const { message, queues } of targets) if (link.forward(message, queues)) taken++
    }
    return taken
  }

  #mayHave({ link, crossing }: LinkSubscription): boolean {
    if (crossing !== undefined && this.#isImported) return false
    return mayReceive(link, this.#arrival.from)
  }

  #targetFor({ link, crossing }: LinkSubscription): Target {
    const message = crossing?.kind === 'stream' ? crossing.localized(this.#message) : this.#message
    const known = this.#targets.get(link)
    const same = known?.find((target) => target.message === message)
    if (same !== undefined) return same
    const target: Target = { message, queues: [] }
    if (known === undefined) this.#targets.set(link, [target])
    else known.push(target)
    return target
  }
}

/** Nothing goes back to where it came from, nor to others of the same cluster. */
function mayReceive(link: Link, from: Peer | undefined): boolean {
  return from === undefined || (link !== from && (link.cluster === '' || link.cluster !== from.cluster))
}
