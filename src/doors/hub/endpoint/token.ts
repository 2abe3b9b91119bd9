import type { IncomingMessage } from 'node:http'
import { bearerToken } from '#net'
import { queryParameter } from './query.ts'

/**
 * The access token of a hub request: browsers put it into the query where they cannot send headers (WebSockets and
 * Server-Sent Events), everything else into the header. The query goes first, as in Vaultwarden. spec: hub §2.2
 */
export function accessToken(request: IncomingMessage): string | undefined {
  return queryParameter(request, 'access_token') ?? bearerToken(request)
}
