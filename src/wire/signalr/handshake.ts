import { SignalrError } from './errors.ts'
import type { HubProtocol } from './protocol.ts'

/** Ends the handshake's JSON text, in both directions. */
const RECORD_SEPARATOR = 0x1e

/** Longest protocol name repeated in an error text; characters. */
const MAX_ECHOED_NAME = 64

export interface HandshakeRequest {
  readonly protocol: string
  readonly version: number
}

/** What stands behind the separator already belongs to the protocol that was agreed on. */
interface Handshake<T> {
  readonly handshake: T
  readonly rest: Buffer
}

/** Error texts are those of ASP.NET: the client libraries show them to the user. spec: hub §1.3 */
export const HANDSHAKE_TIMED_OUT = 'Handshake was canceled.'
export const HANDSHAKE_FAILED = 'An unexpected error occurred during connection handshake.'

/** Throws a `SignalrError` when the bytes do not begin with a handshake request. */
export function parseHandshakeRequest(data: Buffer): Handshake<HandshakeRequest> {
  const { handshake, rest } = splitRecord(data)
  const { protocol, version } = handshake
  if (typeof protocol !== 'string') throw new SignalrError('HANDSHAKE', 'Handshake request without a protocol')
  if (!Number.isSafeInteger(version)) throw new SignalrError('HANDSHAKE', 'Handshake request without a version')
  return { handshake: { protocol, version: version as number }, rest }
}

/** Versions of either protocol. 2 adds Ack and Sequence for stateful reconnect. */
const VERSIONS: readonly number[] = [1, 2]

/** What a handshake came to: the protocol both will speak, or the text to refuse it with. */
export function agreeOn<P extends HubProtocol>(
  { protocol: name, version }: HandshakeRequest,
  protocols: readonly P[],
): P | string {
  const protocol = protocols.find((one) => one.name === name)
  if (protocol === undefined) return `The protocol '${name.slice(0, MAX_ECHOED_NAME)}' is not supported.`
  if (VERSIONS.includes(version)) return protocol
  return `The server does not support version ${version} of the '${name}' protocol.`
}

/** The answer to a handshake: without an `error` it was accepted. */
export function encodeHandshakeReply(error?: string): Buffer {
  return encodeRecord(error === undefined ? {} : { error })
}

export function encodeHandshakeRequest(request: HandshakeRequest): Buffer {
  return encodeRecord({ protocol: request.protocol, version: request.version })
}

/** The client's side: `handshake.error` is the server's refusal. Throws a `SignalrError` when it is not a reply. */
export function parseHandshakeReply(data: Buffer): Handshake<{ readonly error: string | undefined }> {
  const { handshake, rest } = splitRecord(data)
  const { error, type } = handshake
  if (type) throw new SignalrError('HANDSHAKE', 'Expected a handshake reply, got another message')
  return { handshake: { error: typeof error === 'string' ? error : undefined }, rest }
}

function encodeRecord(value: object): Buffer {
  return Buffer.from(JSON.stringify(value) + String.fromCharCode(RECORD_SEPARATOR))
}

function splitRecord(data: Buffer): Handshake<Record<string, unknown>> {
  const end = data.indexOf(RECORD_SEPARATOR)
  if (end < 0) throw new SignalrError('HANDSHAKE', 'Handshake is incomplete')
  let value: unknown
  try {
    value = JSON.parse(data.toString('utf8', 0, end))
  } catch (cause) {
    throw new SignalrError('HANDSHAKE', 'Handshake is not JSON', { cause })
  }
  if (typeof value !== 'object' || value === null) throw new SignalrError('HANDSHAKE', 'Handshake is not an object')
  return { handshake: value as Record<string, unknown>, rest: data.subarray(end + 1) }
}
