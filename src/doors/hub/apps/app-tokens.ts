import { createSecretKey, type KeyObject } from 'node:crypto'
import { type JWTPayload, SignJWT } from 'jose'
import { equalSecrets, LEEWAY_SECONDS, verifyJwt } from '#auth'
import type { Clock } from '#kit'
import { isHubId } from './app-subjects.ts'

const ALGORITHM = 'HS256'

/** The role of who may publish. */
const PUBLISHER = 'publisher'

/** Groups of one connection, those that it is put into later included. */
export const MAX_GROUPS = 128

export interface AppTokensOptions {
  /** The hub's name, which the audience of a token ends with, if it has one. */
  readonly hub: string
  /** Any of them is good. The first one signs. */
  readonly keys: readonly string[]
  readonly clock: Clock
}

/** What the token of a client says. */
export interface ClientClaims {
  readonly user: string
  readonly groups: readonly string[]
}

export interface VerifiedClient extends ClientClaims {
  /** The moment from which it is refused. Milliseconds since the epoch. */
  readonly expiresAtMs: number
}

/**
 * The JSON Web Tokens of one hub: HS256 with one of its keys, with an expiry. A token with a user is that of a client and
 * of nothing else; one with the role `publisher` and without a user lets publish, and nobody in.
 */
export class AppTokens {
  readonly #options: AppTokensOptions
  readonly #keys: readonly KeyObject[]

  constructor(options: AppTokensOptions) {
    this.#options = options
    this.#keys = options.keys.map((key) => createSecretKey(Buffer.from(key)))
  }

  /** A client's token. Rejects when there is no key; what it says is not checked. */
  issueClient({ user, groups }: ClientClaims, ttlSeconds: number): Promise<string> {
    return this.#issue({ sub: user, ...(groups.length > 0 && { groups: [...groups] }) }, ttlSeconds)
  }

  /** A publisher's token. Rejects when there is no key. */
  issuePublisher(ttlSeconds: number): Promise<string> {
    return this.#issue({ role: PUBLISHER }, ttlSeconds)
  }

  /** `undefined` for whatever is not the token of a client, or not good any more. */
  async client(token: string): Promise<VerifiedClient | undefined> {
    const claims = await this.#verify(token)
    if (claims === undefined || claims.role === PUBLISHER) return undefined
    const user = userOf(claims)
    const { exp, groups = [] } = claims
    if (!isHubId(user) || !Array.isArray(groups) || groups.length > MAX_GROUPS || !groups.every(isHubId))
      return undefined
    return { user, groups: [...new Set(groups)], expiresAtMs: (exp! + LEEWAY_SECONDS) * 1000 }
  }

  /** Whether it is one of the keys, or the token of a publisher. */
  async mayPublish(token: string): Promise<boolean> {
    let isKey = false
    for (const key of this.#options.keys) if (equalSecrets(key, token)) isKey = true
    if (isKey) return true
    const claims = await this.#verify(token)
    return claims !== undefined && claims.role === PUBLISHER && userOf(claims) === undefined
  }

  async #issue(claims: JWTPayload, ttlSeconds: number): Promise<string> {
    const [key] = this.#keys
    if (key === undefined) throw new Error('The hub has no key')
    const iat = Math.floor(this.#options.clock.now() / 1000)
    return new SignJWT({ ...claims, aud: this.#options.hub, iat, exp: iat + ttlSeconds })
      .setProtectedHeader({ typ: 'JWT', alg: ALGORITHM })
      .sign(key)
  }

  async #verify(token: string): Promise<JWTPayload | undefined> {
    const { clock } = this.#options
    for (const key of this.#keys) {
      const claims = await verifyJwt(token, { key, algorithm: ALGORITHM, requiredClaims: ['exp'], clock })
      if (claims !== undefined) return this.#isForThisHub(claims) ? claims : undefined
    }
    return undefined
  }

  /** The hub's name, or a URL that ends with it. */
  #isForThisHub({ aud }: JWTPayload): boolean {
    if (aud === undefined) return true
    const { hub } = this.#options
    const audiences = [aud].flat().filter((one: unknown) => typeof one === 'string')
    return audiences.some((one) => one === hub || URL.parse(one)?.pathname.split('/').at(-1) === hub)
  }
}

/** `sub`; Azure's libraries write `nameid` as well, or instead. */
function userOf({ sub, nameid }: JWTPayload): unknown {
  return sub ?? nameid
}
