import {
  acceptKey,
  DEFLATE_ACCEPTED,
  first,
  type HeaderList,
  hasToken,
  NO_MASKING,
  type RequestHeaders,
} from './handshake.ts'

/** What a client asks a server for, beyond RFC 6455. */
export interface AskedFor {
  /** Sixteen random bytes in base64. */
  readonly key: string
  readonly compression: boolean
  readonly noMasking: boolean
}

/** The headers of a client's upgrade request, in the order of nats-server, which sends no others. (spec: nats §5.7) */
export function upgradeHeaders(host: string, { key, compression, noMasking }: AskedFor): HeaderList {
  return [
    ['Host', host],
    ['Upgrade', 'websocket'],
    ['Connection', 'Upgrade'],
    ['Sec-WebSocket-Key', key],
    ['Sec-WebSocket-Version', '13'],
    // What is offered is what has to be accepted, word for word.
    ...(compression ? [DEFLATE_ACCEPTED] : []),
    ...(noMasking ? [NO_MASKING] : []),
  ]
}

export interface UpgradeAnswer {
  readonly status: number
  readonly headers: RequestHeaders
}

export type AnswerCheck =
  | { readonly ok: true; readonly isCompressed: boolean; readonly isMasked: boolean }
  | { readonly ok: false; readonly reason: string }

/**
 * RFC 6455 §4.1 about a server's answer, which is 101. An answer without an extension means that there is none; one that
 * was not asked for, or compression with contexts that are kept, is refused (§9.1, RFC 7692 §7.1).
 */
export function checkAnswer({ status, headers }: UpgradeAnswer, asked: AskedFor): AnswerCheck {
  if (status !== 101) return refused(`status ${status}`)
  if (!hasToken(headers.upgrade, 'websocket')) return refused("invalid value for header 'Upgrade'")
  if (!hasToken(headers.connection, 'upgrade')) return refused("invalid value for header 'Connection'")
  const accept = first(headers['sec-websocket-accept'])
  if (accept === undefined) return refused("'Sec-WebSocket-Accept' missing")
  if (accept !== acceptKey(asked.key)) return refused("invalid value for header 'Sec-WebSocket-Accept'")
  if (headers['sec-websocket-protocol'] !== undefined) return refused('a subprotocol that nobody asked for')

  const extensions = [headers['sec-websocket-extensions'] ?? []].flat().flatMap((line) => line.split(','))
  const [extension] = extensions
  if (extension !== undefined) {
    if (!asked.compression) return refused('an extension that nobody asked for')
    if (extensions.length > 1 || !acceptsDeflate(extension)) return refused('compression negotiation error')
  }
  const isMasked = !asked.noMasking || first(headers['nats-no-masking']) !== 'true'
  return { ok: true, isCompressed: extension !== undefined, isMasked }
}

/** Of the two windows only the server's may be another than the usual one: RFC 7692 §7.1.2. */
function acceptsDeflate(extension: string): boolean {
  const [name, ...parameters] = extension.split(';').map((part) => part.trim().toLowerCase())
  const isKnown = (parameter: string) => {
    return (
      NO_CONTEXTS.includes(parameter) || /^server_max_window_bits=(?:[89]|1[0-5]|"(?:[89]|1[0-5])")$/.test(parameter)
    )
  }
  const hasBoth = NO_CONTEXTS.every((parameter) => parameters.includes(parameter))
  return name === 'permessage-deflate' && hasBoth && parameters.every(isKnown)
}

const NO_CONTEXTS = ['server_no_context_takeover', 'client_no_context_takeover']

function refused(reason: string): AnswerCheck {
  return { ok: false, reason }
}
