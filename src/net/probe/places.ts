import { AddressLimit } from '../address-limit.ts'

/** How many of something there may be at a time, of all clients and of one. */
export class Places {
  readonly #max: number
  readonly #ofAddress: AddressLimit
  #taken = 0

  constructor(max: number, maxPerAddress: number) {
    this.#max = max
    this.#ofAddress = new AddressLimit(maxPerAddress)
  }

  /** What gives the place back, which may be repeated; `undefined`: there is none. */
  take(address: string): (() => void) | undefined {
    if (this.#taken >= this.#max) return undefined
    const leave = this.#ofAddress.enter(address)
    if (leave === undefined) return undefined
    this.#taken++
    let isTaken = true
    return () => {
      if (!isTaken) return
      isTaken = false
      this.#taken--
      leave()
    }
  }
}
