import type { JsonObject } from './json.ts'

/** What a JWT says, whoever signed it: whoever took it in has looked at that. Nothing of a text that is none. */
export function jwtPayload(jwt: string): JsonObject {
  try {
    const payload: unknown = JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString())
    return typeof payload === 'object' && payload !== null ? (payload as JsonObject) : {}
  } catch {
    return {}
  }
}
