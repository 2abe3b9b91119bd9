import type { IncomingMessage } from 'node:http'
import { queryParameter } from './query.ts'

/** What a client asks for when it negotiates. */
export interface NegotiateRequest {
  /** Since version 1 the id that is known to others is not the one that lets in. */
  readonly version: 0 | 1
  /** The client can take a lost connection up again. */
  readonly isStateful: boolean
}

export interface NegotiatedIds {
  /** May be shown to others. */
  readonly connectionId: string
  /** The `id` of the requests that follow: a secret. In version 0 both are the same. */
  readonly connectionToken: string
}

const MAX_INT32 = 2 ** 31 - 1
const MIN_INT32 = -(2 ** 31)

/** In the order in which a client is to try them. spec: hub §1.1 */
const AVAILABLE_TRANSPORTS = [
  { transport: 'WebSockets', transferFormats: ['Text', 'Binary'] },
  { transport: 'ServerSentEvents', transferFormats: ['Text'] },
  { transport: 'LongPolling', transferFormats: ['Text', 'Binary'] },
]

/** What a request to negotiate asks for, or ASP.NET's words for what is wrong with it. spec: hub §1.1 */
export function readNegotiateRequest(request: IncomingMessage): NegotiateRequest | string {
  const wanted = queryParameter(request, 'negotiateVersion') ?? '0'
  const version = /^\s*[+-]?\d+\s*$/.test(wanted) ? Number(wanted) : Number.NaN
  if (!(version >= MIN_INT32 && version <= MAX_INT32)) return 'The client requested a non-integer protocol version.'
  if (version < 0) return `The client requested version '${version}', but the server does not support this version.`
  const wantsStateful = queryParameter(request, 'useStatefulReconnect')?.trim().toLowerCase() === 'true'
  return version === 0 ? { version: 0, isStateful: false } : { version: 1, isStateful: wantsStateful }
}

/** The answer's body, JSON. */
export function negotiateAnswer({ version, isStateful }: NegotiateRequest, ids: NegotiatedIds): string {
  return JSON.stringify({
    negotiateVersion: version,
    connectionId: ids.connectionId,
    ...(version === 1 && { connectionToken: ids.connectionToken }),
    availableTransports: AVAILABLE_TRANSPORTS,
    // Clients refuse what they did not ask for.
    ...(isStateful && { useStatefulReconnect: true }),
  })
}
