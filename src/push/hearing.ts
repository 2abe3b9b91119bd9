import { randomUUID } from 'node:crypto'
import { type Account, type Message, Subscription } from '#core'
import type { Clock, Logger, Timer } from '#kit'
import { CONTROL_HEARS, CONTROL_WHO_HEARS, encodeHearingQuestion, MAX_ASKED_DEVICES, parseHearingAnswer } from '#notify'

/** Who has not confirmed by then does not hear. */
const CONFIRM_WITHIN_MS = 5_000

/** A link that broke and lost what was told is back no sooner, so what is asked before that is lost too. */
const LINK_AWAY_MS = 1_000

/** Of more users at a time nobody is asked about. */
const MAX_OPEN = 4_096

export interface HearingOptions {
  /** `VAULT`, where hubs answer. */
  readonly account: Account
  /** Publishes what all instances are to hear. Never throws. */
  readonly say: (subject: string, payload: Buffer) => void
  /**
   * So long after a question a device of which nothing was heard is not connected to any hub. Milliseconds; 0 without
   * other instances: the hub of this one has answered when `say` returns.
   */
  readonly absentMs: number
  readonly clock: Clock
  readonly logger: Logger
}

/** What is asked about the devices of one user. */
interface Question {
  readonly deviceIds: ReadonlySet<string>
  readonly toldAtMs: number
  readonly connected: Set<string>
  readonly heard: Set<string>
  /** Whoever is connected has had time to say so. */
  isAnswered: boolean
  timers: readonly Timer[]
  readonly resolve: (heard: ReadonlySet<string>) => void
}

/** Asks the hubs of all instances which devices have heard what was told. */
export class Hearing {
  readonly #options: HearingOptions
  readonly #subscription: Subscription
  readonly #open = new Map<string, Question>()
  /** The names of questions are told apart by it from those of other instances. */
  readonly #prefix = randomUUID()
  #asked = 0
  #isClosed = false

  constructor(options: HearingOptions) {
    this.#options = options
    // Inside the fan-out, so that without other instances all is known when a question was asked.
    const peer = { send: (_: Subscription, message: Message) => this.#hear(message) }
    this.#subscription = new Subscription(peer, CONTROL_HEARS, '')
    options.account.subscribe(this.#subscription)
  }

  /**
   * Which of these devices of the user have heard all that was told from `toldAtMs` on (milliseconds since the Unix epoch),
   * by their own word. Resolves when all that are connected have confirmed, at once or after `absentMs` when none is, after
   * 5 seconds at the latest. Never rejects: who cannot be asked has not confirmed.
   */
  ask(userId: string, deviceIds: Iterable<string>, toldAtMs: number): Promise<ReadonlySet<string>> {
    const { say, absentMs, clock } = this.#options
    const asked = new Set(deviceIds)
    const isLate = absentMs > 0 && clock.now() - toldAtMs >= LINK_AWAY_MS
    if (this.#isClosed || isLate || asked.size === 0 || this.#open.size >= MAX_OPEN) return Promise.resolve(new Set())
    const { promise, resolve } = Promise.withResolvers<ReadonlySet<string>>()
    const name = `${this.#prefix}-${++this.#asked}`
    const question: Question = {
      deviceIds: asked,
      toldAtMs,
      connected: new Set(),
      heard: new Set(),
      isAnswered: false,
      timers: [clock.after(CONFIRM_WITHIN_MS, () => this.#end(name))],
      resolve,
    }
    this.#open.set(name, question)
    const ids = [...asked]
    for (let at = 0; at < ids.length; at += MAX_ASKED_DEVICES) {
      const some = ids.slice(at, at + MAX_ASKED_DEVICES)
      say(CONTROL_WHO_HEARS, encodeHearingQuestion({ question: name, userId, deviceIds: some }))
    }
    const answered = () => {
      question.isAnswered = true
      this.#endIfKnown(name, question)
    }
    if (absentMs === 0) answered()
    else question.timers = [...question.timers, clock.after(absentMs, answered)]
    return promise
  }

  /** Asks nothing more. What is asked is answered with what is known. */
  close(): void {
    this.#isClosed = true
    this.#options.account.unsubscribe(this.#subscription)
    for (const name of this.#open.keys()) this.#end(name)
  }

  #hear({ subject, payload }: Message): void {
    const { clock, logger } = this.#options
    try {
      const { question: name, deviceId, hasHeard, openForMs } = parseHearingAnswer(payload)
      const question = this.#open.get(name)
      if (question === undefined || !question.deviceIds.has(deviceId)) return
      // It came after some of what was told, or in the same millisecond.
      if (clock.now() - openForMs >= question.toldAtMs) return
      question.connected.add(deviceId)
      if (hasHeard) question.heard.add(deviceId)
      this.#endIfKnown(name, question)
    } catch (error) {
      logger.warn({ subject, error: String(error) }, 'answer who hears not understood')
    }
  }

  #endIfKnown(name: string, { deviceIds, connected, heard, isAnswered }: Question): void {
    const awaited = isAnswered ? connected : deviceIds
    if (heard.size === awaited.size) this.#end(name)
  }

  #end(name: string): void {
    const question = this.#open.get(name)
    if (question === undefined) return
    this.#open.delete(name)
    for (const timer of question.timers) timer.cancel()
    question.resolve(question.heard)
  }
}
