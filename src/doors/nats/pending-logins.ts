import { networkOf } from '#kit'

/**
 * Clients that wait for the answer to their CONNECT. For each there may lie a read of its socket here: 64 KiB, or what
 * so much inflates to in one turn.
 */
const MAX_PENDING = 1024
/** Of one network: whoever is answered late, because it fails again and again, must not keep all others out. */
const MAX_PENDING_OF_NETWORK = 512

/** How many logins are under way, of all connections of the door. */
export class PendingLogins {
  readonly #byNetwork = new Map<string, number>()
  #count = 0

  /** `undefined`: there are too many. What is answered is to be called when the login is no longer under way. */
  enter(address: string): (() => void) | undefined {
    const network = networkOf(address)
    const ofNetwork = this.#byNetwork.get(network) ?? 0
    if (this.#count >= MAX_PENDING || ofNetwork >= MAX_PENDING_OF_NETWORK) return undefined
    this.#count++
    this.#byNetwork.set(network, ofNetwork + 1)
    return () => this.#leave(network)
  }

  #leave(network: string): void {
    this.#count--
    const left = (this.#byNetwork.get(network) ?? 1) - 1
    if (left === 0) this.#byNetwork.delete(network)
    else this.#byNetwork.set(network, left)
  }
}
