import { type Account, type Message, Subscription } from '#core'
import type { Clock, Logger, Timer } from '#kit'
import { CONTROL_HEARS, CONTROL_WHO_HEARS, encodeHearingAnswer, parseHearingQuestion } from '#notify'
import type { HubConnection } from '../connection/connection.ts'
import { type Pinged, PingQueue } from '../connection/ping-queue.ts'
import { type Attendance, userGuestOf } from './user-guest.ts'

/** Questions that may wait for the answer of one connection. Who has answered none of them is hardly there. */
const MAX_QUESTIONS = 8

/** Whoever asked has given up long before. */
const FORGET_AFTER_MS = 30_000

/** Up to then it is known when a connection began. */
const NEW_FOR_MS = 15_000

export interface HearingOptions {
  readonly account: Account
  readonly attendance: Attendance
  /** Publishes what all instances are to hear. Never throws. */
  readonly say: (subject: string, payload: Buffer) => void
  readonly clock: Clock
  readonly logger: Logger
}

/** The names of questions that wait for the answer of one connection. */
class Waiting implements Pinged {
  /** Those that it answers next: they came before it was asked. */
  #asked: string[] = []
  #later: string[] = []
  readonly #connection: HubConnection
  readonly #timer: Timer

  constructor(connection: HubConnection, timer: Timer) {
    this.#connection = connection
    this.#timer = timer
  }

  get size(): number {
    return this.#asked.length + this.#later.length
  }

  /** True when its turn is to come: `ping`. */
  add(question: string): boolean {
    return this.#later.push(question) === 1
  }

  /** Asks, unless an earlier answer is still to come: that says nothing of what was told since. */
  ping(): void {
    if (this.#later.length === 0 || this.#connection.isAsked) return
    this.#asked.push(...this.#later)
    this.#later = []
    this.#connection.ask()
  }

  /** The connection has answered: these it has heard. */
  take(): readonly string[] {
    const answered = this.#asked
    this.#asked = []
    return answered
  }

  end(): void {
    this.#timer.cancel()
    this.#later = []
  }
}

/**
 * Answers which devices have heard what was told: inside the fan-out of the question that a device is connected, and
 * that it has heard when its client confirms it by the transport's own word. Of one that cannot confirm it, for it is
 * behind or its transport does not know how to ask, nothing is said.
 *
 *     told ── question ─▶ Heard: false
 *        └─────────┴─ ping ──────────▶ client ── pong ─▶ Heard: true
 */
export class Hearing {
  readonly #options: HearingOptions
  readonly #subscription: Subscription
  readonly #waiting = new Map<HubConnection, Waiting>()
  readonly #turns = new PingQueue()
  /** When they opened, milliseconds since the Unix epoch. All others have been open for `NEW_FOR_MS`. */
  #newest = new Map<HubConnection, number>()
  #newer = new Map<HubConnection, number>()
  #aging: Timer | undefined

  constructor(options: HearingOptions) {
    this.#options = options
    const peer = { send: (_: Subscription, message: Message) => this.#hear(message) }
    this.#subscription = new Subscription(peer, CONTROL_WHO_HEARS, '')
    options.account.subscribe(this.#subscription)
  }

  close(): void {
    this.#options.account.unsubscribe(this.#subscription)
    this.#aging?.cancel()
    for (const connection of this.#waiting.keys()) this.#forget(connection)
  }

  onOpen(connection: HubConnection): void {
    const { clock } = this.#options
    this.#newest.set(connection, clock.now())
    this.#aging ??= clock.after(NEW_FOR_MS, this.#age)
  }

  onHeard(connection: HubConnection): void {
    const waiting = this.#waiting.get(connection)
    if (waiting === undefined) return
    for (const question of waiting.take()) this.#answer(connection, question, true)
    waiting.ping()
    if (waiting.size === 0) this.#forget(connection)
  }

  onEnding(connection: HubConnection): void {
    this.#newest.delete(connection)
    this.#newer.delete(connection)
    this.#forget(connection)
  }

  #hear(message: Message): void {
    const { attendance, logger } = this.#options
    try {
      const { question, userId, deviceIds } = parseHearingQuestion(message.payload)
      for (const connection of attendance.connections.ofUser(userId)) {
        const { isOwn, isKept, deviceId } = userGuestOf(connection)
        if (isOwn && isKept && deviceIds.includes(deviceId)) this.#put(question, connection)
      }
    } catch (error) {
      logger.warn({ subject: message.subject, error: String(error) }, 'question who hears not understood')
    }
  }

  #put(question: string, connection: HubConnection): void {
    if (!connection.canBeAsked) return
    let waiting = this.#waiting.get(connection)
    if (waiting === undefined) {
      const { clock } = this.#options
      waiting = new Waiting(
        connection,
        clock.after(FORGET_AFTER_MS, () => this.#forget(connection)),
      )
      this.#waiting.set(connection, waiting)
    }
    if (waiting.size >= MAX_QUESTIONS) return
    // In a later turn: an event for everybody may have all of them asked at once.
    if (waiting.add(question)) this.#turns.add(waiting)
    this.#answer(connection, question, false)
  }

  #answer(connection: HubConnection, question: string, hasHeard: boolean): void {
    const { deviceId } = userGuestOf(connection)
    const openForMs = this.#openForMs(connection)
    this.#options.say(CONTROL_HEARS, encodeHearingAnswer({ question, deviceId, hasHeard, openForMs }))
  }

  #openForMs(connection: HubConnection): number {
    const openedMs = this.#newest.get(connection) ?? this.#newer.get(connection)
    return openedMs === undefined ? NEW_FOR_MS : Math.max(0, this.#options.clock.now() - openedMs)
  }

  #forget(connection: HubConnection): void {
    this.#waiting.get(connection)?.end()
    this.#waiting.delete(connection)
  }

  readonly #age = (): void => {
    this.#newer = this.#newest
    this.#newest = new Map()
    this.#aging = this.#newer.size > 0 ? this.#options.clock.after(NEW_FOR_MS, this.#age) : undefined
  }
}
