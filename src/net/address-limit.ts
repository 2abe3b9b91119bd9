import { isIPv6 } from 'node:net'
import { plainAddress } from './remote-address.ts'

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
    const client = clientOf(address)
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

/** The address, or the four groups that its /64 network consists of. */
function clientOf(remoteAddress: string): string {
  const address = plainAddress(remoteAddress)
  if (!isIPv6(address)) return address
  const [head = '', tail] = address.split('%', 1)[0]!.split('::')
  const front = head === '' ? [] : head.split(':')
  const back = tail === undefined || tail === '' ? [] : tail.split(':')
  // An IPv4 address at the end stands for two groups.
  const backLength = back.length + (tail?.includes('.') ? 1 : 0)
  const zeros = tail === undefined ? 0 : 8 - front.length - backLength
  const groups = [...front, ...Array<string>(zeros).fill('0'), ...back]
  return groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')
}
