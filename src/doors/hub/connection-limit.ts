/** Of all connections, how many strangers may take at the most, who need no token. */
const STRANGERS_PART = 1 / 4

/** So many connections at a time, counted as part of a whole if there is one. */
export class ConnectionLimit {
  readonly max: number
  readonly #whole: ConnectionLimit | undefined
  #count = 0

  constructor(max: number, whole?: ConnectionLimit) {
    this.max = max
    this.#whole = whole
  }

  /** The part of these that is for strangers. */
  forStrangers(): ConnectionLimit {
    return new ConnectionLimit(Math.ceil(this.max * STRANGERS_PART), this)
  }

  /** Counts a connection in; answers what counts it out again, to be called once. `undefined`: there are too many. */
  enter(): (() => void) | undefined {
    if (this.#count >= this.max) return undefined
    const leaveWhole = this.#whole?.enter()
    if (this.#whole !== undefined && leaveWhole === undefined) return undefined
    this.#count++
    return () => {
      this.#count--
      leaveWhole?.()
    }
  }
}
