import { type JWTPayload, SignJWT } from 'jose'
import type { Clock } from '#kit'
import type { SigningKey } from './signing-key.ts'
import { verifyJwt } from './verify-jwt.ts'

const ALGORITHM = 'RS256'

/**
 * Signs and checks this server's JSON Web Tokens: RS256, no audience, no key id, the issuer naming the kind, so that none
 * is ever taken for one of another kind; as Vaultwarden makes them (spec/vault.md §2.4.5).
 */
export class JwtIssuer {
  readonly #key: SigningKey
  readonly #origin: string
  readonly #clock: Clock

  /** `origin` is scheme, host and port of DOMAIN. */
  constructor(key: SigningKey, origin: string, clock: Clock) {
    this.#key = key
    this.#origin = origin
    this.#clock = clock
  }

  /** No claim takes the place of times and issuer. */
  sign(kind: string, ttlSeconds: number, claims: JWTPayload): Promise<string> {
    const now = Math.floor(this.#clock.now() / 1000)
    return new SignJWT({ ...claims, nbf: now, exp: now + ttlSeconds, iss: this.#issuer(kind) })
      .setProtectedHeader({ typ: 'JWT', alg: ALGORITHM })
      .sign(this.#key.privateKey)
  }

  /** What a token of that kind says; undefined for whatever is none, or not good any more. White space in it is ignored. */
  verify(kind: string, token: string, alsoRequired: readonly string[] = []): Promise<JWTPayload | undefined> {
    return verifyJwt(token.replaceAll(/\s/g, ''), {
      key: this.#key.publicKey,
      algorithm: ALGORITHM,
      issuer: this.#issuer(kind),
      requiredClaims: ['exp', 'nbf', ...alsoRequired],
      clock: this.#clock,
    })
  }

  #issuer(kind: string): string {
    return `${this.#origin}|${kind}`
  }
}
