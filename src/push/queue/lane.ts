import type { Clock, Logger, Timer } from '#kit'
import type { Deliver, Outcome, Push } from '../push.ts'
import { Backoff } from './backoff.ts'
import { Line, type Waiting } from './line.ts'

/** Requests to one push service at a time. */
const MAX_UNDER_WAY = 4

const FIRST_PAUSE_MS = 1_000
const LONGEST_PAUSE_MS = 5 * 60_000
/** No push service is believed that wants to be left alone for longer. */
const LONGEST_ASKED_MS = 60 * 60_000

/** How often it is looked for what has waited too long, at most: all that waits is looked at. */
const EXPIRE_EVERY_MS = 5_000

/** A push that fails so often, each time while others at the same push service get through, never will. */
const MAX_STRIKES = 5

export interface LaneOptions {
  /** For the log: `relay`, or the origin of a push service. */
  readonly destination: string
  readonly deliver: Deliver
  /** It is out of the lane, told or not. */
  readonly onDone: (push: Push, outcome: Outcome) => void
  readonly onRetry: (push: Push) => void
  /** What another one made up for, or came too late. */
  readonly onLeftOut: (push: Push, why: 'superseded' | 'expired') => void
  readonly clock: Clock
  readonly logger: Logger
  readonly random?: (() => number) | undefined
}

/**
 * What waits for one push service: a line for each addressee, which take turns. When the service fails, all wait; then
 * one goes first.
 */
export class Lane {
  readonly #options: LaneOptions
  readonly #backoff: Backoff
  readonly #abort = new AbortController()
  /** Those whose turn was longest ago first. None is empty. */
  readonly #lines = new Map<string, Line>()
  readonly #underWay = new Set<Promise<void>>()
  /** How often the service has taken something, or refused it for good. */
  #taken = 0
  #failures = 0
  /** When it was last looked for what has expired. */
  #expiredMs = 0
  #pausedUntilMs = 0
  /** Since when it fails; undefined: it does not. Milliseconds since the Unix epoch. */
  #failsSinceMs: number | undefined
  #timer: Timer | undefined
  #isClosed = false

  constructor(options: LaneOptions) {
    this.#options = options
    this.#backoff = new Backoff({
      firstMs: FIRST_PAUSE_MS,
      longestMs: LONGEST_PAUSE_MS,
      ...(options.random && { random: options.random }),
    })
  }

  /** Whether nothing would be lost with it, also not what is known of its push service. */
  get isIdle(): boolean {
    return this.#lines.size === 0 && this.#options.clock.now() >= this.#pausedUntilMs
  }

  get lines(): Iterable<Line> {
    return this.#lines.values()
  }

  has(key: string): boolean {
    return this.#lines.has(key)
  }

  /** To be added to at once: none is kept that is empty. */
  line(key: string): Line {
    let line = this.#lines.get(key)
    if (line === undefined) {
      line = new Line(key)
      this.#lines.set(key, line)
    }
    return line
  }

  add(line: Line, push: Push): void {
    for (const superseded of line.add(push)) this.#options.onLeftOut(superseded, 'superseded')
    this.#pump()
  }

  /** It is not told. False: it is under way. */
  drop(line: Line, push: Push): boolean {
    const isDropped = line.drop(push)
    this.#forgetIfEmpty(line)
    return isDropped
  }

  /** What is under way may end for `graceMs`; the rest stays where it is. */
  async close(graceMs: number): Promise<void> {
    this.#isClosed = true
    this.#timer?.cancel()
    const hurry = this.#options.clock.after(graceMs, () => this.#abort.abort())
    await Promise.all(this.#underWay)
    hurry.cancel()
    this.#abort.abort()
  }

  #pump(): void {
    const { clock } = this.#options
    if (this.#isClosed) return
    this.#timer?.cancel()
    this.#timer = undefined
    const now = clock.now()
    if (now < this.#pausedUntilMs) {
      this.#wakeAt(this.#pausedUntilMs)
      return
    }
    this.#expire(now)
    // Whoever has just failed is tried with one push first.
    const most = this.#failsSinceMs === undefined ? MAX_UNDER_WAY : 1
    let nextMs = Number.POSITIVE_INFINITY
    for (const line of this.#lines.values()) {
      if (this.#underWay.size >= most) return
      if (line.isBusy || line.head === undefined) continue
      if (line.head.notBeforeMs <= now) this.#start(line)
      else nextMs = Math.min(nextMs, line.head.notBeforeMs)
    }
    if (nextMs < Number.POSITIVE_INFINITY) this.#wakeAt(nextMs)
  }

  #wakeAt(atMs: number): void {
    const { clock } = this.#options
    this.#timer?.cancel()
    this.#timer = clock.after(Math.max(1, atMs - clock.now()), () => this.#pump())
  }

  #expire(nowMs: number): void {
    if (nowMs - this.#expiredMs < EXPIRE_EVERY_MS) return
    this.#expiredMs = nowMs
    const expired: Push[] = []
    for (const line of [...this.#lines.values()]) {
      expired.push(...line.expire(nowMs))
      this.#forgetIfEmpty(line)
    }
    for (const push of expired) this.#options.onLeftOut(push, 'expired')
  }

  #start(line: Line): void {
    const attempt = this.#attempt(line, line.start()).finally(() => {
      this.#underWay.delete(attempt)
      this.#pump()
    })
    this.#underWay.add(attempt)
  }

  async #attempt(line: Line, waiting: Waiting): Promise<void> {
    const { deliver } = this.#options
    const failuresBefore = this.#failures
    let outcome: Outcome
    try {
      outcome = await deliver(waiting.push, this.#abort.signal)
    } catch (error) {
      // Closed meanwhile, or a fault of ours: in no case has anybody taken it.
      outcome = { kind: 'busy', why: String(error) }
    }
    if (outcome.kind === 'busy') this.#onBusy(line, waiting, outcome, failuresBefore)
    else this.#onAnswer(line, waiting, outcome)
    // To the end: the others are next. When it was left empty there may be another one for the same addressee.
    if (this.#lines.get(line.key) !== line) return
    this.#lines.delete(line.key)
    this.#lines.set(line.key, line)
  }

  #onAnswer(line: Line, { push }: Waiting, outcome: Outcome): void {
    const { destination, clock, logger, onDone } = this.#options
    this.#taken++
    this.#backoff.succeed()
    if (this.#failsSinceMs !== undefined) {
      const afterSeconds = Math.round((clock.now() - this.#failsSinceMs) / 1000)
      logger.info({ destination, afterSeconds }, 'push service answers again')
      this.#failsSinceMs = undefined
    }
    if (outcome.kind === 'refused') {
      logger.warn({ destination, type: push.type, reason: outcome.why }, 'push refused, and not told')
    }
    line.finish()
    this.#forgetIfEmpty(line)
    onDone(push, outcome)
  }

  #onBusy(line: Line, waiting: Waiting, { why, afterMs }: Outcome & { kind: 'busy' }, failuresBefore: number): void {
    const { destination, clock, logger, onDone, onRetry, onLeftOut } = this.#options
    if (waiting.takenBefore >= 0 && this.#taken > waiting.takenBefore) waiting.strikes++
    if (waiting.strikes >= MAX_STRIKES) {
      logger.warn(
        { destination, type: waiting.push.type, reason: why },
        'push fails where others do not, and is not told',
      )
      line.finish()
      this.#forgetIfEmpty(line)
      onDone(waiting.push, { kind: 'refused', why })
      return
    }
    const now = clock.now()
    // Those that were under way together fail together: that is one failure of the service.
    if (failuresBefore === this.#failures && !this.#isClosed) {
      this.#failures++
      const pauseMs = this.#backoff.fail()
      this.#pausedUntilMs = now + pauseMs
      if (this.#failsSinceMs === undefined) {
        this.#failsSinceMs = now
        logger.warn(
          { destination, reason: why, retryMs: pauseMs },
          'push service does not take what it is sent; it waits',
        )
      } else {
        logger.debug({ destination, reason: why, retryMs: pauseMs }, 'push service still does not take what it is sent')
      }
    }
    const askedUntilMs = now + Math.min(afterMs ?? 0, LONGEST_ASKED_MS)
    this.#pausedUntilMs = Math.max(this.#pausedUntilMs, askedUntilMs)
    waiting.takenBefore = this.#taken
    waiting.notBeforeMs = waiting.strikes === 0 ? 0 : now + FIRST_PAUSE_MS * 4 ** waiting.strikes
    onRetry(waiting.push)
    const superseded = line.putBack()
    if (superseded !== undefined) onLeftOut(superseded, 'superseded')
    this.#forgetIfEmpty(line)
  }

  #forgetIfEmpty(line: Line): void {
    if (line.size === 0 && this.#lines.get(line.key) === line) this.#lines.delete(line.key)
  }
}
