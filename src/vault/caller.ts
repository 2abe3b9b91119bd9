import type { FastifyRequest } from 'fastify'
import type { VaultContext } from './context.ts'

/** Who wants to log in, as far as the connection tells. */
export interface Caller {
  /** Of the client, behind the proxies that are trusted. */
  readonly address: string
  /** Header `Bitwarden-Client-Version`. */
  readonly clientVersion: string | undefined
}

export function callerOf({ clientAddress }: VaultContext, { raw, headers }: FastifyRequest): Caller {
  const version = headers['bitwarden-client-version']
  return { address: clientAddress(raw), clientVersion: typeof version === 'string' ? version : undefined }
}
