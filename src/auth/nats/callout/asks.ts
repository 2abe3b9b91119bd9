import { KeyedPlaces } from '#kit'
import { Gate } from '../gate.ts'

/** Questions of newcomers that may wait for an answer, and of those how many from one address. */
const MAX_ASKS = 1_024
const MAX_ASKS_PER_ADDRESS = 128
/** Questions about those who are in already: they are asked a few at a time, and wait for one another. */
const MAX_RECHECKS = 64

/** How many questions are under way, so that a flood of newcomers costs the server and the service no more than that. */
export class Asks {
  readonly #newcomers = new KeyedPlaces({ max: MAX_ASKS, maxPerKey: MAX_ASKS_PER_ADDRESS })
  /** No more of them wait than there are connections. */
  readonly #rechecks = new Gate({ maxPassing: MAX_RECHECKS })

  /** `undefined` when there are too many already. */
  async newcomer<T>(address: string, ask: () => Promise<T>): Promise<T | undefined> {
    const leave = this.#newcomers.enter(address)
    if (leave === undefined) return undefined
    try {
      return await ask()
    } finally {
      leave()
    }
  }

  recheck<T>(ask: () => Promise<T>): Promise<T> {
    return this.#rechecks.pass(ask)
  }
}
