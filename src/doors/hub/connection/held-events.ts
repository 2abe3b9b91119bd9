import type { HubEvent } from '../hub-event.ts'

/** What a connection is told when it can be told again. */
export interface Release {
  readonly events: readonly HubEvent[]
  /** There were more than could be kept: they are to be made up for, or the client to be closed. */
  readonly isIncomplete: boolean
}

/**
 * Events for a client that cannot take them now. As many as there is room for wait as they are; with one more they are
 * dropped, and what stands for all of them is told. What ends the session is always kept.
 */
export class HeldEvents {
  #room: number
  #events: HubEvent[] = []
  #isIncomplete = false
  #last: HubEvent | undefined

  /** `room` is counted as the sizes of the events are: in events or in bytes. */
  constructor(room: number) {
    this.#room = room
  }

  add(event: HubEvent, size: number): void {
    if (event.endsSession) {
      this.#last = event
    } else if (!this.#isIncomplete) {
      this.#room -= size
      if (this.#room >= 0) {
        this.#events.push(event)
      } else {
        this.#isIncomplete = true
        this.#events = []
      }
    }
  }

  /** What is held, which ends with this. With the session at its end there is nothing else to say. */
  release(): Release {
    if (this.#last !== undefined) return { events: [this.#last], isIncomplete: false }
    return { events: this.#events, isIncomplete: this.#isIncomplete }
  }
}
