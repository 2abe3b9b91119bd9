import { randomInt } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from '#kit'
import { currentRequest } from '#net'

/** What may be under way at once of one kind. Beyond that work is dropped, and the log says so. */
const MAX_UNDER_WAY = 200

/** How long hidden work waits. Milliseconds. */
const HIDING_MS = { from: 50, to: 500 }

/** Work that no answer waits for: above all letters. */
export class Afterwards {
  readonly #logger: Logger
  readonly #underWay = new Set<Promise<void>>()
  /** How much of it is of each kind, so that a flood of one that strangers may ask for costs no other. */
  readonly #counts = new Map<string, number>()

  constructor(logger: Logger) {
    this.#logger = logger
  }

  /**
   * Begins `work` soon; when it fails, `what`, a kind of work, says in the log what that was. Its errors must hold no
   * secrets.
   */
  run(what: string, work: () => Promise<unknown>): void {
    // Not in this turn, in which the answer is made.
    this.#begin(what, work, 0)
  }

  /**
   * The same for work that strangers ask for and that begins with the question whether there is an account. It waits for a
   * time that nobody can foresee, so that neither this answer nor the next one tells, by the time it takes, what became of
   * it.
   */
  runHidden(what: string, work: () => Promise<unknown>): void {
    this.#begin(what, work, randomInt(HIDING_MS.from, HIDING_MS.to))
  }

  /** Resolves when everything that was begun has ended. */
  async settle(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.all(this.#underWay)
  }

  #begin(what: string, work: () => Promise<unknown>, delayMs: number): void {
    const count = this.#counts.get(what) ?? 0
    if (count >= MAX_UNDER_WAY) {
      this.#logger.warn({ what, limit: MAX_UNDER_WAY }, 'too much under way, work dropped')
      return
    }
    this.#counts.set(what, count + 1)
    // What goes wrong is still about the request that asked for it.
    const letGo = currentRequest()?.hold()
    const done = this.#perform(what, work, delayMs).finally(() => {
      letGo?.()
      this.#underWay.delete(done)
      this.#counts.set(what, this.#counts.get(what)! - 1)
    })
    this.#underWay.add(done)
  }

  async #perform(what: string, work: () => Promise<unknown>, delayMs: number): Promise<void> {
    await sleep(delayMs)
    try {
      await work()
    } catch (error) {
      this.#logger.error({ what, error: (error as Error).message }, 'work after an answer failed')
    }
  }
}
