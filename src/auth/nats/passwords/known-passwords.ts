import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'

/** Some 200 bytes each. */
const MAX_KNOWN = 50_000

/**
 * Which password was found right for a hash, so that whoever comes back, after a lost connection or when a reload asks
 * anew who may stay, need not be hashed again. Kept under a key of this process; what is wrong is not remembered.
 */
export class KnownPasswords {
  readonly #key = randomBytes(32)
  readonly #byHash = new Map<string, Buffer>()

  has(hashed: string, given: string): boolean {
    const known = this.#byHash.get(hashed)
    return known !== undefined && timingSafeEqual(known, this.digest(given))
  }

  add(hashed: string, given: string): void {
    this.#byHash.delete(hashed)
    this.#byHash.set(hashed, this.digest(given))
    if (this.#byHash.size > MAX_KNOWN) this.#byHash.delete(this.#byHash.keys().next().value!)
  }

  /** What stands for some text, and tells it to nobody without the key. */
  digest(text: string): Buffer {
    return createHmac('sha256', this.#key).update(text).digest()
  }
}
