import { fromCurveSeed } from '@nats-io/nkeys'
import type { KeyPair } from '../nkeys.ts'

/** What a server and a service seal for each other (`xkv1`: X25519, XSalsa20, Poly1305). A message costs about a millisecond. */
export class Seal {
  readonly #own: ReturnType<typeof fromCurveSeed>
  readonly #other: string

  /** `own` is of kind `curve`, `other` the public key of such. */
  constructor(own: KeyPair, other: string) {
    this.#own = fromCurveSeed(new TextEncoder().encode(own.seed))
    this.#other = other
  }

  close(message: Buffer): Buffer {
    return Buffer.from(this.#own.seal(message, this.#other))
  }

  /** `undefined` when it is none of theirs for us. */
  open(message: Buffer): Buffer | undefined {
    try {
      const opened = this.#own.open(message, this.#other)
      return opened === null ? undefined : Buffer.from(opened)
    } catch {
      // It is too short, or does not begin as it should.
      return undefined
    }
  }
}
