import type { Clock, Logger, Timer } from '#kit'
import type { PushJournal, PushTargets } from '#store'
import { ownTurn } from './own-turn.ts'
import type { Push } from './push.ts'
import { fromRow } from './queue/journal-writer.ts'

/** How often it is looked for instances that are gone, where there may be others. */
const LOOK_EVERY_MS = 15_000

/** Users looked up at once: SQLite takes a millisecond for them. */
const PAGE = 50

export interface RecoveryOptions {
  /** Of this instance. */
  readonly instance: string
  readonly journal: Pick<PushJournal, 'instances' | 'takeOver' | 'delete'>
  readonly targets: Pick<PushTargets, 'usersChangedSince'>
  /** Whether an instance of that name has the database open. */
  readonly isAlive: (instance: string) => Promise<boolean>
  /** Whether there may be other instances. */
  readonly isShared: boolean
  /** It was still to be pushed, and is now by us. */
  readonly onLeft: (push: Push) => void
  /** The account may have changed without a push. */
  readonly onChanged: (userId: string) => Promise<void>
  readonly clock: Clock
  readonly logger: Logger
}

/**
 * Goes on with what instances have left that are no more, this one before its restart among them. Of what an instance had
 * not written down yet when it was killed nothing is known but whose account changed: they are told to sync.
 */
export class Recovery {
  readonly #options: RecoveryOptions
  #timer: Timer | undefined
  #looking: Promise<void> | undefined
  #sinceMs = Number.POSITIVE_INFINITY
  #isClosed = false

  constructor(options: RecoveryOptions) {
    this.#options = options
    this.#look()
  }

  /** Who is told of changes since then is still being looked up; Infinity: nobody is. Milliseconds since the Unix epoch. */
  get recoveringSinceMs(): number {
    return this.#sinceMs
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#timer?.cancel()
    await this.#looking
  }

  #look(): void {
    const { isShared, clock } = this.#options
    this.#timer = undefined
    this.#looking = this.#takeOverAll().then((isDone) => {
      this.#looking = undefined
      if (isShared || !isDone) this.#timer = clock.after(LOOK_EVERY_MS, () => this.#look())
      if (this.#isClosed) this.#timer?.cancel()
    })
  }

  /** False: the database did not answer. */
  async #takeOverAll(): Promise<boolean> {
    const { instance, journal, isAlive, logger } = this.#options
    try {
      if (this.#sinceMs < Number.POSITIVE_INFINITY) await this.#tellOfChanges()
      for (const other of await journal.instances()) {
        if (this.#isClosed) return true
        if (other !== instance && !(await isAlive(other))) await this.#takeOver(other)
      }
      return true
    } catch (error) {
      logger.error({ error }, 'what other instances have left to be pushed is not known')
      return false
    }
  }

  async #takeOver(other: string): Promise<void> {
    const { instance, journal, onLeft, logger } = this.#options
    const left = await journal.takeOver(other, instance)
    if (left === undefined) return
    logger.info({ instance: other, pushes: left.pushes.length }, 'pushes that an instance has left are taken over')
    const notUnderstood: string[] = []
    for (const row of left.pushes) {
      const push = fromRow(row)
      if (push !== undefined) onLeft(push)
      else notUnderstood.push(row.id)
    }
    if (notUnderstood.length > 0) {
      logger.warn({ pushes: notUnderstood.length }, 'pushes that were written down are not understood')
      await journal.delete(instance, notUnderstood)
    }
    this.#sinceMs = Math.min(this.#sinceMs, left.wholeUntil.getTime())
    await this.#tellOfChanges()
  }

  async #tellOfChanges(): Promise<void> {
    const { targets, onChanged } = this.#options
    const since = new Date(this.#sinceMs)
    let afterUserId = ''
    for (;;) {
      const users = await targets.usersChangedSince(since, afterUserId, PAGE)
      for (const userId of users) {
        await ownTurn()
        // Who comes after us begins from the same date.
        if (this.#isClosed) return
        await onChanged(userId)
      }
      if (users.length < PAGE) break
      afterUserId = users.at(-1)!
    }
    this.#sinceMs = Number.POSITIVE_INFINITY
  }
}
