import type { Clock } from '#kit'
import { JwtIssuer } from './jwt-issuer.ts'
import type { SigningKey } from './signing-key.ts'
import type { IssuedToken } from './tokens.ts'

const KIND = 'service'

/** spec: hub §5.1, §5.2: the same for both. */
const TTL_SECONDS = 86_400

const SCOPES = ['api.push', 'internal'] as const

/** What another server may do here: `api.push` relays to the devices of its users, `internal` is `POST /send`. */
export type ServiceScope = (typeof SCOPES)[number]

/** Which server it is, and what it may do. */
export interface ServiceClaims {
  /** With `api.push` the installation's id, with `internal` the name of the project. */
  readonly sub: string
  readonly scope: ServiceScope
}

/**
 * Tokens of other servers, which are no users, by the key that signs the tokens of sessions. They are a kind of their own,
 * so that neither is ever taken for the other.
 */
export class ServiceTokens {
  readonly #issuer: JwtIssuer

  /** `origin` is scheme, host and port of DOMAIN. */
  constructor(key: SigningKey, origin: string, clock: Clock) {
    this.#issuer = new JwtIssuer(key, origin, clock)
  }

  /** Good for a day. */
  async issue({ sub, scope }: ServiceClaims): Promise<IssuedToken> {
    const token = await this.#issuer.sign(KIND, TTL_SECONDS, { sub, scope: [scope] })
    return { token, expiresInSeconds: TTL_SECONDS }
  }

  /** Undefined for whatever is none of these tokens, or not good any more. */
  async verify(token: string): Promise<ServiceClaims | undefined> {
    const claims = await this.#issuer.verify(KIND, token, ['sub', 'scope'])
    if (claims === undefined) return undefined
    const [scope] = [claims.scope].flat()
    return isServiceScope(scope) ? { sub: claims.sub!, scope } : undefined
  }
}

function isServiceScope(scope: unknown): scope is ServiceScope {
  return SCOPES.some((known) => known === scope)
}
