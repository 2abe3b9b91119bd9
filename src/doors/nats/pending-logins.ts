import { KeyedPlaces, networkOf } from '#kit'

/**
 * Clients that wait for the answer to their CONNECT. For each there may lie a read of its socket here: 64 KiB, or what
 * so much inflates to in one turn.
 */
const MAX_PENDING = 1024
/** Of one network: whoever is answered late, because it fails again and again, must not keep all others out. */
const MAX_PENDING_OF_NETWORK = 512

/** How many logins are under way, of all connections of the door. */
export class PendingLogins {
  readonly #places = new KeyedPlaces({ max: MAX_PENDING, maxPerKey: MAX_PENDING_OF_NETWORK })

  /** `undefined`: there are too many. What is answered is to be called when the login is no longer under way. */
  enter(address: string): (() => void) | undefined {
    return this.#places.enter(networkOf(address))
  }
}
