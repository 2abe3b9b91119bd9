import type { NatsErrorCode } from '#wire/nats'
import { WebSocketError } from '#wire/websocket'
import type { CloseReason } from './close-reason.ts'

export interface ProtocolErrorAnswer {
  /** Text of the `-ERR`, compared by client libraries, so never reworded; without one nothing is said. */
  readonly text?: string
  readonly reason: CloseReason
}

/** How each error of the parser ends a client connection, as nats-server ends it. (`spec/nats.md` §2.4) */
export const PROTOCOL_ERRORS: Record<NatsErrorCode, ProtocolErrorAnswer> = {
  PARSE: { text: 'Unknown Protocol Operation', reason: 'Protocol Violation' },
  ARGUMENTS: { reason: 'Protocol Violation' },
  HEADERS: { reason: 'Protocol Violation' },
  MAX_CONTROL_LINE: { text: 'maximum control line exceeded', reason: 'Maximum Control Line Exceeded' },
  MAX_PAYLOAD: { text: 'Maximum Payload Violation', reason: 'Maximum Message Payload Exceeded' },
}

/**
 * How an end that the transport saw is called, and what is said before it: a WebSocket message that is too long once it
 * is inflated is a payload that is too long. Close frames are the carrier's business.
 */
export function transportErrorAnswer(error: Error | undefined): ProtocolErrorAnswer {
  if (error === undefined) return { reason: 'Client Closed' }
  if (error instanceof WebSocketError && error.code === 'TOO_BIG') return PROTOCOL_ERRORS.MAX_PAYLOAD
  return { reason: 'Read Error' }
}
