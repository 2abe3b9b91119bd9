import type { Clock, Timer } from '#kit'
import type { HubConnection } from '../connection/connection.ts'

/** How often it is looked whose turn it is. */
const TICK_MS = 20

/** How long connections may take to go away once they were all told to, before they are cut. */
const FAREWELL_MS = 2_500

/** Sends connections away, one after the other. */
export class Drain {
  readonly #connections: readonly HubConnection[]
  readonly #clock: Clock
  #told = 0
  #timers: readonly Timer[] = []

  constructor(connections: readonly HubConnection[], clock: Clock) {
    this.#connections = connections
    this.#clock = clock
  }

  /**
   * Those who were not told yet are, evenly over `windowMs` from now on, the first at once; who is still there a while
   * after that is cut. Repeated, the last window counts.
   */
  begin(windowMs: number): void {
    this.cancel()
    const startMs = this.#clock.now()
    const [first, count] = [this.#told, this.#connections.length - this.#told]
    const tellDue = () => {
      const share = windowMs === 0 ? 1 : (this.#clock.now() - startMs) / windowMs
      const due = first + Math.min(count, Math.floor(share * count) + 1)
      while (this.#told < due) this.#connections[this.#told++]!.goAway('server is shutting down')
    }
    tellDue()
    const cut = () => {
      for (const connection of this.#connections) connection.destroy()
    }
    this.#timers = [this.#clock.every(TICK_MS, tellDue), this.#clock.after(windowMs + FAREWELL_MS, cut)]
  }

  cancel(): void {
    for (const timer of this.#timers) timer.cancel()
    this.#timers = []
  }
}
