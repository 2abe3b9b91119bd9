import { type Account, type Message, Subscription } from '#core'
import type { Clock, Logger, Timer } from '#kit'
import { currentRequest, outsideRequests } from '#net'
import { allFor, CONTROL_REVOKE } from '#notify'
import { type Audience, audienceOf, eventFrom, type PushedEvent, syncEvent } from './event.ts'
import { isFrom } from './own-messages.ts'
import { ownTurn } from './own-turn.ts'

/** Events of one audience that come together are looked at together. */
const GATHER_MS = 100

/** Of one audience; of more only that there were more is kept. */
const MAX_MESSAGES = 64
/** The same, of all together. */
const MAX_MESSAGES_IN_ALL = 100_000
/** Of a longer one no more than a hint to sync would be told. */
const MAX_MESSAGE_BYTES = 4_096

/** Audiences that are looked up at a time. */
const MAX_LOOKED_UP = 16
/** Those included whose devices are awaited: one that sleeps is for seconds, and holds up nobody else. */
const MAX_UNDER_WAY = 1_024

/** Audiences at a time that events are kept of. */
const MAX_AUDIENCES = 10_000

interface Gathered extends Audience {
  readonly messages: { readonly message: Message; readonly atMs: number; readonly requestId: string | undefined }[]
  readonly sinceMs: number
  isIncomplete: boolean
}

/** What one audience is to be told, in its order. */
export interface Batch extends Audience {
  readonly events: readonly PushedEvent[]
}

export interface InboxOptions {
  /** `VAULT`. */
  readonly account: Account
  /** Of this instance: each pushes what it told itself, and nobody else does. */
  readonly instance: string
  /**
   * Decides about a batch. The next one of that audience comes only afterwards. `onLookedUp` is called when the database was
   * asked, and nothing is awaited any more but what devices answer. Rejects to have it again, a little later.
   */
  readonly handle: (batch: Batch, onLookedUp: () => void) => Promise<void>
  readonly clock: Clock
  readonly logger: Logger
}

/** After the database did not answer. */
const RETRY_MS = 1_000

/**
 * Hears what this instance tells users and organizations, inside the fan-out and so within the request that caused it:
 * there it is only put aside.
 */
export class Inbox {
  readonly #options: InboxOptions
  readonly #subscriptions: readonly Subscription[]
  #gathered = new Map<string, Gathered>()
  readonly #underWay = new Map<string, { readonly sinceMs: number; readonly done: Promise<void> }>()
  #lookedUp = 0
  #timer: Timer | undefined
  /** Messages of all that is gathered or under way. */
  #kept = 0
  #isFull = false
  #isClosed = false
  /** Of what could not be kept, or not be decided about before we closed. */
  #lostSinceMs = Number.POSITIVE_INFINITY

  constructor(options: InboxOptions) {
    this.#options = options
    const peer = { send: (_: Subscription, message: Message) => this.#hear(message) }
    const subjects = [allFor({ kind: 'user', id: '*' }), allFor({ kind: 'organization', id: '*' }), CONTROL_REVOKE]
    this.#subscriptions = subjects.map((subject) => new Subscription(peer, subject, ''))
    for (const subscription of this.#subscriptions) options.account.subscribe(subscription)
  }

  /** When the oldest event came that is not decided about, or never will be; Infinity: there is none. Milliseconds since the Unix epoch. */
  get undecidedSinceMs(): number {
    let sinceMs = this.#lostSinceMs
    for (const batches of [this.#gathered, this.#underWay]) {
      for (const batch of batches.values()) sinceMs = Math.min(sinceMs, batch.sinceMs)
    }
    return sinceMs
  }

  /** Whether anything is undecided that the user may be told. */
  hasForUser(userId: string): boolean {
    const key = keyOf({ audience: 'user', id: userId })
    return this.#gathered.has(key) || this.#underWay.has(key)
  }

  /** Hears no more. Resolves when all that was heard is decided about, or cannot be. */
  async close(): Promise<void> {
    for (const subscription of this.#subscriptions) this.#options.account.unsubscribe(subscription)
    this.#isClosed = true
    do {
      this.#handleAll()
      await Promise.all([...this.#underWay.values()].map(({ done }) => done))
    } while (this.#gathered.size > 0)
  }

  /** Hot: once per notification, whether anybody is told by push or not. */
  #hear(message: Message): void {
    const { instance, clock, logger } = this.#options
    if (!isFrom(instance, message)) return
    const nowMs = clock.now()
    let audience: Audience
    try {
      audience = audienceOf(message)
    } catch {
      // The end of whose sessions? The hub says in the log that it is not understood.
      return
    }
    const key = keyOf(audience)
    let gathered = this.#gathered.get(key)
    if (gathered === undefined) {
      if (this.#gathered.size >= MAX_AUDIENCES) {
        if (!this.#isFull) logger.error({}, 'too many accounts change at a time: not all are told of it by push')
        this.#isFull = true
        // Whoever comes after us tells them to sync.
        this.#lostSinceMs = Math.min(this.#lostSinceMs, nowMs)
        return
      }
      gathered = { ...audience, messages: [], sinceMs: nowMs, isIncomplete: false }
      this.#gathered.set(key, gathered)
    }
    const hasRoom = gathered.messages.length < MAX_MESSAGES && this.#kept < MAX_MESSAGES_IN_ALL
    if (hasRoom && message.body.length <= MAX_MESSAGE_BYTES) {
      gathered.messages.push({ message, atMs: nowMs, requestId: currentRequest()?.id })
      this.#kept++
    } else {
      gathered.isIncomplete = true
    }
    this.#timer ??= outsideRequests(() => clock.after(GATHER_MS, () => this.#handleAll()))
  }

  #handleAll(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    this.#isFull = false
    for (const [key, gathered] of this.#gathered) {
      if (this.#lookedUp >= MAX_LOOKED_UP || this.#underWay.size >= MAX_UNDER_WAY) return
      if (this.#underWay.has(key)) continue
      this.#gathered.delete(key)
      const taken = gathered.messages.length
      const done = this.#handle(key, gathered).finally(() => {
        this.#underWay.delete(key)
        this.#kept -= taken
        this.#goOn()
      })
      this.#underWay.set(key, { sinceMs: gathered.sinceMs, done })
    }
  }

  #goOn(): void {
    if (this.#gathered.size > 0 && !this.#isClosed) this.#handleAfter(GATHER_MS)
  }

  #handleAfter(delayMs: number): void {
    this.#timer ??= this.#options.clock.after(delayMs, () => this.#handleAll())
  }

  async #handle(key: string, gathered: Gathered): Promise<void> {
    const { handle, logger } = this.#options
    this.#lookedUp++
    let isLookedUp = false
    const onLookedUp = () => {
      if (isLookedUp) return
      isLookedUp = true
      this.#lookedUp--
      this.#goOn()
    }
    await ownTurn()
    try {
      await handle({ audience: gathered.audience, id: gathered.id, events: this.#eventsOf(gathered) }, onLookedUp)
    } catch (error) {
      logger.error({ error }, 'not known who is to be told of a change by push')
      if (this.#isClosed) {
        this.#lostSinceMs = Math.min(this.#lostSinceMs, gathered.sinceMs)
      } else {
        this.#putBack(key, gathered)
        // Before anybody wants it to be sooner.
        this.#handleAfter(RETRY_MS)
      }
    } finally {
      onLookedUp()
    }
  }

  /** In front of what came meanwhile. */
  #putBack(key: string, gathered: Gathered): void {
    const later = this.#gathered.get(key)
    if (later !== undefined) {
      const room = MAX_MESSAGES - gathered.messages.length
      gathered.messages.push(...later.messages.slice(0, room))
      gathered.isIncomplete ||= later.isIncomplete || later.messages.length > room
    }
    this.#gathered.set(key, gathered)
    this.#kept += gathered.messages.length - (later?.messages.length ?? 0)
  }

  #eventsOf({ audience, id, messages, isIncomplete }: Gathered): PushedEvent[] {
    const events: PushedEvent[] = []
    for (const { message, atMs, requestId } of messages) {
      try {
        events.push({ ...eventFrom(message, atMs), ...(requestId !== undefined && { requestId }) })
      } catch (error) {
        // Without the subject, which may name an auth request.
        this.#options.logger.warn({ error: String(error) }, 'notification not understood, and not pushed')
      }
    }
    if (isIncomplete && audience === 'user') events.push(syncEvent(id, this.#options.clock.now()))
    return events
  }
}

const keyOf = ({ audience, id }: Audience) => `${audience} ${id}`
