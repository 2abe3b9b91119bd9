import type { Clock, Logger, Timer } from '#kit'
import type { PushJournal, QueuedPush } from '#store'
import { ownTurn } from '../own-turn.ts'
import type { Push } from '../push.ts'

/** Most pushes are told sooner, and never written. */
const WRITE_AFTER_MS = 1_000
const RETRY_AFTER_MS = 5_000
const MARK_EVERY_MS = 60_000
/** A change is told so long after its date, at most, and clocks of instances differ by less. */
const MARGIN_MS = 15_000
/** Rows that are written in one turn of the event loop: SQLite takes a millisecond for them. */
const BATCH = 50

export interface JournalWriterOptions {
  readonly journal: PushJournal
  /** Of this instance. */
  readonly instance: string
  /** What was told before is in the queue, or done with: when the oldest event came that is not. Infinity: none. */
  readonly undecidedSinceMs: () => number
  readonly clock: Clock
  readonly logger: Logger
}

/**
 * Writes down what is still to be pushed, so that a restart does not lose it, and how far that is complete, so that who
 * comes after a crash knows what may be missing.
 */
export class JournalWriter {
  readonly #options: JournalWriterOptions
  readonly #unwritten = new Map<string, Push>()
  readonly #written = new Set<string>()
  readonly #done = new Set<string>()
  readonly #marks: Timer
  #timer: Timer | undefined
  #turn: Promise<void> = Promise.resolve()
  #isFailing = false
  #isClosed = false

  constructor(options: JournalWriterOptions) {
    this.#options = options
    this.#marks = options.clock.every(MARK_EVERY_MS, () => void this.#inTurn(() => this.#mark()))
  }

  /** To be called before anything is added. Rejects when the database does not answer. */
  begin(): Promise<void> {
    return this.#mark()
  }

  /** It waits. `isWritten`: it is in the journal already, as one of ours. */
  add(push: Push, isWritten: boolean): void {
    if (isWritten) this.#written.add(push.id)
    else this.#unwritten.set(push.id, push)
    this.#writeAfter(WRITE_AFTER_MS)
  }

  /** It does not wait any more. */
  remove(push: Push): void {
    this.#unwritten.delete(push.id)
    if (!this.#written.delete(push.id)) return
    this.#done.add(push.id)
    this.#writeAfter(WRITE_AFTER_MS)
  }

  /** Writes all that waits. Resolves when that is done or failed, which is logged. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#marks.cancel()
    this.#timer?.cancel()
    await this.#inTurn(() => this.#write())
    await this.#inTurn(async () => {
      const { journal, instance, undecidedSinceMs, clock } = this.#options
      const isWhole = undecidedSinceMs() === Number.POSITIVE_INFINITY && this.#unwritten.size === 0
      if (!isWhole) await this.#mark()
      else if (this.#written.size === 0 && this.#done.size === 0) await journal.endOf(instance)
      // Nothing is on its way to us any more.
      else await journal.mark(instance, new Date(clock.now()))
    })
  }

  #writeAfter(delayMs: number): void {
    if (this.#isClosed) return
    this.#timer ??= this.#options.clock.after(delayMs, () => {
      this.#timer = undefined
      void this.#inTurn(() => this.#write())
    })
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    this.#turn = this.#turn.then(work).then(
      () => {
        this.#isFailing = false
      },
      (error: unknown) => {
        if (!this.#isFailing) this.#options.logger.error({ error }, 'what waits to be pushed cannot be written down')
        this.#isFailing = true
        this.#writeAfter(RETRY_AFTER_MS)
      },
    )
    return this.#turn
  }

  async #write(): Promise<void> {
    const { journal, instance } = this.#options
    // What comes meanwhile has a second of its own.
    for (let left = this.#unwritten.size; left > 0; left -= BATCH) {
      await ownTurn()
      const batch = this.#unwritten.values().take(BATCH).toArray()
      if (batch.length === 0) break
      await journal.save(instance, batch.map(asRow))
      for (const { id } of batch) {
        // What was told meanwhile is there now nevertheless.
        if (this.#unwritten.delete(id)) this.#written.add(id)
        else this.#done.add(id)
      }
    }
    for (let left = this.#done.size; left > 0; left -= BATCH) {
      await ownTurn()
      const batch = this.#done.values().take(BATCH).toArray()
      if (batch.length === 0) break
      await journal.delete(instance, batch)
      for (const id of batch) this.#done.delete(id)
    }
  }

  async #mark(): Promise<void> {
    const { journal, instance, undecidedSinceMs, clock } = this.#options
    let wholeUntilMs = Math.min(clock.now(), undecidedSinceMs())
    for (const { queuedAtMs } of this.#unwritten.values()) wholeUntilMs = Math.min(wholeUntilMs, queuedAtMs)
    await journal.mark(instance, new Date(wholeUntilMs - MARGIN_MS))
  }
}

function asRow({ id, ...content }: Push): QueuedPush {
  return { id, content: JSON.stringify(content), queuedAt: new Date(content.queuedAtMs) }
}

/** What was written as one of ours, or by an earlier version; undefined for what is none of them. */
export function fromRow({ id, content }: QueuedPush): Push | undefined {
  try {
    const { to, type, payload, contextId, queuedAtMs, expiresAtMs } = JSON.parse(content) as Omit<Push, 'id'>
    if (to.kind !== 'phones' && to.kind !== 'browser') return undefined
    if (typeof payload !== 'object' || payload === null) return undefined
    return { id, to, type, payload, contextId, queuedAtMs, expiresAtMs }
  } catch {
    return undefined
  }
}
