import type { IncomingMessage } from 'node:http'

/**
 * The access token of a hub request: browsers put it into the query, everything else into the header. The query goes
 * first, as in Vaultwarden. spec: hub §2.2
 */
export function accessToken({ url = '', headers }: IncomingMessage): string | undefined {
  const query = url.indexOf('?')
  const fromQuery = query < 0 ? null : new URLSearchParams(url.slice(query + 1)).get('access_token')
  if (fromQuery) return fromQuery
  return /^\s*bearer\s+(\S+)\s*$/i.exec(headers.authorization ?? '')?.[1]
}
