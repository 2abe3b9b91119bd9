import { isObject, textOrNull } from '../api/json.ts'
import { fromBase64, toText } from '../crypto/bytes.ts'

/** Whose access token it is, as its claim `sub` says (RFC 7519 §4.1.2); undefined for what is none. It is not verified here. */
export function userIdOf(accessToken: string): string | undefined {
  try {
    const claims: unknown = JSON.parse(toText(fromBase64(accessToken.split('.')[1] ?? '')))
    return (isObject(claims) && textOrNull(claims.sub)) || undefined
  } catch {
    return undefined
  }
}
