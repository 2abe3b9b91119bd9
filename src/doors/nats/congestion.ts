/**
 * Tells the publisher of a message that one of its receivers can hardly take more. A fan-out is one run without
 * interruption, so one mark for all connections of the door is enough: receivers leave it, the publisher takes it away.
 */
export class Congestion {
  #isMarked = false

  mark(): void {
    this.#isMarked = true
  }

  /** Whether there is a mark; from now on there is none. */
  take(): boolean {
    const isMarked = this.#isMarked
    this.#isMarked = false
    return isMarked
  }
}
