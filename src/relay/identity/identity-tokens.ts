import { decodeProtectedHeader, errors, type JWTPayload, jwtVerify } from 'jose'
import type { Clock } from '#kit'
import type { Issuer, IssuerSource } from './issuer.ts'

/** What the official server's other services allow, so that all of them agree on who is logged in. */
const LEEWAY_SECONDS = 300

/** Node allows no more for all headers of a request. */
const MAX_TOKEN_CHARACTERS = 16 * 1024

const TYPE = 'at+jwt'
const ALGORITHM = 'RS256'

/** What a token says that the Identity service has signed. */
export type IdentityClaims = JWTPayload

export interface IdentityTokensOptions {
  readonly issuer: Pick<IssuerSource, 'current' | 'renewed'>
  readonly clock: Clock
}

/** Access tokens of an official server's Identity service. spec: hub §2.3 */
export class IdentityTokens {
  readonly #options: IdentityTokensOptions

  constructor(options: IdentityTokensOptions) {
    this.#options = options
  }

  /**
   * Checks kind, signature, issuer and times; not for what the token is good. Undefined for whatever is none. Rejects
   * when it cannot be told, since the service has never answered.
   */
  async verify(token: string): Promise<IdentityClaims | undefined> {
    if (!looksLikeOne(token)) return undefined
    const { issuer } = this.#options
    const known = await issuer.current()
    const answer = await this.#verifyWith(known, token)
    if (answer !== 'unknown key') return answer
    // The service may have a new key, of which it was not asked yet.
    const renewed = await issuer.renewed()
    const secondAnswer = renewed && (await this.#verifyWith(renewed, token))
    return secondAnswer === 'unknown key' ? undefined : secondAnswer
  }

  async #verifyWith({ name, keyFor }: Issuer, token: string): Promise<IdentityClaims | 'unknown key' | undefined> {
    try {
      const { payload } = await jwtVerify(token, keyFor, {
        algorithms: [ALGORITHM],
        typ: TYPE,
        issuer: name,
        clockTolerance: LEEWAY_SECONDS,
        currentDate: new Date(this.#options.clock.now()),
        requiredClaims: ['exp', 'sub'],
      })
      return payload
    } catch (error) {
      // Every other way a token can be wrong has the same answer, so that the answer teaches nothing.
      return error instanceof errors.JWKSNoMatchingKey ? 'unknown key' : undefined
    }
  }
}

/** Whether it says of itself what it should: for what does not, nobody is asked for keys. */
function looksLikeOne(token: string): boolean {
  if (token.length > MAX_TOKEN_CHARACTERS) return false
  try {
    const { typ, alg } = decodeProtectedHeader(token)
    return typ?.toLowerCase() === TYPE && alg === ALGORITHM
  } catch {
    return false
  }
}

/** The values of a claim that may be there several times: a list, one text, or nothing. */
export function textsOf(claim: unknown): readonly string[] {
  return [claim].flat().filter((value) => typeof value === 'string')
}

/** What a token may be used for. The official server writes a list; RFC 9068 has one text. */
export function scopesOf({ scope }: IdentityClaims): readonly string[] {
  return textsOf(scope).flatMap((text) => text.split(' '))
}
