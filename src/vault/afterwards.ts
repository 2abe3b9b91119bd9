import type { Logger } from '#kit'

/** What may be under way at once. Beyond that work is dropped, and the log says so. */
const MAX_UNDER_WAY = 200

/**
 * Work that no answer waits for: above all letters, where the time an answer takes would tell whether there is an account
 * of that address.
 */
export class Afterwards {
  readonly #logger: Logger
  readonly #underWay = new Set<Promise<void>>()

  constructor(logger: Logger) {
    this.#logger = logger
  }

  /** Begins `work` soon; when it fails, `what` says in the log what that was. Its errors must hold no secrets. */
  run(what: string, work: () => Promise<unknown>): void {
    if (this.#underWay.size >= MAX_UNDER_WAY) {
      this.#logger.warn({ what, limit: MAX_UNDER_WAY }, 'too much under way, work dropped')
      return
    }
    const done = this.#perform(what, work).finally(() => this.#underWay.delete(done))
    this.#underWay.add(done)
  }

  /** Resolves when everything that was begun has ended. */
  async settle(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.all(this.#underWay)
  }

  async #perform(what: string, work: () => Promise<unknown>): Promise<void> {
    // Not in this turn, in which the answer is made.
    await new Promise((resolve) => setImmediate(resolve))
    try {
      await work()
    } catch (error) {
      this.#logger.error({ what, error: (error as Error).message }, 'work after an answer failed')
    }
  }
}
