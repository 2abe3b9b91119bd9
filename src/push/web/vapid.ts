import { SignJWT } from 'jose'
import type { Clock } from '#kit'
import type { VapidKey } from './vapid-key.ts'

/** A push service takes tokens that are good for a day at most (RFC 8292 §2). Half of it allows for clocks that differ. */
const TOKEN_SECONDS = 12 * 60 * 60
/** Signing costs more than all else of a push but the network. */
const REUSE_MS = (TOKEN_SECONDS / 2) * 1000
/** Push services are few. */
const MAX_ORIGINS = 100

interface Signed {
  readonly header: Promise<string>
  readonly renewAtMs: number
}

export interface VapidOptions {
  readonly key: VapidKey
  /** Where the push service can reach who runs this server: a `mailto:` or `https:` URL. RFC 8292 §2.1 */
  readonly contact: string
  readonly clock: Clock
}

/** Says to push services who we are. RFC 8292 */
export class Vapid {
  readonly #options: VapidOptions
  readonly #signed = new Map<string, Signed>()

  constructor(options: VapidOptions) {
    this.#options = options
  }

  /** The header `Authorization` for the push service at `origin`. */
  authorization(origin: string): Promise<string> {
    const now = this.#options.clock.now()
    const known = this.#signed.get(origin)
    if (known !== undefined && now < known.renewAtMs) return known.header
    this.#signed.delete(origin)
    if (this.#signed.size >= MAX_ORIGINS) {
      const [oldest] = this.#signed.keys()
      this.#signed.delete(oldest!)
    }
    const header = this.#sign(origin, now)
    this.#signed.set(origin, { header, renewAtMs: now + REUSE_MS })
    return header
  }

  /** The push service does not take it, so the next one is another one. */
  forget(origin: string): void {
    this.#signed.delete(origin)
  }

  async #sign(origin: string, nowMs: number): Promise<string> {
    const { key, contact } = this.#options
    const token = await new SignJWT()
      .setProtectedHeader({ typ: 'JWT', alg: 'ES256' })
      .setAudience(origin)
      .setExpirationTime(Math.floor(nowMs / 1000) + TOKEN_SECONDS)
      .setSubject(contact)
      .sign(key.privateKey)
    return `vapid t=${token}, k=${key.publicKey}`
  }
}
