import type { IncomingMessage } from 'node:http'
import { requestTarget } from '#net'

/**
 * The first value of a query parameter, decoded; `undefined` where it is missing or empty. The case of its name does not
 * matter, as in ASP.NET. spec: hub §1.1
 */
export function queryParameter(request: IncomingMessage, name: string): string | undefined {
  const { query } = requestTarget(request)
  if (query === '') return undefined
  const wanted = name.toLowerCase()
  for (const [key, value] of new URLSearchParams(query)) {
    if (key.toLowerCase() === wanted && value !== '') return value
  }
  return undefined
}
