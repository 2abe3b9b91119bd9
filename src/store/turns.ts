/** Who had their turn is forgotten in lots of so many, since to move up all others costs time. */
const LOT = 1024

/** One at a time, in the order of asking. */
export class Turns {
  #isTaken = false
  readonly #waiting: (() => void)[] = []
  /** How many of those that wait have had their turn. */
  #served = 0

  /** Resolves when it is the caller's turn, which lasts until `end`. */
  async begin(): Promise<void> {
    if (this.#isTaken) await new Promise<void>((resolve) => this.#waiting.push(resolve))
    else this.#isTaken = true
  }

  /** The turn passes to the next without anybody getting in between. */
  end(): void {
    const next = this.#waiting[this.#served]
    if (next === undefined) this.#isTaken = false
    else this.#served++
    if (next === undefined || this.#served >= LOT) {
      this.#waiting.splice(0, this.#served)
      this.#served = 0
    }
    next?.()
  }
}
