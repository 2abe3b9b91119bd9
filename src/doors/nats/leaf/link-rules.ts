import { type DeliveryFilter, LOOP_SUBJECT_PREFIX, PermissionCheck, type Permissions, ReplyPermits } from '#core'

/** All there is: what of a subject a filter without a wish admits. */
const EVERYTHING = '>'

/** Subjects that servers tell each other of, and that no permission is asked about. (nats-server: `processLeafSub`) */
const OF_SERVERS = [LOOP_SUBJECT_PREFIX, '_R_.', '_GR_.', '$GR.', '$JS.ACK.']

/**
 * Answers that a server may bring whatever its permissions, since it was asked for them. That it may not hear those of
 * others follows from the same: nobody else was asked. (nats-server: `leafMsgAllowed`, `deliverMsg`)
 */
const ANSWERS = ['_R_.', '$JS.ACK.']

/** A test of subjects. Messages have literal ones. */
type Test = (subject: string) => boolean

/**
 * What may cross one link. `take` and `bring` are as seen from here: the other side takes what we send, and brings what
 * it sends.
 */
export class LinkRules {
  readonly #mayTake: Test
  readonly #mayBring: Test
  readonly #mayWant: Test
  readonly #replies: ReplyPermits | undefined

  private constructor(mayTake: Test, mayBring: Test, mayWant: Test, replies?: ReplyPermits) {
    this.#mayTake = mayTake
    this.#mayBring = mayBring
    this.#mayWant = mayWant
    this.#replies = replies
  }

  /** Of a server that was let in with these permissions, and which itself denies imports of `denied`. */
  static ofGuest(permissions: Permissions = {}, denied: readonly string[] = []): LinkRules {
    const check = PermissionCheck.of(permissions)
    const taken = check.filterFor(EVERYTHING, '')
    const unwanted = deniedBy(denied)
    return new LinkRules(
      (subject) => admits(taken, routed(subject)) && admits(unwanted, subject),
      (subject) => check.canPublish(routed(subject)) || isAnswer(subject),
      (pattern) => check.canPublishSome(pattern),
      permissions.responses && new ReplyPermits(permissions.responses),
    )
  }

  /**
   * Of a server that let us in and told us our permissions: we keep to them, since it closes the connection of whoever
   * does not. Deny lists of our own are denied in them too, and answers are no way around them.
   */
  static ofHost(permissions: Permissions = {}): LinkRules {
    const check = PermissionCheck.of(permissions)
    const brought = check.filterFor(EVERYTHING, '')
    const denied = PermissionCheck.of({ publish: { deny: permissions.publish?.deny } })
    return new LinkRules(
      (subject) => check.canPublish(routed(subject)) || (isAnswer(subject) && denied.canPublish(subject)),
      (subject) => admits(brought, routed(subject)) || isAnswer(subject),
      (pattern) => check.canSubscribeSome(pattern),
    )
  }

  /** Whether a message may go to the other side. Hot: once per message. */
  mayTake(subject: string): boolean {
    return this.#mayTake(subject)
  }

  /** Whether the other side may ask for that one subject. */
  mayAskFor(subject: string): boolean {
    return this.#mayTake(subject) || isOfServers(subject)
  }

  /** Whether a message may come from the other side; `now` in milliseconds since the epoch. Hot: once per message. */
  mayBring(subject: string, now: number): boolean {
    return this.#mayBring(subject) || (this.#replies?.take(subject, now) ?? false)
  }

  /** Whether there is a subject in `pattern` that the other side may bring, so that it is worth asking for. */
  mayBringSome(pattern: string): boolean {
    return isOfServers(pattern) || this.#mayWant(pattern)
  }

  /** A message goes to the other side that asks for an answer there. */
  wasAsked(reply: string, now: number): void {
    if (this.#replies !== undefined && !this.#mayBring(reply)) this.#replies.permit(reply, now)
  }
}

function deniedBy(denied: readonly string[]): DeliveryFilter | undefined {
  return denied.length === 0 ? undefined : PermissionCheck.of({ subscribe: { deny: denied } }).filterFor(EVERYTHING, '')
}

function admits(filter: DeliveryFilter | undefined, subject: string): boolean {
  return filter === undefined || filter.admits(subject)
}

/** An answer across gateways names the way there in front of its subject. (nats-server: `getGWRoutedSubjectOrSelf`) */
function routed(subject: string): string {
  return subject.charCodeAt(0) === UNDERSCORE ? (GATEWAY_ROUTE.exec(subject)?.[1] ?? subject) : subject
}

/** Of a cluster and of a server of it a hash each. */
const GATEWAY_ROUTE = /^_GR_\.[^.]{6}\.[^.]{6}\.(.+)$/s

function isOfServers(subject: string): boolean {
  return beginsWithOneOf(OF_SERVERS, subject)
}

function isAnswer(subject: string): boolean {
  return beginsWithOneOf(ANSWERS, subject)
}

/** Two of all the characters that subjects begin with are theirs; the rest costs one comparison. */
function beginsWithOneOf(prefixes: readonly string[], subject: string): boolean {
  const first = subject.charCodeAt(0)
  if (first !== UNDERSCORE && first !== DOLLAR) return false
  return prefixes.some((prefix) => subject.startsWith(prefix))
}

const UNDERSCORE = 0x5f
const DOLLAR = 0x24
