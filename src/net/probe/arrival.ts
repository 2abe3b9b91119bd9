import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'
import type { ClientConclusion } from '../client-conclusion.ts'
import { remoteOf } from '../remote-address.ts'
import { requestTarget } from '../request-target.ts'
import { trustCheck } from '../trusted-proxies.ts'

/** What is told of a request: nothing that lets anybody in, and of what its sender did not write only what proxies added. */
const SHOWN_HEADERS = [
  'host',
  'upgrade',
  'connection',
  'origin',
  'sec-websocket-version',
  'x-forwarded-for',
  'x-forwarded-proto',
  'x-forwarded-host',
  'x-forwarded-port',
  'x-forwarded-server',
  'x-real-ip',
  'forwarded',
  'via',
] as const

/** Longest value of a header that is told; characters. */
const MAX_VALUE = 256

/** Where the other end of the connection is: `public` is whatever is reached over the internet. */
export type PeerClass = 'loopback' | 'private' | 'public' | 'unknown'

/** A request as it arrived, which the doctor compares with what it sent. JSON. */
export interface Arrival {
  readonly method: string
  /** Without the query, which may hold a token. */
  readonly path: string
  /** `1.1` */
  readonly httpVersion: string
  /** Whether it was taken for a request to go on as a WebSocket. */
  readonly isUpgrade: boolean
  readonly isTls: boolean
  /** By their names in lower case; several lines of a name are joined by `, `. */
  readonly headers: Readonly<Partial<Record<(typeof SHOWN_HEADERS)[number], string>>>
  readonly hasWebSocketKey: boolean
  /** Whether all names of headers were in lower case, as some proxies make them. */
  readonly namesAreLowerCase: boolean
  readonly peer: { readonly class: PeerClass; readonly port: number }
  readonly client: ClientConclusion
}

/** What is told of a request: headers that matter to proxies, each cut off at a length, and what is concluded. */
export function describeArrival(request: IncomingMessage, client: ClientConclusion, isUpgrade: boolean): Arrival {
  const { method = '', httpVersion, headersDistinct, rawHeaders, socket } = request
  const { address, port } = remoteOf(socket)
  const shown = SHOWN_HEADERS.flatMap((name) => {
    const values = headersDistinct[name]
    return values === undefined ? [] : [[name, values.join(', ').slice(0, MAX_VALUE)]]
  })
  return {
    method,
    path: requestTarget(request).path.slice(0, MAX_VALUE),
    httpVersion,
    isUpgrade,
    isTls: 'encrypted' in socket,
    headers: Object.fromEntries(shown),
    hasWebSocketKey: 'sec-websocket-key' in headersDistinct,
    namesAreLowerCase: rawHeaders.every((text, i) => i % 2 === 1 || text === text.toLowerCase()),
    peer: { class: peerClass(address), port },
    client,
  }
}

const isLoopback = trustCheck(['127.0.0.0/8', '::1'])
const isLocal = trustCheck('local')

/** Of an address as `remoteOf` has it. */
export function peerClass(address: string): PeerClass {
  if (isIP(address) === 0) return 'unknown'
  if (isLoopback(address)) return 'loopback'
  return isLocal(address) ? 'private' : 'public'
}
