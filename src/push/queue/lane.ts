import type { Timer } from '#kit'
import type { Deliver, Outcome, Push } from '../push.ts'
import { Line, type Waiting } from './line.ts'
import { Pauses, type PausesOptions } from './pauses.ts'
import type { Places } from './places.ts'

/** Requests to one push service at a time. */
const MAX_UNDER_WAY = 4

/** By less than that a clock is put right all the time. */
const CLOCK_STEP_MS = 1_000

/** How often it is looked for what has waited too long, at most: all that waits is looked at. */
const EXPIRE_EVERY_MS = 5_000

/** A push that fails so often, each time while others at the same push service get through, never will. */
const MAX_STRIKES = 5
/** After its first strike it waits so long, and four times as long after each more. */
const STRIKE_PAUSE_MS = 4_000

export interface LaneOptions extends PausesOptions {
  /** Whose all lines are. Undefined: they are of many. */
  readonly owner: string | undefined
  readonly deliver: Deliver
  /** It is out of the lane, told or not. */
  readonly onDone: (push: Push, outcome: Outcome) => void
  readonly onRetry: (push: Push) => void
  /** What another one made up for, or came too late. */
  readonly onLeftOut: (push: Push, why: 'superseded' | 'expired') => void
  /** Undefined: there is always one. */
  readonly places: Places | undefined
}

/**
 * What waits for one push service: a line for each addressee, which take turns. When the service fails whoever it was asked
 * for, those wait, and all when that are several; then one goes first.
 */
export class Lane {
  readonly #options: LaneOptions
  readonly #pauses: Pauses
  readonly #abort = new AbortController()
  /** Those whose turn was longest ago first. None is empty. */
  readonly #lines = new Map<string, Line>()
  readonly #underWay = new Set<Attempt>()
  /** How often the service has taken something, or refused it for good. */
  #taken = 0
  /** When it was last looked for what has expired. */
  #expiredMs = 0
  /** What the clock said last. */
  #seenMs = 0
  #timer: Timer | undefined
  #isClosed = false

  constructor(options: LaneOptions) {
    this.#options = options
    this.#pauses = new Pauses(options)
  }

  /** Whether nothing would be lost with it, also not what is known of its push service. */
  get isIdle(): boolean {
    return this.#lines.size === 0 && this.#pauses.isOver
  }

  get lines(): Iterable<Line> {
    return this.#lines.values()
  }

  has(key: string): boolean {
    return this.#lines.has(key)
  }

  /** To be added to at once: none is kept that is empty. */
  line(key: string, owner: string): Line {
    let line = this.#lines.get(key)
    if (line === undefined) {
      line = new Line(key, owner)
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
    await Promise.all([...this.#underWay].map(({ done }) => done))
    hurry.cancel()
    this.#abort.abort()
  }

  #pump(): void {
    const { clock } = this.#options
    if (this.#isClosed) return
    this.#timer?.cancel()
    this.#timer = undefined
    const now = clock.now()
    if (now < this.#seenMs - CLOCK_STEP_MS) this.#forgetTimes()
    this.#seenMs = now
    if (now < this.#pauses.untilMs) {
      this.#wakeAt(this.#pauses.untilMs)
      return
    }
    this.#expire(now)
    const ownUntilMs = this.#pauses.untilMsFor(this.#options.owner ?? '')
    // What holds for one of ten thousand lines holds for all, and is not asked of each for each push that comes.
    if (ownUntilMs !== undefined && this.#underWay.size > 0) return
    if (ownUntilMs !== undefined && now < ownUntilMs) {
      this.#wakeAt(ownUntilMs)
      return
    }
    // Whoever has just failed is tried with one push first.
    const most = this.#pauses.isForAll ? 1 : MAX_UNDER_WAY
    let nextMs = Number.POSITIVE_INFINITY
    for (const line of this.#inTurn()) {
      if (this.#underWay.size >= most) return
      if (line.isBusy || line.head === undefined) continue
      const pausedUntilMs = this.#pauses.untilMsFor(line.owner)
      if (pausedUntilMs !== undefined && this.#isUnderWayFor(line.owner)) continue
      const notBeforeMs = Math.max(line.head.notBeforeMs, pausedUntilMs ?? 0)
      if (notBeforeMs <= now) this.#startIfPlace(line)
      else nextMs = Math.min(nextMs, notBeforeMs)
    }
    if (nextMs < Number.POSITIVE_INFINITY) this.#wakeAt(nextMs)
  }

  /** First those whose pushes do not fail: they know better whether the service does. */
  *#inTurn(): Iterable<Line> {
    const failing: Line[] = []
    for (const line of this.#lines.values()) {
      if (this.#pauses.untilMsFor(line.owner) !== undefined) failing.push(line)
      else yield line
    }
    yield* failing
  }

  #wakeAt(atMs: number): void {
    const { clock } = this.#options
    this.#timer?.cancel()
    this.#timer = clock.after(Math.max(1, atMs - clock.now()), () => this.#pump())
  }

  /** The clock was set back: what was to wait for a time that it said would wait too long. */
  #forgetTimes(): void {
    this.#pauses.forgetTimes()
    this.#expiredMs = 0
    for (const line of this.#lines.values()) {
      for (const waiting of line) waiting.notBeforeMs = 0
    }
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

  #isUnderWayFor(owner: string): boolean {
    for (const attempt of this.#underWay) if (attempt.owner === owner) return true
    return false
  }

  /** Else it is woken when there is one. */
  readonly #wake = () => this.#pump()

  #startIfPlace(line: Line): void {
    const { places } = this.#options
    const leave = places === undefined ? () => {} : places.enter(line.owner, this.#wake)
    if (leave !== undefined) this.#start(line, leave)
  }

  #start(line: Line, leave: () => void): void {
    const done = this.#attempt(line, line.start(), this.#pauses.begin()).finally(() => {
      this.#underWay.delete(attempt)
      leave()
      this.#pump()
    })
    const attempt: Attempt = { owner: line.owner, done }
    this.#underWay.add(attempt)
  }

  async #attempt(line: Line, waiting: Waiting, turn: number): Promise<void> {
    const { deliver } = this.#options
    let outcome: Outcome
    try {
      outcome = await deliver(waiting.push, this.#abort.signal)
    } catch (error) {
      // Closed meanwhile, or a fault of ours: in no case has anybody taken it.
      outcome = { kind: 'busy', why: String(error) }
    }
    if (outcome.kind === 'busy') this.#onBusy(line, waiting, outcome, turn)
    else if (outcome.kind === 'moved') this.#finish(line, waiting, outcome)
    else this.#onAnswer(line, waiting, outcome)
    // To the end: the others are next. When it was left empty there may be another one for the same addressee.
    if (this.#lines.get(line.key) !== line) return
    this.#lines.delete(line.key)
    this.#lines.set(line.key, line)
  }

  #onAnswer(line: Line, waiting: Waiting, outcome: Outcome): void {
    const { push } = waiting
    const { destination, logger } = this.#options
    this.#taken++
    this.#pauses.end(line.owner)
    if (outcome.kind === 'refused') {
      logger.warn({ destination, type: push.type, reason: outcome.why }, 'push refused, and not told')
    }
    this.#finish(line, waiting, outcome)
  }

  #finish(line: Line, { push }: Waiting, outcome: Outcome): void {
    line.finish()
    this.#forgetIfEmpty(line)
    this.#options.onDone(push, outcome)
  }

  #onBusy(line: Line, waiting: Waiting, { why, afterMs }: Outcome & { kind: 'busy' }, turn: number): void {
    const { destination, clock, logger, onRetry, onLeftOut } = this.#options
    if (waiting.takenBefore >= 0 && this.#taken > waiting.takenBefore) waiting.strikes++
    if (waiting.strikes >= MAX_STRIKES) {
      logger.warn(
        { destination, type: waiting.push.type, reason: why },
        'push fails where others do not, and is not told',
      )
      this.#finish(line, waiting, { kind: 'refused', why })
      return
    }
    const now = clock.now()
    if (!this.#isClosed) this.#pauses.pause(line.owner, { why, afterMs, turn })
    waiting.takenBefore = this.#taken
    waiting.notBeforeMs = waiting.strikes === 0 ? 0 : now + STRIKE_PAUSE_MS * 4 ** (waiting.strikes - 1)
    onRetry(waiting.push)
    const superseded = line.putBack()
    if (superseded !== undefined) onLeftOut(superseded, 'superseded')
    this.#forgetIfEmpty(line)
  }

  #forgetIfEmpty(line: Line): void {
    if (line.size === 0 && this.#lines.get(line.key) === line) this.#lines.delete(line.key)
  }
}

interface Attempt {
  /** Whose push it is. */
  readonly owner: string
  readonly done: Promise<void>
}
