import type { FastifyRequest } from 'fastify'
import type { VaultSettings } from './settings.ts'

/** A host name or address, with or without a port. */
const HOST = /^(?:[\w.-]+|\[[\da-f:.]+\])(?::\d{1,5})?$/i

/**
 * The address to give to a client, without a slash at its end. Where DOMAIN is not set it is the one the client asked
 * for, as its proxy or the request itself tells it (spec/vault.md §6.1).
 */
export function publicAddress({ domain, origin, pathPrefix }: VaultSettings, { headers, raw }: FastifyRequest): string {
  if (domain !== undefined) return domain
  const host = first(headers['x-forwarded-host']) ?? headers.host ?? ''
  const proto = first(headers['x-forwarded-proto']) ?? ('encrypted' in raw.socket ? 'https' : 'http')
  return (HOST.test(host) && /^https?$/.test(proto) ? `${proto}://${host}` : origin) + pathPrefix
}

function first(value: string | string[] | undefined): string | undefined {
  return (Array.isArray(value) ? value[0] : value)?.split(',', 1)[0]?.trim()
}
