import { createHash } from 'node:crypto'
import type { Clock } from '#kit'
import { JwtIssuer } from './jwt-issuer.ts'
import type { SigningKey } from './signing-key.ts'

const KIND = 'admin'
const SUBJECT = 'admin_panel'

export interface AdminSessionOptions {
  /** Scheme, host and port of DOMAIN. */
  readonly origin: string
  /** `ADMIN_TOKEN` as it is configured. With another one all sessions are over. */
  readonly token: string
  readonly lifetimeSeconds: number
  readonly clock: Clock
}

/** Sessions of the admin pages: signed tokens that their browsers keep as a cookie; nothing of them is kept here. */
export class AdminSessions {
  readonly lifetimeSeconds: number
  readonly #issuer: JwtIssuer
  readonly #tokenDigest: string

  constructor(key: SigningKey, { origin, token, lifetimeSeconds, clock }: AdminSessionOptions) {
    this.lifetimeSeconds = lifetimeSeconds
    this.#issuer = new JwtIssuer(key, origin, clock)
    this.#tokenDigest = createHash('sha256').update(`belfry admin session ${token}`).digest('base64url')
  }

  begin(): Promise<string> {
    return this.#issuer.sign(KIND, this.lifetimeSeconds, { sub: SUBJECT, token: this.#tokenDigest })
  }

  async isGood(session: string): Promise<boolean> {
    const claims = await this.#issuer.verify(KIND, session, ['sub'])
    return claims?.sub === SUBJECT && claims.token === this.#tokenDigest
  }
}
