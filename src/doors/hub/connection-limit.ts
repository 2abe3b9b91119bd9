/** Of all connections, how many strangers may take at the most, who need no token. */
const STRANGERS_PART = 1 / 4

/** So many connections at a time, counted as part of a whole if there is one. */
export class ConnectionLimit {
  readonly #whole: ConnectionLimit | undefined
  readonly #parts: ConnectionLimit[] = []
  #max: number
  #count = 0

  constructor(max: number, whole?: ConnectionLimit) {
    this.#max = max
    this.#whole = whole
  }

  get max(): number {
    return this.#max
  }

  /** Those who are in stay, however many they are. */
  set max(max: number) {
    this.#max = max
    for (const part of this.#parts) part.max = strangersPartOf(max)
  }

  /** The part of these that is for strangers. */
  forStrangers(): ConnectionLimit {
    const part = new ConnectionLimit(strangersPartOf(this.#max), this)
    this.#parts.push(part)
    return part
  }

  /** Counts a connection in; answers what counts it out again, to be called once. `undefined`: there are too many. */
  enter(): (() => void) | undefined {
    if (this.#count >= this.#max) return undefined
    const leaveWhole = this.#whole?.enter()
    if (this.#whole !== undefined && leaveWhole === undefined) return undefined
    this.#count++
    return () => {
      this.#count--
      leaveWhole?.()
    }
  }
}

function strangersPartOf(max: number): number {
  return Math.ceil(max * STRANGERS_PART)
}
