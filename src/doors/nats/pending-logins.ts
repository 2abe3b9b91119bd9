/**
 * Clients that wait for the answer to their CONNECT. For each there may lie a read of its socket here: 64 KiB, or what
 * so much inflates to in one turn.
 */
const MAX_PENDING = 1024

/** How many logins are under way, of all connections of the door. */
export class PendingLogins {
  #count = 0

  /** False: there are too many. */
  enter(): boolean {
    if (this.#count >= MAX_PENDING) return false
    this.#count++
    return true
  }

  leave(): void {
    this.#count--
  }
}
