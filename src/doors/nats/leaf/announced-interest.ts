import {
  type Account,
  type InterestFollower,
  isSubset,
  type Link,
  LinkSubscription,
  LOOP_SUBJECT_PREFIX,
  type Subscription,
} from '#core'
import { interestLine, noInterestLine } from '#wire/nats'

export interface AnnouncedInterestOptions {
  readonly account: Account
  /** Whose other side is told. */
  readonly link: Link
  /** Whether what servers behind `other` want is passed on over this link. */
  passesOn(other: Link): boolean
  /** Whether there is something in `pattern` that the other side may bring. */
  mayBringSome(pattern: string): boolean
  /**
   * Announced once and for all, in place of what they cover: subjects of which each server wants everything, so that
   * who comes and goes here is no news there.
   */
  readonly covers: readonly string[]
  tell(line: string): void
}

/**
 * What the other side of one link is told that is wanted here: each subject once, each queue group with its members.
 * (`spec/nats.md` §5.2; nats-server's `smap`)
 */
export class AnnouncedInterest implements InterestFollower {
  readonly #options: AnnouncedInterestOptions
  /** Subscribers by `subject`, members by `subject queue`: neither has a blank in it. */
  readonly #counts = new Map<string, number>()
  /** Sources of subject mappings: who publishes to them there is heard here. */
  #mapped: readonly string[] = []
  #unfollow: (() => void) | undefined

  constructor(options: AnnouncedInterestOptions) {
    this.#options = options
  }

  /** Subjects and queue groups that are announced. */
  get size(): number {
    return this.#counts.size
  }

  /** Tells everything, and from then on what changes. */
  begin(): void {
    const { account, covers } = this.#options
    this.#unfollow = account.follow(this)
    this.#change(account.loopSubject, '', 1)
    for (const cover of covers) this.#change(cover, '', 1)
    this.mappingsChanged()
    for (const subscription of account.subscriptions()) this.added(subscription)
  }

  end(): void {
    this.#unfollow?.()
    this.#unfollow = undefined
    this.#counts.clear()
  }

  /** What may be wanted is something else now: tells the difference. */
  restart(): void {
    const before = new Map(this.#counts)
    this.end()
    this.#mapped = []
    const { tell } = this.#options
    // What stays is told once more, which changes nothing there.
    this.begin()
    for (const key of before.keys()) if (!this.#counts.has(key)) tell(lineOf(key, 0))
  }

  added(subscription: Subscription): void {
    this.#note(subscription, weightOf(subscription))
  }

  removed(subscription: Subscription): void {
    this.#note(subscription, -weightOf(subscription))
  }

  reweighed(subscription: LinkSubscription, before: number): void {
    this.#note(subscription, subscription.weight - before)
  }

  mappingsChanged(): void {
    const { account } = this.#options
    const before = this.#mapped
    this.#mapped = (account.definition?.mappings ?? []).map(({ source }) => source)
    for (const source of this.#mapped) this.#changeUnlessCovered(source, '', 1)
    for (const source of before) this.#changeUnlessCovered(source, '', -1)
  }

  #note(subscription: Subscription, change: number): void {
    if (change === 0) return
    const { subject, queue } = subscription
    if (subscription instanceof LinkSubscription && !this.#mayTellOf(subscription)) return
    this.#changeUnlessCovered(subject, queue, change)
  }

  /** Loop subjects go everywhere but back: that is how a loop is found. */
  #mayTellOf({ link: other, subject }: LinkSubscription): boolean {
    const { link, passesOn } = this.#options
    if (other === link || (other.cluster !== '' && other.cluster === link.cluster)) return false
    return subject.startsWith(LOOP_SUBJECT_PREFIX) || passesOn(other)
  }

  #changeUnlessCovered(subject: string, queue: string, change: number): void {
    const { covers, mayBringSome } = this.#options
    if (covers.length > 0 && queue === '' && covers.some((cover) => isSubset(subject, cover))) return
    if (!mayBringSome(subject)) return
    this.#change(subject, queue, change)
  }

  #change(subject: string, queue: string, change: number): void {
    const key = queue === '' ? subject : `${subject} ${queue}`
    const before = this.#counts.get(key) ?? 0
    const after = Math.max(0, before + change)
    if (after === before) return
    if (after === 0) this.#counts.delete(key)
    else this.#counts.set(key, after)
    if (queue !== '' || before === 0 || after === 0) this.#options.tell(lineOf(key, after))
  }
}

function weightOf(subscription: Subscription): number {
  return subscription instanceof LinkSubscription ? subscription.weight : 1
}

function lineOf(key: string, count: number): string {
  const [subject = '', queue = ''] = key.split(' ')
  return count > 0 ? interestLine(subject, queue, count) : noInterestLine(subject, queue)
}
