import type { LogFields, Logger, Timer } from '#kit'
import { ownTurn } from '../own-turn.ts'
import { Backoff } from '../queue/backoff.ts'
import { type Leveled, Registrar, type RegistrarOptions } from './registrar.ts'

export interface RegistrationsOptions extends Omit<RegistrarOptions, 'onAnswer'> {
  readonly logger: Logger
  /** Users that wait for their turn; when there are more, all users are looked at. Default: 10,000. */
  readonly maxWaiting?: number
  /** From 0 to 1, without 1. Default: `Math.random`. */
  readonly random?: () => number
}

/** A user whose phones are to be looked at. */
interface Job {
  /** Earlier than that the relay forgets none of them. Milliseconds since the Unix epoch. */
  readonly deletesFromMs: number
}

/** Users that are looked at at a time. */
const MAX_UNDER_WAY = 4
const MAX_WAITING = 10_000
const PAGE = 200

const SWEEP_EVERY_MS = 6 * 60 * 60_000

/** After a change a phone may still have to be told that it is logged out: that is on its way to the queue. */
const SETTLE_MS = 2_000
/** Another instance may have to tell it, for as long as such a push is of use. */
const SETTLE_ELSEWHERE_MS = 20 * 60_000

const FIRST_PAUSE_MS = 1_000
const LONGEST_PAUSE_MS = 5 * 60_000

/**
 * Sees to it that the relay knows the phones that there are, and no others. What it was told stands in the database, so that
 * nothing is lost when it does not answer: the difference is the work. Users are looked at when something about their devices
 * has changed, and all of them at the start and every six hours.
 */
export class Registrations {
  readonly #options: RegistrationsOptions
  readonly #registrar: Registrar
  readonly #backoff: Backoff
  readonly #closing = new AbortController()
  /** Whose turn it is, in this order. */
  readonly #ready = new Map<string, Job>()
  readonly #later = new Map<string, { readonly job: Job; readonly timer: Timer }>()
  readonly #underWay = new Map<string, Promise<void>>()
  readonly #sweeps: Timer
  /** The last user that the sweep under way has come to; undefined: none is. */
  #sweptUntil: string | undefined
  #isSweepDue = false
  #page: Promise<void> | undefined
  /** While it runs, nothing is begun. */
  #pause: Timer | undefined
  #failures = 0
  /** What did not answer last. */
  #failing: 'relay' | 'database' | undefined

  /** Begins with a sweep. */
  constructor(options: RegistrationsOptions) {
    const { clock, random } = options
    this.#options = options
    this.#registrar = new Registrar({ ...options, onAnswer: () => this.#succeed('relay') })
    this.#backoff = new Backoff({
      firstMs: FIRST_PAUSE_MS,
      longestMs: LONGEST_PAUSE_MS,
      ...(random && { random }),
    })
    this.#sweeps = clock.every(SWEEP_EVERY_MS, () => this.sweep())
    this.sweep()
  }

  /** Something about the user's devices, or the organizations that the user is a member of, is different now. */
  changed(userId: string): void {
    if (this.#closing.signal.aborted) return
    const later = this.#later.get(userId)
    later?.timer.cancel()
    this.#later.delete(userId)
    const isNew = later === undefined && !this.#ready.has(userId)
    if (isNew && this.#isFull) this.#isSweepDue = true
    else this.#ready.set(userId, { deletesFromMs: this.#options.clock.now() + SETTLE_MS })
    this.#pump()
  }

  /** Looks at all users. One sweep is under way at a time, and one may follow it. */
  sweep(): void {
    this.#isSweepDue = true
    this.#pump()
  }

  /** Begins nothing any more, and cuts off what is under way: the difference stays. */
  async close(): Promise<void> {
    this.#closing.abort(new Error('closed'))
    this.#sweeps.cancel()
    this.#pause?.cancel()
    for (const { timer } of this.#later.values()) timer.cancel()
    await Promise.all([...this.#underWay.values(), this.#page])
  }

  get #isFull(): boolean {
    const { maxWaiting = MAX_WAITING } = this.#options
    return this.#ready.size + this.#later.size >= maxWaiting
  }

  #pump(): void {
    if (this.#closing.signal.aborted || this.#pause !== undefined) return
    // Whoever has just failed is tried with one user first.
    const most = this.#failing === undefined ? MAX_UNDER_WAY : 1
    for (const [userId, job] of this.#ready) {
      if (this.#underWay.size >= most) return
      if (this.#underWay.has(userId)) continue
      this.#ready.delete(userId)
      const work = this.#look(userId, job).finally(() => {
        this.#underWay.delete(userId)
        this.#pump()
      })
      this.#underWay.set(userId, work)
    }
    if (this.#underWay.size < most) this.#turnPage()
  }

  /** The next users of the sweep, if there is one. */
  #turnPage(): void {
    if (this.#page !== undefined) return
    if (this.#sweptUntil === undefined && this.#isSweepDue) {
      this.#isSweepDue = false
      this.#sweptUntil = ''
    }
    if (this.#sweptUntil === undefined) return
    this.#page = this.#readPage(this.#sweptUntil).finally(() => {
      this.#page = undefined
      this.#pump()
    })
  }

  async #readPage(afterUserId: string): Promise<void> {
    const { store, clock } = this.#options
    const failures = this.#failures
    try {
      const userIds = await store.pushRegistrations.users(afterUserId, PAGE)
      this.#succeed('database')
      this.#sweptUntil = userIds.at(-1)
      const job = { deletesFromMs: clock.now() + SETTLE_ELSEWHERE_MS }
      for (const userId of userIds) {
        if (!this.#ready.has(userId) && !this.#later.has(userId)) this.#ready.set(userId, job)
      }
    } catch (error) {
      this.#fail('database', { error }, failures)
    }
  }

  async #look(userId: string, job: Job): Promise<void> {
    await ownTurn()
    const failures = this.#failures
    let leveled: Leveled
    try {
      leveled = await this.#registrar.level(userId, job.deletesFromMs, this.#closing.signal)
      this.#succeed('database')
    } catch (error) {
      this.#fail('database', { error }, failures)
      this.#putBack(userId, job)
      return
    }
    if (leveled.kind === 'wait') this.#putOff(userId, job, leveled.afterMs)
    if (leveled.kind !== 'busy') return
    this.#fail('relay', { reason: leveled.why }, failures, leveled.afterMs)
    this.#putBack(userId, job)
  }

  /** Behind the others, unless something has changed meanwhile. */
  #putBack(userId: string, job: Job): void {
    if (!this.#ready.has(userId)) this.#ready.set(userId, job)
  }

  #putOff(userId: string, job: Job, afterMs: number): void {
    if (this.#closing.signal.aborted || this.#ready.has(userId)) return
    // The next sweep comes to it again.
    if (this.#isFull) return
    const timer = this.#options.clock.after(afterMs, () => {
      this.#later.delete(userId)
      this.#putBack(userId, job)
      this.#pump()
    })
    this.#later.set(userId, { job, timer })
  }

  /** All wait. Those that were under way together fail together: that is one failure. */
  #fail(what: 'relay' | 'database', why: LogFields, failuresBefore: number, afterMs?: number): void {
    const { clock, logger } = this.#options
    if (this.#failures !== failuresBefore || this.#closing.signal.aborted) return
    this.#failures++
    const pauseMs = this.#backoff.fail(afterMs)
    this.#pause = clock.after(pauseMs, () => {
      this.#pause = undefined
      this.#pump()
    })
    const fields = { ...why, retryMs: pauseMs }
    if (this.#failing === what) logger.debug(fields, `${NAMES[what]} still does not take registrations of phones`)
    else logger.warn(fields, `${NAMES[what]} does not take registrations of phones; they wait`)
    this.#failing = what
  }

  #succeed(what: 'relay' | 'database'): void {
    if (this.#failing !== what) return
    this.#backoff.succeed()
    this.#options.logger.info({}, `${NAMES[what]} takes registrations of phones again`)
    this.#failing = undefined
  }
}

const NAMES = { relay: 'push relay', database: 'database' } as const
