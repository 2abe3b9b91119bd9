import { type AccountClaims, decodeJwt, problemsOf, type UserClaims } from '../jwt/index.ts'
import { CalloutRefusal } from './options.ts'
import type { Seal } from './seal.ts'

export interface ExpectedResponse {
  /** Whom was asked about. */
  readonly userNkey: string
  /** Who asked. */
  readonly serverId: string
  /** Where the service is. */
  readonly account: string
  readonly seal: Seal | undefined
  /** In operator mode, what is known of `account`. */
  readonly claims: AccountClaims | undefined
  readonly nowMs: number
}

/** How every JWT begins, and nothing that is sealed. */
const JWT_PREFIX = 'eyJ'
/** Of what a service says of an error, as much as the log needs. */
const MAX_ERROR_LENGTH = 512

/** The user that a service answers with. Throws a `CalloutRefusal`. */
export function readResponse(payload: Buffer, expected: ExpectedResponse): UserClaims {
  const { userNkey, serverId, account, nowMs } = expected
  if (payload.length === 0) {
    throw new CalloutRefusal(`auth callout violation: "no reason supplied" on account ${JSON.stringify(account)}`)
  }
  const { text, wasSealed } = opened(payload, expected)
  const response = decoded(text, 'authorization_response')
  const [problem] = problemsOf(response, nowMs)
  if (problem !== undefined) {
    throw new CalloutRefusal(`authorization response had validation errors: ${problem.text}`)
  }
  if (response.subject !== userNkey) {
    throw new CalloutRefusal('auth callout violation: auth callout response is not for expected user')
  }
  if (response.audience !== serverId) {
    throw new CalloutRefusal('auth callout violation: auth callout response is not for server')
  }
  if (response.error !== '') {
    throw new CalloutRefusal(`auth callout service returned an error: ${response.error.slice(0, MAX_ERROR_LENGTH)}`)
  }
  // Whoever could seal it has proved more than a signature does.
  if (!wasSealed) checkSigner(response.issuerAccount || response.issuer, expected)

  const user = decoded(response.jwt, 'user')
  const [obstacle] = problemsOf(user, nowMs)
  if (obstacle !== undefined) throw new CalloutRefusal(`Error validating user JWT: ${obstacle.text}`)
  if (user.subject !== userNkey) {
    throw new CalloutRefusal(
      `Expected authorized user of ${JSON.stringify(userNkey)} but got ${JSON.stringify(user.subject)} on account ${JSON.stringify(account)}`,
    )
  }
  return user
}

function opened(payload: Buffer, { seal, account }: ExpectedResponse): { text: string; wasSealed: boolean } {
  const text = payload.toString('latin1')
  // Who is asked under seal may answer openly.
  if (seal === undefined || text.startsWith(JWT_PREFIX)) return { text, wasSealed: false }
  const content = seal.open(payload)
  if (content === undefined) {
    throw new CalloutRefusal(`error decrypting auth callout response on account ${JSON.stringify(account)}`)
  }
  return { text: content.toString('latin1'), wasSealed: true }
}

/** The issuer that a configuration names is that of the user; of the answer itself only operators' accounts demand one. */
function checkSigner(signer: string, { claims }: ExpectedResponse): void {
  if (claims === undefined || signer === claims.subject || claims.signingKeys.has(signer)) return
  throw new CalloutRefusal('auth callout signing key is unknown')
}

function decoded<Type extends 'user' | 'authorization_response'>(text: string, type: Type) {
  const result = decodeJwt(text, type)
  if (!result.ok) throw new CalloutRefusal(result.reason)
  return result.claims
}
