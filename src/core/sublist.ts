import { LinkSubscription } from './link.ts'
import { isLiteralSubject } from './subject.ts'
import type { Subscription } from './subscription.ts'

/**
 * Who gets a message: every plain subscription, one member of each queue group, every account whose service it asks,
 * and links on whose other side somebody wants it. Shared, so never mutated.
 */
export interface Match {
  readonly plain: readonly Subscription[]
  readonly queues: readonly (readonly Subscription[])[]
  readonly services: readonly Subscription[]
  /** `undefined`: nobody behind any link wants it. */
  readonly links: LinkMatch | undefined
}

export interface LinkMatch {
  readonly plain: readonly LinkSubscription[]
  /** Nobody is in a queue group, nothing crosses to another account, and each is of a link of its own. */
  readonly isSimple: boolean
  /** By the name of the group, of which `Match.queues` has the members that are here. */
  readonly queues: ReadonlyMap<string, readonly LinkSubscription[]>
}

/** What monitoring tells of a sublist. */
export interface SublistStats {
  readonly subscriptions: number
  /** Subjects whose match is remembered. */
  readonly cached: number
  /** Since the beginning, as are the next three. */
  readonly inserts: number
  readonly removes: number
  readonly matches: number
  /** Matches that were remembered. */
  readonly cacheHits: number
  /** Receivers of the remembered subject that has the most. */
  readonly maxFanout: number
  /** Receivers of all remembered subjects, added up. */
  readonly totalFanout: number
}

const NOBODY: Match = { plain: [], queues: [], services: [], links: undefined }

/** Subjects whose match is remembered come in two generations of this many; see `#remember`. */
const MAX_MATCHES_PER_GENERATION = 4096

/** Longer subjects are looked up each time, so that the cache stays below a few MiB whatever is published. */
const MAX_CACHED_SUBJECT_BYTES = 256

/**
 * Subscriptions that end at one place of the tree, and what lies below it. What is empty is absent: a hub has two nodes
 * for each of its users, and a Map or a Set without content takes some 200 bytes.
 */
class Node {
  plain: Set<Subscription> | undefined
  queues: Map<string, Set<Subscription>> | undefined
  literals: Map<string, Node> | undefined
  star: Node | undefined
  rest: Node | undefined

  get isEmpty(): boolean {
    return (
      this.plain === undefined &&
      this.queues === undefined &&
      this.literals === undefined &&
      this.star === undefined &&
      this.rest === undefined
    )
  }

  /** Answers whether it is new. */
  add(subscription: Subscription): boolean {
    const members = this.#members(subscription.queue)
    if (members.has(subscription)) return false
    members.add(subscription)
    return true
  }

  /** Answers whether it was there. */
  delete(subscription: Subscription): boolean {
    const { queue } = subscription
    const members = queue === '' ? this.plain : this.queues?.get(queue)
    if (!members?.delete(subscription)) return false
    if (members.size > 0) return true
    if (queue === '') {
      this.plain = undefined
    } else {
      this.queues?.delete(queue)
      if (this.queues?.size === 0) this.queues = undefined
    }
    return true
  }

  child(token: string): Node | undefined {
    return token === '*' ? this.star : token === '>' ? this.rest : this.literals?.get(token)
  }

  /** The child, made where there is none. */
  descend(token: string): Node {
    const child = this.child(token)
    if (child !== undefined) return child
    const made = new Node()
    if (token === '*') {
      this.star = made
    } else if (token === '>') {
      this.rest = made
    } else {
      this.literals ??= new Map()
      this.literals.set(token, made)
    }
    return made
  }

  drop(token: string): void {
    if (token === '*') {
      this.star = undefined
    } else if (token === '>') {
      this.rest = undefined
    } else {
      this.literals?.delete(token)
      if (this.literals?.size === 0) this.literals = undefined
    }
  }

  #members(queue: string): Set<Subscription> {
    if (queue === '') {
      this.plain ??= new Set()
      return this.plain
    }
    this.queues ??= new Map()
    let members = this.queues.get(queue)
    if (members === undefined) {
      members = new Set()
      this.queues.set(queue, members)
    }
    return members
  }
}

/**
 * The subscriptions of one account: a tree by subject token, and in front of it a cache from literal subject to match.
 *
 * A change by a literal subject drops one cached match, a change by a wildcard drops them all: that keeps no removed
 * subscription alive, and wildcards change rarely beside what is published.
 */
export class Sublist {
  readonly #root = new Node()
  #recent = new Map<string, Match>()
  #older = new Map<string, Match>()
  #size = 0
  #inserts = 0
  #removes = 0
  #matches = 0
  #misses = 0

  get size(): number {
    return this.#size
  }

  /** `subscription.subject` must be valid. Whether it is new: adding one that is there already changes nothing. */
  insert(subscription: Subscription): boolean {
    let node = this.#root
    for (const token of subscription.subject.split('.')) node = node.descend(token)
    if (!node.add(subscription)) return false
    this.#size++
    this.#inserts++
    this.#forget(subscription.subject)
    return true
  }

  /** Whether it was there. */
  remove(subscription: Subscription): boolean {
    const path: [Node, string][] = []
    let node: Node | undefined = this.#root
    for (const token of subscription.subject.split('.')) {
      path.push([node, token])
      node = node.child(token)
      if (node === undefined) return false
    }
    if (!node.delete(subscription)) return false
    for (let i = path.length - 1; i >= 0 && node.isEmpty; i--) {
      const [parent, token]: [Node, string] = path[i]!
      parent.drop(token)
      node = parent
    }
    this.#size--
    this.#removes++
    this.#forget(subscription.subject)
    return true
  }

  /** Hot: once per publish. bench/match.ts */
  match(subject: string): Match {
    this.#matches++
    const cached = this.#recent.get(subject)
    return cached !== undefined ? cached : this.#recall(subject)
  }

  /** All of them, in no particular order. What comes or goes meanwhile may be among them or not. */
  subscriptions(): IterableIterator<Subscription> {
    return allOf(this.#root)
  }

  /** Looks through all that is remembered. */
  stats(): SublistStats {
    const cached = new Map([...this.#older, ...this.#recent])
    let maxFanout = 0
    let totalFanout = 0
    for (const { plain, queues, services, links } of cached.values()) {
      const local = plain.length + services.length + queues.reduce((sum, group) => sum + group.length, 0)
      const fanout = local + linkedReceivers(links)
      maxFanout = Math.max(maxFanout, fanout)
      totalFanout += fanout
    }
    return {
      subscriptions: this.#size,
      cached: cached.size,
      inserts: this.#inserts,
      removes: this.#removes,
      matches: this.#matches,
      cacheHits: this.#matches - this.#misses,
      maxFanout,
      totalFanout,
    }
  }

  #recall(subject: string): Match {
    let match = this.#older.get(subject)
    if (match === undefined) {
      this.#misses++
      match = this.#lookUp(subject)
    }
    if (subject.length <= MAX_CACHED_SUBJECT_BYTES) this.#remember(subject, match)
    return match
  }

  /**
   * What was used since the last change of generations is kept, the rest goes. Why not the oldest entry each time: a
   * Map's first key is found by passing over all that were deleted before it, 2 us each time. bench/match.ts
   */
  #remember(subject: string, match: Match): void {
    if (this.#recent.size >= MAX_MATCHES_PER_GENERATION) {
      this.#older = this.#recent
      this.#recent = new Map()
    }
    this.#recent.set(subject, match)
  }

  #lookUp(subject: string): Match {
    const tokens = subject.split('.')
    // An empty token matches nothing, not even a wildcard.
    if (tokens.includes('')) return NOBODY
    const found: Found = { plain: [], groups: new Map(), services: [], links: undefined }
    collect(this.#root, tokens, 0, found)
    const { plain, groups, services, links } = found
    if (plain.length === 0 && groups.size === 0 && services.length === 0 && links === undefined) return NOBODY
    return { plain, queues: [...groups.values()], services, links: links && { ...links, isSimple: isSimple(links) } }
  }

  #forget(subject: string): void {
    if (isLiteralSubject(subject)) {
      this.#recent.delete(subject)
      this.#older.delete(subject)
    } else {
      if (this.#recent.size > 0) this.#recent = new Map()
      if (this.#older.size > 0) this.#older = new Map()
    }
  }
}

interface Found {
  readonly plain: Subscription[]
  readonly groups: Map<string, Subscription[]>
  readonly services: Subscription[]
  links: { readonly plain: LinkSubscription[]; readonly queues: Map<string, LinkSubscription[]> } | undefined
}

function collect(node: Node, tokens: readonly string[], depth: number, found: Found): void {
  if (depth === tokens.length) {
    addAll(node, found)
    return
  }
  if (node.rest !== undefined) addAll(node.rest, found)
  if (node.star !== undefined) collect(node.star, tokens, depth + 1, found)
  const literal = node.literals?.get(tokens[depth]!)
  if (literal !== undefined) collect(literal, tokens, depth + 1, found)
}

/** A queue group is its name, not its subject: members that subscribed by different wildcards share one message. */
function addAll(node: Node, found: Found): void {
  for (const subscription of node.plain ?? []) {
    if (subscription instanceof LinkSubscription) linksOf(found).plain.push(subscription)
    else if (subscription.crossing?.kind === 'service') found.services.push(subscription)
    else found.plain.push(subscription)
  }
  for (const [queue, members] of node.queues ?? []) {
    for (const member of members) {
      if (member instanceof LinkSubscription) addTo(linksOf(found).queues, queue, member)
      else addTo(found.groups, queue, member)
    }
  }
}

function isSimple({ plain, queues }: Pick<LinkMatch, 'plain' | 'queues'>): boolean {
  const links = new Set(plain.map(({ link }) => link))
  return queues.size === 0 && links.size === plain.length && plain.every(({ crossing }) => crossing === undefined)
}

function linksOf(found: Found) {
  found.links ??= { plain: [], queues: new Map() }
  return found.links
}

function addTo<T>(groups: Map<string, T[]>, queue: string, member: T): void {
  const group = groups.get(queue)
  if (group === undefined) groups.set(queue, [member])
  else group.push(member)
}

function linkedReceivers(links: LinkMatch | undefined): number {
  if (links === undefined) return 0
  let count = links.plain.length
  for (const members of links.queues.values()) count += members.length
  return count
}

function* allOf(node: Node): IterableIterator<Subscription> {
  yield* node.plain ?? []
  for (const members of node.queues?.values() ?? []) yield* members
  for (const child of node.literals?.values() ?? []) yield* allOf(child)
  if (node.star !== undefined) yield* allOf(node.star)
  if (node.rest !== undefined) yield* allOf(node.rest)
}
