import type { HubEvent } from './hub-event.ts'

/** What a connection is told when it can be told again. */
export interface Release {
  readonly events: readonly HubEvent[]
  /** There were more than could be kept: they are to be made up for, or the client to be closed. */
  readonly isIncomplete: boolean
}

/**
 * Events for a client that cannot take them now. Up to a number of them wait as they are; with one more they are
 * dropped, and what stands for all of them is told. What ends the session is always kept.
 */
export class HeldEvents {
  readonly #maxEvents: number
  #events: HubEvent[] = []
  #isIncomplete = false
  #last: HubEvent | undefined

  constructor(maxEvents: number) {
    this.#maxEvents = maxEvents
  }

  add(event: HubEvent): void {
    if (event.endsSession) {
      this.#last = event
    } else if (!this.#isIncomplete) {
      if (this.#events.length < this.#maxEvents) {
        this.#events.push(event)
      } else {
        this.#isIncomplete = true
        this.#events = []
      }
    }
  }

  /** Hands out what is held and forgets it. With the session at its end there is nothing else to say. */
  release(): Release {
    const last = this.#last
    const release = { events: this.#events, isIncomplete: this.#isIncomplete }
    this.#events = []
    this.#isIncomplete = false
    this.#last = undefined
    return last === undefined ? release : { events: [last], isIncomplete: false }
  }
}
