import { SignJWT } from 'jose'
import type { Clock } from '#kit'
import type { SigningKey } from './signing-key.ts'
import type { IssuedToken } from './tokens.ts'
import { verifyJwt } from './verify-jwt.ts'

const ALGORITHM = 'RS256'

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
 * Tokens of other servers, which are no users: RS256 with the key that signs the tokens of sessions. Their issuer is one
 * of their own, so that neither kind is ever taken for the other.
 */
export class ServiceTokens {
  readonly #key: SigningKey
  readonly #issuer: string
  readonly #clock: Clock

  /** `origin` is scheme, host and port of DOMAIN. */
  constructor(key: SigningKey, origin: string, clock: Clock) {
    this.#key = key
    this.#issuer = `${origin}|service`
    this.#clock = clock
  }

  /** Good for a day. */
  async issue({ sub, scope }: ServiceClaims): Promise<IssuedToken> {
    const now = Math.floor(this.#clock.now() / 1000)
    const token = await new SignJWT({ nbf: now, exp: now + TTL_SECONDS, iss: this.#issuer, sub, scope: [scope] })
      .setProtectedHeader({ typ: 'JWT', alg: ALGORITHM })
      .sign(this.#key.privateKey)
    return { token, expiresInSeconds: TTL_SECONDS }
  }

  /** Undefined for whatever is none of these tokens, or not good any more. */
  async verify(token: string): Promise<ServiceClaims | undefined> {
    const claims = await verifyJwt(token, {
      key: this.#key.publicKey,
      algorithm: ALGORITHM,
      issuer: this.#issuer,
      requiredClaims: ['exp', 'nbf', 'sub', 'scope'],
      clock: this.#clock,
    })
    if (claims === undefined) return undefined
    const [scope] = [claims.scope].flat()
    return isServiceScope(scope) ? { sub: claims.sub!, scope } : undefined
  }
}

function isServiceScope(scope: unknown): scope is ServiceScope {
  return SCOPES.some((known) => known === scope)
}
