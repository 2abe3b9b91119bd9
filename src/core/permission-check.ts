import { PermissionCache } from './permission-cache.ts'
import { isQueueOf, PermissionRules } from './permission-rules.ts'
import type { Permissions, ResponseRules, SubjectRules } from './permissions.ts'
import { isLiteralSubject } from './subject.ts'
import type { DeliveryFilter } from './subscription.ts'

const CHECKS = new WeakMap<Permissions, PermissionCheck>()

/** Permissions, ready to be asked: as nats-server decides, but where it is said. (`spec/nats.md` §2.7) */
export class PermissionCheck {
  /** Whoever is asked about here may be let answer by its `ReplyPermits`. */
  readonly responses: ResponseRules | undefined
  readonly #publish: RulePair
  readonly #subscribe: RulePair
  readonly #published = new PermissionCache()
  readonly #delivered = new PermissionCache()

  constructor({ publish, subscribe, responses }: Permissions) {
    this.#publish = rulePairOf(publish)
    this.#subscribe = rulePairOf(subscribe)
    this.responses = responses
  }

  /** The one for this very object: connections with the same permissions share one, and what it remembers. */
  static of(permissions: Permissions): PermissionCheck {
    let check = CHECKS.get(permissions)
    if (check === undefined) {
      check = new PermissionCheck(permissions)
      CHECKS.set(permissions, check)
    }
    return check
  }

  /** Whether there are subjects to which it may not publish. */
  get restrictsPublishing(): boolean {
    const { allow, deny } = this.#publish
    return allow !== undefined || deny !== undefined
  }

  /** Responses aside. Hot: once per publish. bench/permissions.ts */
  canPublish(subject: string): boolean {
    const known = this.#published.get(subject)
    return known !== undefined ? known : this.#decidePublish(subject)
  }

  /**
   * `queue` is empty for a plain subscription. A subject that is wider than what is denied may be subscribed to:
   * `filterFor` says what to keep back.
   */
  canSubscribe(subject: string, queue: string): boolean {
    return this.#isAllowed(subject, queue) && !this.#isDenied(subject, queue)
  }

  /**
   * What of the messages of such a subscription its subscriber may not have; `undefined`: it may have all.
   *
   * nats-server takes `foo.>` for a case of `foo.*`, lets those subscribe to it who may have `foo.*`, and then delivers
   * `foo.a.b` to them. Here they may subscribe, too, and get what they may have.
   */
  filterFor(subject: string, queue: string): DeliveryFilter | undefined {
    if (isLiteralSubject(subject)) return undefined
    const { allow, deny } = this.#subscribe
    const hasDenied = deny?.overlap(subject) ?? false
    const goesBeyond = allow !== undefined && !allow.cover(subject)
    if (goesBeyond) return { admits: (delivered) => this.#mayHave(delivered, queue) }
    return hasDenied ? { admits: (delivered) => !this.#isKeptBack(delivered, queue) } : undefined
  }

  /** Whether some of the subjects that `pattern` stands for may be published to; sometimes also where none may. */
  canPublishSome(pattern: string): boolean {
    return isLiteralSubject(pattern) ? this.canPublish(pattern) : mayBeSome(this.#publish, pattern)
  }

  /** The same for subscribers that are in no queue group. */
  canSubscribeSome(pattern: string): boolean {
    return isLiteralSubject(pattern) ? this.canSubscribe(pattern, '') : mayBeSome(this.#subscribe, pattern)
  }

  #decidePublish(subject: string): boolean {
    const { allow, deny } = this.#publish
    const denied = deny?.match(subject)
    // A queue group says nothing about publishing: what is denied stays so with it.
    const isDenied = denied !== undefined && (denied.isPlain || denied.queues.length > 0)
    const isAllowed = !isDenied && (allow?.match(subject).isPlain ?? true)
    // Those who answer do so to ever new subjects.
    if (isAllowed || this.responses === undefined) this.#published.set(subject, isAllowed)
    return isAllowed
  }

  #isAllowed(subject: string, queue: string): boolean {
    const { allow } = this.#subscribe
    if (allow === undefined) return true
    const { isPlain, queues } = allow.match(subject)
    // Where rules name queue groups, members of others are not meant by a rule that names none.
    return queue !== '' && queues.length > 0 ? isQueueOf(queues, queue) : isPlain
  }

  #isDenied(subject: string, queue: string): boolean {
    const { deny } = this.#subscribe
    if (deny === undefined) return false
    const { isPlain, queues } = deny.match(subject)
    return isPlain || (queue !== '' && isQueueOf(queues, queue))
  }

  /** Hot: once per delivery that may be denied. */
  #isKeptBack(subject: string, queue: string): boolean {
    const key = queue === '' ? subject : `${subject} ${queue}`
    const known = this.#delivered.get(key)
    if (known !== undefined) return known
    const isKeptBack = this.#isDenied(subject, queue)
    this.#delivered.set(key, isKeptBack)
    return isKeptBack
  }

  #mayHave(subject: string, queue: string): boolean {
    return this.#isAllowed(subject, queue) && !this.#isKeptBack(subject, queue)
  }
}

interface RulePair {
  readonly allow: PermissionRules | undefined
  readonly deny: PermissionRules | undefined
}

function mayBeSome({ allow, deny }: RulePair, pattern: string): boolean {
  return (allow?.overlap(pattern) ?? true) && !(deny?.cover(pattern) ?? false)
}

function rulePairOf({ allow, deny }: SubjectRules = {}): RulePair {
  return { allow: allow && new PermissionRules(allow), deny: deny && new PermissionRules(deny) }
}
