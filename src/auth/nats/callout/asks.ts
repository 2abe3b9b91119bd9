/** Questions of newcomers that may wait for an answer, and of those how many from one address. */
const MAX_ASKS = 1_024
const MAX_ASKS_PER_ADDRESS = 128
/** Questions about those who are in already: they are asked a few at a time, and wait for one another. */
const MAX_RECHECKS = 64

/** How many questions are under way, so that a flood of newcomers costs the server and the service no more than that. */
export class Asks {
  #asked = 0
  readonly #byAddress = new Map<string, number>()
  #rechecks = 0
  readonly #waiting: (() => void)[] = []

  /** `undefined` when there are too many already. */
  async newcomer<T>(address: string, ask: () => Promise<T>): Promise<T | undefined> {
    const before = this.#byAddress.get(address) ?? 0
    if (this.#asked >= MAX_ASKS || before >= MAX_ASKS_PER_ADDRESS) return undefined
    this.#asked++
    this.#byAddress.set(address, before + 1)
    try {
      return await ask()
    } finally {
      this.#asked--
      const left = (this.#byAddress.get(address) ?? 1) - 1
      if (left === 0) this.#byAddress.delete(address)
      else this.#byAddress.set(address, left)
    }
  }

  /** No more of them wait than there are connections. */
  async recheck<T>(ask: () => Promise<T>): Promise<T> {
    if (this.#rechecks < MAX_RECHECKS) this.#rechecks++
    else await new Promise<void>((resolve) => this.#waiting.push(resolve))
    try {
      return await ask()
    } finally {
      // The place goes over to the next, if there is one.
      const next = this.#waiting.shift()
      if (next === undefined) this.#rechecks--
      else next()
    }
  }
}
