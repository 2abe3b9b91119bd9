import { createHash } from 'node:crypto'
import { STATUS_CODES } from 'node:http'

/** As `node:http` gives them: names in lower case. */
export type RequestHeaders = Readonly<Record<string, string | readonly string[] | undefined>>
export type HeaderList = readonly (readonly [name: string, value: string])[]

export interface UpgradeRequest {
  readonly method: string
  readonly headers: RequestHeaders
}

export type UpgradeCheck =
  | { readonly ok: true; readonly key: string }
  /** `reason` is for the log; the peer only gets the status. */
  | { readonly ok: false; readonly status: 400 | 405; readonly reason: string }

/** RFC 6455 §1.3. */
const ACCEPT_GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

/** Sixteen bytes in base64. */
const KEY_PATTERN = /^[A-Za-z0-9+/]{22}==$/

/** RFC 6455 §4.2.1 in nats-server's order and words. The origin (§4.2.2) is `originAllowed`'s part. */
export function checkUpgrade({ method, headers }: UpgradeRequest): UpgradeCheck {
  if (method !== 'GET') return { ok: false, status: 405, reason: 'request method must be GET' }
  if (!first(headers.host)) return badRequest("'Host' missing in request")
  if (!hasToken(headers.upgrade, 'websocket')) return badRequest("invalid value for header 'Upgrade'")
  if (!hasToken(headers.connection, 'upgrade')) return badRequest("invalid value for header 'Connection'")
  const key = first(headers['sec-websocket-key'])
  if (!key) return badRequest('key missing')
  if (!KEY_PATTERN.test(key)) return badRequest('invalid websocket key')
  if (!hasToken(headers['sec-websocket-version'], '13')) return badRequest('invalid version')
  return { ok: true, key }
}

/**
 * The header that accepts permessage-deflate. Without context takeover in either direction no memory belongs to a
 * connection; the client's other parameters are ignored, as by nats-server.
 */
export const DEFLATE_ACCEPTED: HeaderList[number] = [
  'Sec-WebSocket-Extensions',
  'permessage-deflate; server_no_context_takeover; client_no_context_takeover',
]

/** Whether the client offers permessage-deflate, with whatever parameters (RFC 7692 §5.1). */
export function offersDeflate(headers: RequestHeaders): boolean {
  const offers = [headers['sec-websocket-extensions'] ?? []].flat().flatMap((line) => line.split(','))
  return offers.some((offer) => offer.split(';', 1)[0]!.trim().toLowerCase() === 'permessage-deflate')
}

/** The header, nats-server's own, by which client and server agree that the client's frames are not masked. */
export const NO_MASKING: HeaderList[number] = ['Nats-No-Masking', 'true']

/** Whether the client asks to be read without masks. The value is compared exactly, and only the first counts. */
export function asksForNoMasking(headers: RequestHeaders): boolean {
  return first(headers['nats-no-masking'])?.split(',', 1)[0] === 'true'
}

/** The `Sec-WebSocket-Accept` for a client's key. */
export function acceptKey(key: string): string {
  return createHash('sha1')
    .update(key + ACCEPT_GUID)
    .digest('base64')
}

/** The complete answer to a client's upgrade request; `extraHeaders` come behind the standard ones, in their order. */
export function switchingProtocols(key: string, extraHeaders: HeaderList = []): string {
  return head(101, [
    ['Upgrade', 'websocket'],
    ['Connection', 'Upgrade'],
    ['Sec-WebSocket-Accept', acceptKey(key)],
    ...extraHeaders,
  ])
}

/**
 * The complete answer that refuses an upgrade, after which the connection is closed. The default body is the status
 * text and a newline. A header in `headers` takes the place of the one of that name that would be sent otherwise.
 */
export function refusal(
  status: number,
  headers: HeaderList = [],
  body = `${STATUS_CODES[status] ?? status}\n`,
): string {
  const given = new Set(headers.map(([name]) => name.toLowerCase()))
  const standard: HeaderList = [
    ['Content-Type', 'text/plain; charset=utf-8'],
    // Tells a client with another version which one we speak (RFC 6455 §4.4); nats-server sends it on every refusal.
    ['Sec-Websocket-Version', '13'],
    ['X-Content-Type-Options', 'nosniff'],
  ]
  return (
    head(status, [
      ...standard.filter(([name]) => !given.has(name.toLowerCase())),
      ...headers,
      ['Content-Length', String(Buffer.byteLength(body))],
      ['Connection', 'close'],
    ]) + body
  )
}

/** Throws a `TypeError` for a header that would break out of its line. */
function head(status: number, headers: HeaderList): string {
  let text = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n`
  for (const [name, value] of headers) {
    if (/[\r\n\0]/.test(name + value)) throw new TypeError(`Header ${JSON.stringify(name)} contains a line break`)
    text += `${name}: ${value}\r\n`
  }
  return `${text}\r\n`
}

function badRequest(reason: string): UpgradeCheck {
  return { ok: false, status: 400, reason }
}

export function first(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === 'object' ? value[0] : value
}

/** Whether a comma-separated header has `token` (given in lower case) among its values. */
export function hasToken(value: string | readonly string[] | undefined, token: string): boolean {
  return [value ?? []].flat().some((line) => line.split(',').some((part) => part.trim().toLowerCase() === token))
}
