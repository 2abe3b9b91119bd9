import { SignalrError } from './errors.ts'
import type { HubProtocol } from './protocol.ts'
import { encodeRecord, parseRecord, RECORD_SEPARATOR } from './records.ts'

/** Longest handshake; bytes. Real ones have fewer than a hundred. */
const MAX_HANDSHAKE_BYTES = 4_096

/** The whitespace is JSON's. */
const BEGINNING_OF_OBJECT = /^[ \t\r\n]*(?:\{|$)/

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

/**
 * Undefined when the bytes begin a handshake request that is not complete: they are to be put in front of what comes
 * next. Throws a `SignalrError` when they do not begin one, or only one that is longer than it may be.
 */
export function parseHandshakeRequest(data: Buffer): Handshake<HandshakeRequest> | undefined {
  const split = splitRecord(data)
  if (split === undefined) return undefined
  const { handshake, rest } = split
  const { protocol, version } = handshake
  if (typeof protocol !== 'string') throw new SignalrError('HANDSHAKE', 'Handshake request without a protocol')
  if (!Number.isSafeInteger(version)) throw new SignalrError('HANDSHAKE', 'Handshake request without a version')
  return { handshake: { protocol, version: version as number }, rest }
}

/**
 * The newest version of either protocol, which adds Ack and Sequence for stateful reconnect. Older ones are spoken like
 * version 1: there was no other, but Python's `signalrcore` says 0, which ASP.NET lets pass.
 */
const NEWEST_VERSION = 2

export interface TransportAbilities {
  /** Whether it carries bytes that are no text. Default true, as WebSockets and long polling do. */
  readonly carriesBinary?: boolean
}

/** What a handshake came to: the protocol both will speak, or the text to refuse it with. */
export function agreeOn<P extends HubProtocol>(
  { protocol: name, version }: HandshakeRequest,
  protocols: readonly P[],
  { carriesBinary = true }: TransportAbilities = {},
): P | string {
  const protocol = protocols.find((one) => one.name === name)
  if (protocol === undefined) return `The protocol '${name.slice(0, MAX_ECHOED_NAME)}' is not supported.`
  if (version > NEWEST_VERSION) return `The server does not support version ${version} of the '${name}' protocol.`
  if (carriesBinary || !protocol.isBinary) return protocol
  return `Cannot use the '${name}' protocol on the current transport. The transport does not support 'Binary' transfer format.`
}

/** The answer to a handshake: without an `error` it was accepted. */
export function encodeHandshakeReply(error?: string): Buffer {
  return encodeRecord(error === undefined ? {} : { error })
}

export function encodeHandshakeRequest(request: HandshakeRequest): Buffer {
  return encodeRecord({ protocol: request.protocol, version: request.version })
}

/**
 * The client's side: `handshake.error` is the server's refusal. Throws a `SignalrError` when it is not a whole reply, as
 * clients do.
 */
export function parseHandshakeReply(data: Buffer): Handshake<{ readonly error: string | undefined }> {
  const split = splitRecord(data)
  if (split === undefined) throw new SignalrError('HANDSHAKE', 'Handshake reply is incomplete')
  const { error, type } = split.handshake
  if (type) throw new SignalrError('HANDSHAKE', 'Expected a handshake reply, got another message')
  return { handshake: { error: typeof error === 'string' ? error : undefined }, rest: split.rest }
}

function splitRecord(data: Buffer): Handshake<Record<string, unknown>> | undefined {
  const end = data.subarray(0, MAX_HANDSHAKE_BYTES + 1).indexOf(RECORD_SEPARATOR)
  if (end >= 0) return { handshake: parseRecord(data.subarray(0, end), 'HANDSHAKE'), rest: data.subarray(end + 1) }
  if (data.length > MAX_HANDSHAKE_BYTES) {
    throw new SignalrError('HANDSHAKE', `Handshake of more than ${MAX_HANDSHAKE_BYTES} bytes`)
  }
  // What does not begin like an object is refused at once: somebody may wait for the answer.
  if (data.length > 0 && !BEGINNING_OF_OBJECT.test(data.toString('latin1'))) {
    throw new SignalrError('HANDSHAKE', 'Handshake is no JSON object')
  }
  return undefined
}
