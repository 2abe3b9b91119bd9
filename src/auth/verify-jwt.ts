import { type JWTPayload, type JWTVerifyOptions, jwtVerify } from 'jose'
import type { Clock } from '#kit'

/** By how much the clock of who issued a token may differ from ours; seconds, as in Vaultwarden. spec: hub §2.3 */
export const LEEWAY_SECONDS = 30

export interface JwtRules {
  readonly key: Parameters<typeof jwtVerify>[1]
  readonly algorithm: 'RS256' | 'HS256'
  /** Default: any. */
  readonly issuer?: string
  readonly requiredClaims: readonly string[]
  readonly clock: Clock
}

/**
 * What a JSON Web Token says whose signature, issuer and times are good, with a leeway of `LEEWAY_SECONDS`. Undefined for
 * every other: each way a token can be wrong has the same answer, so that the answer teaches nothing.
 */
export async function verifyJwt(
  token: string,
  { key, algorithm, issuer, requiredClaims, clock }: JwtRules,
): Promise<JWTPayload | undefined> {
  const options: JWTVerifyOptions = {
    algorithms: [algorithm],
    clockTolerance: LEEWAY_SECONDS,
    currentDate: new Date(clock.now()),
    requiredClaims: [...requiredClaims],
    ...(issuer !== undefined && { issuer }),
  }
  try {
    return (await jwtVerify(token, key, options)).payload
  } catch {
    return undefined
  }
}
