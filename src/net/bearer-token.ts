import type { IncomingMessage } from 'node:http'

/** The token of an `Authorization: Bearer` header, whatever the case of the scheme. */
export function bearerToken({ headers }: Pick<IncomingMessage, 'headers'>): string | undefined {
  return /^\s*bearer\s+(\S+)\s*$/i.exec(headers.authorization ?? '')?.[1]
}
