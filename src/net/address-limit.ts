import { networkOf } from '#kit'

/**
 * How many connections one client may have at a time. A client is an IPv4 address, or the first 64 bits of an IPv6
 * address, the least that anybody is given. There is one entry for each client that is connected, and no more.
 */
export class AddressLimit {
  readonly #counts = new Map<string, number>()
  #max: number

  /** 0 means no limit. */
  constructor(max: number) {
    this.#max = max
  }

  get max(): number {
    return this.#max
  }

  /** Holds for those who come from now on; who is there may stay. */
  set max(max: number) {
    this.#max = max
  }

  /** Clients that are connected. */
  get size(): number {
    return this.#counts.size
  }

  /**
   * Counts a connection in, unless the client has as many as it may have: `undefined` then. Otherwise what counts it
   * out again, which may be repeated. Counted without a limit as well, since there may be one later.
   */
  enter(address: string): (() => void) | undefined {
    const client = networkOf(address)
    const count = this.#counts.get(client) ?? 0
    if (this.#max > 0 && count >= this.#max) return undefined
    this.#counts.set(client, count + 1)
    let isInside = true
    return () => {
      if (isInside) this.#leave(client)
      isInside = false
    }
  }

  #leave(client: string): void {
    const count = this.#counts.get(client)! - 1
    if (count === 0) this.#counts.delete(client)
    else this.#counts.set(client, count)
  }
}
