import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Clock } from '#kit'

/** There are too many requests, or this one takes too long: nobody is to ask again at once. */
export class Overloaded extends Error {
  override name = 'Overloaded'
}

/** What looks through a list asks this of each item. */
export interface Pace {
  /** Whether others have waited long enough: `rest()` is to be awaited then. */
  readonly isDue: boolean
  /** Leaves the event loop to others for a turn. Rejects when there is no use in going on. */
  rest(): Promise<void>
}

/** Looks through a list for a request, when it is its turn. Rejects with `Overloaded`. */
export type Scan = <T>(work: (pace: Pace) => Promise<T>) => Promise<T>

/** Requests that may wait until others have been looked up. */
const MAX_WAITING = 32
/** How long a list may be looked through, all turns together: it may grow faster than it is read. */
const SCAN_MS = 30_000
/** How long it may be in one turn of the event loop; and how many items are read before time is looked at. */
const TURN_MS = 5
const ITEMS_PER_LOOK = 128

/**
 * Lets lists of any length be looked through a little in each turn of the event loop, for one request at a time: each
 * holds what it has found until it is done.
 */
export class Scans {
  readonly #clock: Clock
  #waiting = 0
  #last: Promise<unknown> = Promise.resolve()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** `isWanted` is asked in every turn: whoever has gone needs no answer. */
  async run<T>(work: (pace: Pace) => Promise<T>, isWanted: () => boolean): Promise<T> {
    if (this.#waiting >= MAX_WAITING) throw new Overloaded('Too many requests that take long at once')
    this.#waiting++
    const result = this.#last.then(async () => {
      const pace = this.#pace(isWanted)
      await pace.rest()
      return work(pace)
    })
    this.#last = result.catch(() => {})
    try {
      return await result
    } finally {
      this.#waiting--
    }
  }

  #pace(isWanted: () => boolean): Pace {
    const endMs = this.#clock.now() + SCAN_MS
    const clock = this.#clock
    let items = 0
    let turnEndMs = 0
    return {
      get isDue() {
        return ++items % ITEMS_PER_LOOK === 0 && performance.now() >= turnEndMs
      },
      async rest() {
        await nextTurn()
        if (!isWanted()) throw new Overloaded('Nobody waits for the answer')
        if (clock.now() >= endMs) throw new Overloaded('There is too much to look through')
        turnEndMs = performance.now() + TURN_MS
      },
    }
  }
}
