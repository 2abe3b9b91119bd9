/** Handing a ping to the operating system takes about 15 µs, so this many keep nobody waiting. */
const PER_TURN = 64

export interface Pinged {
  /** Never throws; does nothing where there is nobody any more. */
  ping(): void
}

/**
 * Connections that are to be pinged, a few in each turn of the event loop. An event for everybody sets all their clocks
 * to the same time, so ten thousand may be due at once.
 */
export class PingQueue {
  #due: Pinged[] = []
  #next = 0

  add(connection: Pinged): void {
    if (this.#due.length === 0) setImmediate(this.#pingSome)
    this.#due.push(connection)
  }

  readonly #pingSome = (): void => {
    const end = Math.min(this.#next + PER_TURN, this.#due.length)
    while (this.#next < end) this.#due[this.#next++]!.ping()
    if (end < this.#due.length) {
      setImmediate(this.#pingSome)
    } else {
      this.#due = []
      this.#next = 0
    }
  }
}
