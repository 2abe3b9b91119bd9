import { isObject, numberOrNull, textOrNull } from './json.ts'

/** What a device that is logged in proves that with. */
export interface Tokens {
  /** Empty: not there yet, to be got with the refresh token. */
  readonly accessToken: string
  readonly refreshToken: string | null
  /** When the access token ends, by this machine's clock. Milliseconds since the Unix epoch. */
  readonly expiresAtMs: number
}

/** Of a session that went on in storage: the first request gets an access token. */
export function restoredTokens(refreshToken: string): Tokens {
  return { accessToken: '', refreshToken, expiresAtMs: 0 }
}

/** Those in an answer of the token endpoint; undefined where there are none. Spec: vault §2.4.2 */
export function readTokens(answer: unknown, nowMs: number): Tokens | undefined {
  if (!isObject(answer)) return undefined
  const accessToken = textOrNull(answer.access_token)
  if (accessToken === null || accessToken === '') return undefined
  const seconds = numberOrNull(answer.expires_in) ?? 0
  return { accessToken, refreshToken: textOrNull(answer.refresh_token), expiresAtMs: nowMs + seconds * 1000 }
}
