import { type Account, Message, Subscription } from '#core'
import type { Clock, Logger, Timer } from '#kit'
import { encodePulse, instanceHeader, instanceIn, type Pulse, parsePulse } from './pulse.ts'
import { ALL_INSTANCES_SAY, CONTROL_OUTAGE, CONTROL_PULSE, isForAllInstances } from './subjects.ts'

const PULSE_EVERY_MS = 1_000

/** An instance that was not heard for so long is lost: it has crashed, or the way from it to us is broken. */
const LOST_AFTER_MS = 3_500

/** A new link has told all servers of the cluster what is wanted here, and been told what they want. */
const SETTLE_MS = 2_000

/** How often the database is looked into as long as instances may say what is not heard. */
const LOOK_EVERY_MS = 5_000

/** So long it is not looked into again, whatever is missed. */
const SHORTEST_LOOK_MS = 1_000

/** Instances that find the database again at about the same time are listened to together. */
const GATHER_MS = 1_000

/** A lost instance is not waited for any longer. */
const FORGET_AFTER_MS = 10 * 60_000

/** By so much may changes be older when they are told, and what clocks are behind be unknown. */
const MARGIN_MS = 15_000

/** Tokens that an instance issues hold 30 seconds before its time elsewhere; the operator is told long before that. */
const MOST_SKEW_MS = 10_000

/** No clock is believed to be further behind, so that nonsense on the subject does not make every account one that changed. */
const MOST_BEHIND_MS = 60 * 60_000

/** More instances than anybody has, so that nonsense on the subject fills no memory. */
const MAX_INSTANCES = 1_024

const NOTHING = Buffer.alloc(0)

export interface InstancesOptions {
  /** `VAULT`. */
  readonly account: Account
  /** Of this instance: a token of a subject. */
  readonly id: string
  /** Whether a link to the cluster is configured. Default: true. Without one, others at the database are never heard. */
  readonly hasLink?: boolean
  readonly clock: Clock
  readonly logger: Logger
  /**
   * Finds out from the database whom that concerns which changed since then (milliseconds since the Unix epoch). With
   * `tellsAgain` also those who were told of it before: they may not have been able to sync.
   */
  readonly lookUp: (sinceMs: number, tellsAgain: boolean) => Promise<void>
}

interface Other {
  /** Messages of it that arrived, or that were made up for. */
  heard: number
  /** When it said last that we have heard all of it, by its clock. */
  wholeUntilMs: number
  /** By ours. */
  lastPulseMs: number
  /** By so much its clock is behind ours, the way of its pulse included; negative: ahead. */
  behindMs: number
  isLost: boolean
}

/**
 * The other instances on the same database: whether all that they say arrives here. What does not, for a link that is
 * down, a cluster that is split, or an instance that dies before it could speak, is found in the database instead.
 *
 *     A ── 41 ── 42 ── pulse 42 ──────────▶ B has heard 42 messages of A: nothing is missing
 *     A ── 43 ──╳     pulse 43 ──────────▶ B has heard 42: something since the last pulse is
 */
export class Instances {
  readonly #options: InstancesOptions
  readonly #header: Buffer
  readonly #startMs: number
  readonly #others = new Map<string, Other>()
  readonly #subscriptions: readonly Subscription[]
  readonly #timer: Timer
  #said = 0
  #lastPayload: Buffer | undefined
  #lastBody = NOTHING
  #isLinked = false
  /** Of a link that has just come up. */
  #settling: Timer | undefined
  /** From then on something may have been missed; `undefined`: nothing was. */
  #missedSinceMs: number | undefined
  /** How often something was found missed. */
  #misses = 0
  #lastLookMs: number
  /** Something was missed right after a look. */
  #isDue = false
  /** Of the instances that have the database open. */
  #unheard = 0
  #isLooking = false
  #tellsAgain = false
  /** Of an outage that was told. */
  #outageSinceMs = Number.POSITIVE_INFINITY
  #gathering: Timer | undefined
  #looked: Promise<void> = Promise.resolve()

  constructor(options: InstancesOptions) {
    const { account, clock, id } = options
    this.#options = options
    this.#header = instanceHeader(id)
    this.#startMs = clock.now()
    this.#missedSinceMs = this.#startMs
    this.#lastLookMs = this.#startMs
    // Inside the fan-out: what was counted and the pulse that tells the count must not overtake each other.
    const peer = { send: (_: Subscription, message: Message) => this.#hear(message) }
    this.#subscriptions = ALL_INSTANCES_SAY.map((subject) => new Subscription(peer, subject, ''))
    for (const subscription of this.#subscriptions) account.subscribe(subscription)
    this.#timer = clock.every(PULSE_EVERY_MS, () => this.#beat())
  }

  /** Ids of the other instances that are heard at the moment. */
  get heard(): readonly string[] {
    return [...this.#others].flatMap(([id, { isLost }]) => (isLost ? [] : [id]))
  }

  get count(): number {
    return this.heard.length
  }

  /** Ids of those that were heard once and are not any more, without having said goodbye. */
  get lost(): readonly string[] {
    return [...this.#others].flatMap(([id, { isLost }]) => (isLost ? [id] : []))
  }

  /** It is no more, so that there is nothing to be missed from now on. */
  forget(id: string): void {
    if (this.#others.delete(id)) this.#options.logger.info({ instance: id }, 'instance is no more')
  }

  /** Whether there is a way on which others could be heard. */
  get isLinked(): boolean {
    return this.#isLinked && this.#settling === undefined
  }

  /** Until then whatever others said is known here. Infinity: up to now. Milliseconds since the Unix epoch. */
  get heardAllUntilMs(): number {
    let untilMs = this.#missedSinceMs ?? Number.POSITIVE_INFINITY
    const now = this.#options.clock.now()
    for (const { lastPulseMs, isLost } of this.#others.values()) {
      // One that is late may be about to be lost.
      if (!isLost && now - lastPulseMs > 2 * PULSE_EVERY_MS) untilMs = Math.min(untilMs, lastPulseMs)
    }
    return untilMs - this.#marginMs
  }

  /** Publishes what all instances are to hear. */
  say(subject: string, payload: Buffer): void {
    const { account, hasLink = true } = this.#options
    // Nobody else hears it, so nobody counts.
    if (!hasLink || !isForAllInstances(subject)) {
      account.publish(new Message(subject, payload))
      return
    }
    this.#said++
    // What is said to several audiences stays one buffer, so that a door encodes it once.
    if (payload !== this.#lastPayload) {
      this.#lastPayload = payload
      this.#lastBody = Buffer.concat([this.#header, payload])
    }
    account.publish(new Message(subject, this.#lastBody, '', this.#header.length))
  }

  /**
   * The database was away for this instance since then (milliseconds since the Unix epoch). A change whose transaction
   * ended meanwhile may be there and be told to nobody, and devices that were told of others could not fetch them.
   */
  databaseWasAway(sinceMs: number): void {
    this.say(CONTROL_OUTAGE, Buffer.from(JSON.stringify({ Since: sinceMs })))
    this.#onOutage(sinceMs)
  }

  /** The link to the cluster is there. */
  linkUp(): void {
    this.#isLinked = true
    this.#settling?.cancel()
    this.#settling = this.#options.clock.after(SETTLE_MS, () => {
      this.#settling = undefined
      this.#look()
    })
  }

  linkDown(): void {
    if (!this.#isLinked) return
    this.#isLinked = false
    this.#settling?.cancel()
    this.#settling = undefined
    this.#miss(this.#options.clock.now())
  }

  /**
   * So many instances have the database open and are not heard. Of those that were not among them before, none had it open
   * at `sinceMs`. As long as there are any, what they change is found in the database.
   */
  others(unheard: number, sinceMs: number | undefined): void {
    this.#unheard = unheard
    if (sinceMs !== undefined) this.#miss(sinceMs)
  }

  /** Says goodbye. Resolves when the database is not looked into any more. */
  async close(): Promise<void> {
    this.#timer.cancel()
    this.#settling?.cancel()
    this.#gathering?.cancel()
    this.#pulse(true)
    for (const subscription of this.#subscriptions) this.#options.account.unsubscribe(subscription)
    await this.#looked
  }

  #beat(): void {
    this.#pulse(false)
    const now = this.#options.clock.now()
    for (const [instance, other] of this.#others) {
      const silentMs = now - other.lastPulseMs
      if (other.isLost && silentMs > FORGET_AFTER_MS) this.#others.delete(instance)
      else if (!other.isLost && silentMs > LOST_AFTER_MS) this.#lose(instance, other)
    }
    const pauseMs = this.#isDue ? SHORTEST_LOOK_MS : LOOK_EVERY_MS
    if (this.#missedSinceMs !== undefined && now - this.#lastLookMs >= pauseMs) this.#look()
  }

  #pulse(isLast: boolean): void {
    const { account, clock, id, hasLink = true } = this.#options
    if (!hasLink) return
    const now = clock.now()
    const pulse = { instance: id, said: this.#said, atMs: now, upMs: Math.max(0, now - this.#startMs), isLast }
    account.publish(new Message(CONTROL_PULSE, encodePulse(pulse)))
  }

  #hear(message: Message): void {
    if (message.subject === CONTROL_PULSE) this.#onPulse(message)
    else if (message.headerBytes > 0) {
      const instance = instanceIn(message.body.subarray(0, message.headerBytes)) ?? ''
      const other = this.#others.get(instance)
      if (other !== undefined) other.heard++
      if (message.subject === CONTROL_OUTAGE && instance !== this.#options.id) this.#onOutageElsewhere(message)
    }
  }

  #onOutageElsewhere({ payload }: Message): void {
    try {
      const { Since } = JSON.parse(payload.toString('utf8')) as { Since?: unknown }
      if (Number.isSafeInteger(Since)) this.#onOutage(Since as number)
    } catch (error) {
      this.#options.logger.warn(
        { error: String(error) },
        'what another instance says of the database is not understood',
      )
    }
  }

  #onOutage(sinceMs: number): void {
    this.#outageSinceMs = Math.min(this.#outageSinceMs, sinceMs)
    this.#gathering ??= this.#options.clock.after(GATHER_MS, () => {
      this.#gathering = undefined
      this.#tellsAgain = true
      this.#miss(this.#outageSinceMs)
      this.#outageSinceMs = Number.POSITIVE_INFINITY
    })
  }

  #onPulse({ payload }: Message): void {
    let pulse: Pulse
    try {
      pulse = parsePulse(payload)
    } catch (error) {
      this.#options.logger.warn({ error: String(error) }, 'pulse of another instance not understood')
      return
    }
    if (pulse.instance === this.#options.id) return
    const other = this.#others.get(pulse.instance)
    if (other === undefined) this.#meet(pulse)
    else this.#compare(pulse, other)
    if (pulse.isLast) this.#others.delete(pulse.instance)
  }

  #meet({ instance, said, atMs, upMs, isLast }: Pulse): void {
    const { clock, logger } = this.#options
    if (isLast || this.#others.size >= MAX_INSTANCES) return
    const other = { heard: said, wholeUntilMs: atMs, lastPulseMs: clock.now(), behindMs: 0, isLost: false }
    this.#others.set(instance, other)
    logger.info({ instance, instances: this.count + 1 }, 'another instance is heard')
    this.#compareClocks(instance, other)
    // It may have spoken before anybody could hear it.
    if (said > 0) this.#miss(atMs - upMs)
  }

  #compare({ instance, said, atMs }: Pulse, other: Other): void {
    const { clock, logger } = this.#options
    if (other.isLost) logger.info({ instance }, 'instance is heard again')
    const missed = said - other.heard
    if (missed !== 0) {
      logger.warn({ instance, missed }, 'messages of another instance did not arrive; the database is asked instead')
      this.#miss(other.wholeUntilMs)
    }
    other.heard = said
    other.wholeUntilMs = atMs
    other.lastPulseMs = clock.now()
    other.isLost = false
    this.#compareClocks(instance, other)
  }

  #compareClocks(instance: string, other: Other): void {
    const wereApart = Math.abs(other.behindMs) > MOST_SKEW_MS
    other.behindMs = other.lastPulseMs - other.wholeUntilMs
    if (wereApart || Math.abs(other.behindMs) <= MOST_SKEW_MS) return
    this.#options.logger.warn(
      { instance, behindMs: other.behindMs },
      'the clocks of this instance and another one differ; tokens of the one may not hold at the other. Set both by NTP',
    )
  }

  /** Others date their changes by clocks of their own. */
  get #marginMs(): number {
    let behindMs = 0
    for (const other of this.#others.values()) behindMs = Math.max(behindMs, other.behindMs)
    return MARGIN_MS + Math.min(behindMs, MOST_BEHIND_MS)
  }

  /** If it died, it may have changed what it could not tell any more. */
  #lose(instance: string, other: Other): void {
    other.isLost = true
    this.#options.logger.warn({ instance }, 'instance is not heard any more; the database is asked instead')
    this.#miss(other.wholeUntilMs)
  }

  /**
   * Whoever may publish to these subjects can say anything: nothing is looked up from before this instance, when nobody
   * was here to miss it, and nothing more often than once a second.
   */
  #miss(sinceMs: number): void {
    this.#misses++
    const fromMs = Math.max(sinceMs, this.#startMs)
    this.#missedSinceMs = Math.min(this.#missedSinceMs ?? fromMs, fromMs)
    const isSoon = this.#options.clock.now() - this.#lastLookMs < SHORTEST_LOOK_MS
    if (!this.#isWhole) return
    if (isSoon) this.#isDue = true
    else this.#look()
  }

  /** Whether what is said from now on arrives here. */
  get #isWhole(): boolean {
    const { hasLink = true } = this.#options
    if (hasLink && !this.isLinked) return false
    if (this.#unheard > 0) return false
    for (const { isLost } of this.#others.values()) if (isLost) return false
    return true
  }

  #look(): void {
    if (this.#isLooking || this.#missedSinceMs === undefined) return
    this.#isLooking = true
    this.#looked = this.#lookUp(this.#missedSinceMs)
  }

  async #lookUp(sinceMs: number): Promise<void> {
    const { clock, logger, lookUp } = this.#options
    const wasWhole = this.#isWhole
    const tellsAgain = this.#tellsAgain
    this.#tellsAgain = false
    const startedMs = clock.now()
    this.#lastLookMs = startedMs
    this.#isDue = false
    this.#missedSinceMs = startedMs
    const misses = this.#misses
    try {
      await lookUp(sinceMs - this.#marginMs, tellsAgain)
      // What was missed meanwhile is still to be looked up.
      if (wasWhole && this.#misses === misses) this.#missedSinceMs = undefined
    } catch (error) {
      logger.error({ error }, 'not known what other instances changed; the database is asked again')
      this.#tellsAgain ||= tellsAgain
      this.#missedSinceMs = Math.min(this.#missedSinceMs ?? sinceMs, sinceMs)
    } finally {
      this.#isLooking = false
    }
  }
}
